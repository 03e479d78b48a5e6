// SPDX-License-Identifier: Apache-2.0
#include "index/internal/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::index::internal {
namespace {

// Linux moves at most 2 GiB a call.
constexpr std::size_t kBytesAtOnce = std::size_t{1} << 30;

absl::Status Failed(const std::string& path, std::string_view what, int error) {
  const std::string text = absl::StrCat(path, ": cannot be ", std::string(what), ": ",
                                        std::error_code(error, std::generic_category()).message());
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return absl::ResourceExhaustedError(absl::StrCat(text, "; make room"));
  }
  return absl::UnavailableError(text);
}

}  // namespace

FolderFile::FolderFile(FolderFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

FolderFile::~FolderFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<FolderFile> FolderFile::OpenToRead(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return Failed(path, "opened", errno);
  return FolderFile(fd, path);
}

absl::StatusOr<FolderFile> FolderFile::Create(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path, "replaced", errno);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Failed(path, "made", errno);
  return FolderFile(fd, path);
}

absl::StatusOr<std::uint64_t> FolderFile::Size() const {
  struct stat status {};
  if (fstat(fd_, &status) != 0) return Failed(path_, "read", errno);
  if (!S_ISREG(status.st_mode)) return absl::DataLossError(absl::StrCat(path_, ": is no file"));
  return static_cast<std::uint64_t>(status.st_size);
}

absl::Status FolderFile::ReadAt(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        pread(fd_, bytes.data(), std::min(bytes.size(), kBytesAtOnce), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    // What the disk does not give is lost to whoever needs it: it is made again elsewhere.
    if (count < 0 && errno == EIO) {
      return absl::DataLossError(absl::StrCat(path_, ": the disk does not give all of it"));
    }
    if (count < 0) return Failed(path_, "read", errno);
    if (count == 0) return absl::DataLossError(absl::StrCat(path_, ": is cut off"));
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status FolderFile::Append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd_, bytes.data(), std::min(bytes.size(), kBytesAtOnce));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(path_, "written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status FolderFile::Flush() {
  return fsync(fd_) == 0 ? absl::OkStatus() : Failed(path_, "flushed to disk", errno);
}

absl::Status FlushFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed(path, "opened", errno);
  const bool flushed = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  return flushed ? absl::OkStatus() : Failed(path, "flushed to disk", error);
}

}  // namespace kith::index::internal
