// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace kith::cli {

// The file of --problems: one line a bad record, for all files of a run. Not thread-safe.
class ProblemList {
 public:
  // Empty: there is none, and all that is written goes nowhere.
  explicit ProblemList(std::string path) : path_(std::move(path)) {}
  // One in which nothing was written is taken away again.
  ~ProblemList();
  ProblemList(const ProblemList&) = delete;
  ProblemList& operator=(const ProblemList&) = delete;

  // Makes the file, which must not be there yet; the second time nothing. Errors:
  // FAILED_PRECONDITION.
  [[nodiscard]] absl::Status Open();
  // Errors, also of Flush: RESOURCE_EXHAUSTED.
  [[nodiscard]] absl::Status Write(const std::string& line);
  // A list that ends early would be taken for all that was bad.
  [[nodiscard]] absl::Status Flush();
  [[nodiscard]] bool wanted() const { return !path_.empty(); }

 private:
  [[nodiscard]] absl::Status NotWritten() const;

  const std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, &std::fclose};
  bool empty_ = true;
};

}  // namespace kith::cli
