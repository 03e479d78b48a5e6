// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/scan/walk.h"

namespace kith::cli {

// Lines of a file or of standard input, in bounded memory. Not thread-safe.
class LineReader {
 public:
  // "-" is standard input. Longer lines are given cut off, which parsers refuse by their length.
  // Errors: those of exchange::OpenNamed.
  [[nodiscard]] static absl::StatusOr<LineReader> Open(const std::string& path,
                                                       std::size_t max_line_bytes);

  // The next line without its end, the first without a byte order mark. False after the last one.
  // Errors: DATA_LOSS when reading fails, INVALID_ARGUMENT where a line has no end within 16 MiB.
  [[nodiscard]] absl::StatusOr<bool> Next(std::string& line);
  // True when Next would not have to wait for whoever writes into a pipe.
  [[nodiscard]] bool Ready() const;
  // Number of the line that Next gave last, from 1.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  LineReader(scan::Descriptor owned, int fd, std::size_t max_line_bytes)
      : owned_(std::move(owned)), fd_(fd), max_line_bytes_(max_line_bytes) {}

  void Count(std::string& line);

  scan::Descriptor owned_;
  int fd_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;  // in buffer_: what was given already
  bool ended_ = false;
  std::size_t number_ = 0;
};

}  // namespace kith::cli
