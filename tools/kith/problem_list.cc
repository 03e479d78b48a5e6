// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/problem_list.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/report/path_text.h"

namespace kith::cli {

ProblemList::~ProblemList() {
  if (file_ && empty_) ::unlink(path_.c_str());
}

absl::Status ProblemList::Open() {
  if (path_.empty() || file_) return absl::OkStatus();
  file_.reset(std::fopen(path_.c_str(), "wxe"));
  if (file_) return absl::OkStatus();
  const int error = errno;
  return absl::FailedPreconditionError("cannot write " + report::EscapeText(path_) + ": " +
                                       std::strerror(error) +
                                       "; name a file that is not there yet");
}

absl::Status ProblemList::Write(const std::string& line) {
  if (!file_) return absl::OkStatus();
  empty_ = false;
  return std::fprintf(file_.get(), "%s\n", line.c_str()) < 0 ? NotWritten() : absl::OkStatus();
}

absl::Status ProblemList::Flush() {
  if (!file_) return absl::OkStatus();
  return std::fflush(file_.get()) == 0 ? absl::OkStatus() : NotWritten();
}

absl::Status ProblemList::NotWritten() const {
  const int error = errno;
  return absl::ResourceExhaustedError(fmt::format("cannot write {}: {}; nothing was imported",
                                                  report::EscapeText(path_), std::strerror(error)));
}

}  // namespace kith::cli
