// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/out_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

// Gives a file a name that nobody has. Its errno: EEXIST where something stands there, also what
// came a moment ago. Not every file system knows how to rename so, and not every one knows links.
int MoveToNewName(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::link(from.c_str(), to.c_str()) == 0) return ::unlink(from.c_str()) == 0 ? 0 : errno;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  // FAT and the like: what stands there now is kept, and no more can be promised.
  if (::access(to.c_str(), F_OK) == 0) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

absl::Status OutFile::Open(const std::string& path, bool to_path) {
  path_ = path;
  if (path.empty()) return absl::OkStatus();
  if (::access(path.c_str(), F_OK) == 0) return IsThere();
  // A name that nobody has, in the same folder: what stands there is somebody else's.
  fd_ = scan::Descriptor(draft_.Open(path));
  if (fd_.get() < 0) return Failed();
  if (!to_path) return absl::OkStatus();
  // A database makes its file by itself.
  fd_ = scan::Descriptor();
  return ::unlink(draft().c_str()) == 0 ? absl::OkStatus() : Failed();
}

absl::Status OutFile::Write(std::string_view bytes) {
  if (path_.empty()) {
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()
               ? absl::OkStatus()
               : absl::ResourceExhaustedError("cannot write to standard output");
  }
  buffer_ += bytes;
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status OutFile::Close() {
  if (path_.empty()) return absl::OkStatus();
  // A database has made its file by itself.
  if (fd_.get() < 0) fd_ = scan::Descriptor(::open(draft().c_str(), O_RDONLY | O_CLOEXEC));
  if (fd_.get() < 0) return Failed();
  if (auto status = Flush(); !status.ok()) return status;
  if (::fsync(fd_.get()) != 0) return Failed();
  fd_ = scan::Descriptor();
  if (const int error = MoveToNewName(draft(), path_); error != 0) {
    errno = error;
    return error == EEXIST ? IsThere() : Failed();
  }
  draft_.Moved();
  return absl::OkStatus();
}

absl::Status OutFile::Flush() {
  for (std::size_t at = 0; at < buffer_.size();) {
    const ssize_t put = ::write(fd_.get(), buffer_.data() + at, buffer_.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failed();
    at += static_cast<std::size_t>(put);
  }
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status OutFile::IsThere() const {
  return absl::AlreadyExistsError(report::EscapeText(path_) + " is there already");
}

absl::Status OutFile::Failed() const {
  return absl::FailedPreconditionError("cannot write " + report::EscapeText(path_) + ": " +
                                       std::strerror(errno));
}

}  // namespace kith::cli
