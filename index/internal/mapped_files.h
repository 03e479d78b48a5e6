// SPDX-License-Identifier: Apache-2.0
//
// Which file lies at which addresses, for a signal handler to look up, and the mark that it leaves.
//
// Thread-safety: all of it may be used from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace kith::index::internal {

// Tells that a file is mapped at these addresses, as long as it lives. Beyond 512 files, and for
// paths of 4 KiB, nothing is told: the handler then leaves no mark.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(const void* data, std::size_t bytes, const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }

 private:
  int slot_ = -1;
};

// Whether a process once ended at a page of this file. The mark goes with ForgetSuspect, when the
// file was read to its end since.
[[nodiscard]] bool IsSuspect(const std::string& path);
void ForgetSuspect(const std::string& path);
// The path of the mark.
[[nodiscard]] std::string SuspectMark(const std::string& path);

}  // namespace kith::index::internal
