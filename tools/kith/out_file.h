// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the file that an export writes, or standard output.
//
// Thread-safety: belongs to one thread. Memory: 1 MiB.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tools/report/draft.h"
#include "tools/scan/walk.h"

namespace kith::cli {

// A file that appears under its name when it is whole; only its owner may read it, for it holds
// hashes, and one that is not whole goes with the program. Bytes are gathered, so that a write is
// large. Errors: ALREADY_EXISTS, FAILED_PRECONDITION, RESOURCE_EXHAUSTED for standard output.
class OutFile {
 public:
  OutFile() = default;
  OutFile(const OutFile&) = delete;
  OutFile& operator=(const OutFile&) = delete;

  // Empty: standard output. `to_path`: another makes the file `draft()` by itself.
  [[nodiscard]] absl::Status Open(const std::string& path, bool to_path);
  [[nodiscard]] absl::Status Write(std::string_view bytes);
  [[nodiscard]] absl::Status Close();
  [[nodiscard]] const std::string& draft() const { return draft_.name(); }

 private:
  [[nodiscard]] absl::Status Flush();
  [[nodiscard]] absl::Status IsThere() const;
  [[nodiscard]] absl::Status Failed() const;

  std::string path_;
  report::Draft draft_;
  scan::Descriptor fd_;
  std::string buffer_;
};

}  // namespace kith::cli
