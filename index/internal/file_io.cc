// SPDX-License-Identifier: Apache-2.0
#include "index/internal/file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace kith::index::internal {
namespace {

// Linux moves at most 2 GiB a call.
constexpr std::size_t kBytesAtOnce = std::size_t{1} << 30;

}  // namespace

absl::Status ErrnoStatus(const std::string& path, std::string_view what, int error) {
  const std::string text = absl::StrCat(path, ": ", std::string(what), ": ",
                                        std::error_code(error, std::generic_category()).message());
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == ENOMEM) return absl::ResourceExhaustedError(text);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return absl::ResourceExhaustedError(absl::StrCat(text, "; make room"));
  }
  return absl::UnavailableError(text);
}

absl::StatusOr<File> File::OpenToRead(std::string path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return ErrnoStatus(path, "cannot be opened", errno);
  return File(fd, std::move(path));
}

absl::StatusOr<File> File::Create(std::string path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus(path, "cannot be replaced", errno);
  }
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return ErrnoStatus(path, "cannot be made", errno);
  return File(fd, std::move(path));
}

absl::StatusOr<File> File::CreateUnnamed(std::string folder) {
  const int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(folder, "no temporary file can be made in it", errno);
  return File(fd, std::move(folder));
}

File::~File() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<struct stat> File::Look() const {
  struct stat found {};
  if (fstat(fd_, &found) != 0) return ErrnoStatus(path_, "cannot be looked at", errno);
  return found;
}

int File::TryRead(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        pread(fd_, bytes.data(), std::min(bytes.size(), kBytesAtOnce), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return kCutOff;
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

absl::Status File::ReadAt(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  const int error = TryRead(offset, bytes);
  if (error == 0) return absl::OkStatus();
  if (error == kCutOff) return absl::DataLossError(absl::StrCat(path_, ": is cut off"));
  // What the disk does not give is lost to whoever needs it: it is made again elsewhere.
  if (error == EIO) {
    return absl::DataLossError(absl::StrCat(path_, ": the disk does not give all of it"));
  }
  return ErrnoStatus(path_, "cannot be read", error);
}

absl::Status File::WriteAt(std::uint64_t offset, std::span<const std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        pwrite(fd_, bytes.data(), std::min(bytes.size(), kBytesAtOnce), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(path_, "cannot be written", errno);
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status File::Reserve(std::uint64_t bytes) const {
  const auto length = static_cast<off_t>(bytes);
  while (fallocate(fd_, 0, 0, length) != 0) {
    if (errno == EINTR) continue;
    // All else is an answer: a quota (EDQUOT) as well as a full disk.
    if (errno != EOPNOTSUPP && errno != ENOSYS) {
      return ErrnoStatus(path_, "room for it cannot be reserved", errno);
    }
    if (ftruncate(fd_, length) != 0) return ErrnoStatus(path_, "cannot be written", errno);
    break;
  }
  return absl::OkStatus();
}

absl::Status File::Flush() const {
  return fsync(fd_) == 0 ? absl::OkStatus()
                         : ErrnoStatus(path_, "cannot be flushed to disk", errno);
}

std::int64_t ChangedNs(const struct stat& file) {
  const auto nanoseconds = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return std::max(nanoseconds(file.st_mtim), nanoseconds(file.st_ctim));
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status PutInPlace(const std::string& temporary, const std::string& path) {
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(path, "cannot be put in place", errno);
  }
  return FlushFolder(FolderOf(path));
}

absl::Status FlushFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(path, "cannot be opened", errno);
  absl::Status status;
  if (fsync(fd) != 0) status = ErrnoStatus(path, "cannot be flushed to disk", errno);
  close(fd);
  return status;
}

}  // namespace kith::index::internal
