// SPDX-License-Identifier: Apache-2.0
//
// The files of this room: opened, read, written and named here and nowhere else, with errors as
// values that name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::index::internal {

// "PATH: WHAT: No such file or directory", by the number of the error: NotFound; ResourceExhausted
// for a lack of room or of memory, which tells nothing of the file; else Unavailable.
[[nodiscard]] absl::Status ErrnoStatus(const std::string& path, std::string_view what, int error);

// A file, closed with its owner. Errors: those of ErrnoStatus.
class File {
 public:
  File() = default;
  // A link is not followed.
  [[nodiscard]] static absl::StatusOr<File> OpenToRead(std::string path);
  // A new, empty file of mode 0600, to be written and read; an older one of that name is gone.
  [[nodiscard]] static absl::StatusOr<File> Create(std::string path);
  // Likewise, but without a name: gone with its owner. Its path is that of the folder.
  [[nodiscard]] static absl::StatusOr<File> CreateUnnamed(std::string folder);
  ~File();
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    path_.swap(other.path_);
    return *this;
  }

  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] absl::StatusOr<struct stat> Look() const;
  // Reads all of `bytes`. The number of the error, 0 for none; kCutOff where the file ends before.
  static constexpr int kCutOff = -1;
  [[nodiscard]] int TryRead(std::uint64_t offset, std::span<std::uint8_t> bytes) const;
  // Likewise; DataLoss where the file ends before or the disk does not give it.
  [[nodiscard]] absl::Status ReadAt(std::uint64_t offset, std::span<std::uint8_t> bytes) const;
  [[nodiscard]] absl::Status WriteAt(std::uint64_t offset,
                                     std::span<const std::uint8_t> bytes) const;
  // Makes the file so long, and tells at once, not hours later, if there is no room for it. Only
  // where the file system knows no reservation is that told by WriteAt.
  [[nodiscard]] absl::Status Reserve(std::uint64_t bytes) const;
  // Makes what was written durable.
  [[nodiscard]] absl::Status Flush() const;

 private:
  File(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_ = -1;
  std::string path_;
};

// Nanoseconds since 1970, the later of the times of change of content and of inode: who writes can
// put back the first alone. By it, inode and size a file is known again that was read before.
[[nodiscard]] std::int64_t ChangedNs(const struct stat& file);

[[nodiscard]] std::string FolderOf(const std::string& path);

// The name of a file until it is whole: then PutInPlace gives it its own. A killed writer leaves
// one.
[[nodiscard]] inline std::string TemporaryName(const std::string& path) { return path + ".tmp"; }
// Renames a file that was flushed, durably; what has the name is replaced in one step.
[[nodiscard]] absl::Status PutInPlace(const std::string& temporary, const std::string& path);
// Makes the names in a folder durable.
[[nodiscard]] absl::Status FlushFolder(const std::string& path);

}  // namespace kith::index::internal
