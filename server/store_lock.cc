// SPDX-License-Identifier: Apache-2.0
#include "server/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/net/address.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;

constexpr char kLockName[] = "lock";
constexpr char kSocketName[] = "kith.sock";

absl::Status Failed(const std::string& what, int error) {
  const std::string message = absl::StrCat(what, ": ", std::strerror(error));
  switch (error) {
    case EROFS:
      return absl::FailedPreconditionError(absl::StrCat(
          message, "; a store is written to, also to look up: copy it to a disk that can be"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat(message, "; run as the user who owns the store"));
    case ENOENT:
      return absl::NotFoundError(message);
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

// Makes the folder and those above it, each for this user alone, whatever the umask is.
absl::Status MakePrivateFolders(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("store ", folder.string(), ": ", "there is a file that is no folder"));
  }
  if (errno != ENOENT) return Failed(absl::StrCat("store ", folder.string()), errno);
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    if (absl::Status above = MakePrivateFolders(folder.parent_path()); !above.ok()) return above;
  }
  if (::mkdir(folder.c_str(), 0700) != 0) {
    // Another process may have been quicker.
    if (errno == EEXIST) return absl::OkStatus();
    return Failed(absl::StrCat("make the store ", folder.string()), errno);
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return Failed(absl::StrCat("make the store ", folder.string()), errno);
  }
  return absl::OkStatus();
}

// A folder that a person has just made for a store is closed to others; one with content is left as
// it is, since it may be anything.
void CloseEmptyFolder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_empty(folder, error) || error) return;
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0 && status.st_uid == ::geteuid() &&
      (status.st_mode & 077) != 0) {
    ::chmod(folder.c_str(), 0700);
  }
}

absl::StatusOr<std::string> PrepareFolder(const std::string& store_dir, bool create) {
  if (store_dir.empty()) return absl::InvalidArgumentError("no store is named; give --store DIR");
  std::error_code error;
  fs::path folder = fs::absolute(store_dir, error).lexically_normal();
  if (error) return Failed(absl::StrCat("store ", store_dir), error.value());
  // "x/" names the same folder as "x".
  if (!folder.has_filename() && folder.has_parent_path()) folder = folder.parent_path();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 && errno == ENOENT && !create) {
    return absl::NotFoundError(absl::StrCat("there is no store at ", folder.string(),
                                            "; name another with --store DIR or KITH_STORE, or "
                                            "start one: kith set add NAME"));
  }
  if (absl::Status made = MakePrivateFolders(folder); !made.ok()) return made;
  if (create) CloseEmptyFolder(folder);
  const fs::path real = fs::canonical(folder, error);
  if (error) return Failed(absl::StrCat("store ", folder.string()), error.value());
  return real.string();
}

StoreHolder ReadHolder(int fd) {
  StoreHolder holder;
  std::array<char, 4096> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  if (size <= 0) return holder;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), static_cast<std::size_t>(size)), '\n')) {
    if (absl::ConsumePrefix(&line, "pid ")) {
      if (!absl::SimpleAtoi(line, &holder.pid)) holder.pid = 0;
    } else if (absl::ConsumePrefix(&line, "program ")) {
      holder.program = std::string(line);
    } else if (absl::ConsumePrefix(&line, "address ")) {
      holder.address = std::string(line);
    }
  }
  return holder;
}

// The same file still stands at the path: somebody may have removed it while we waited our turn.
bool IsStillThere(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

// A folder only this user enters, for a socket with a short path. /run/user/UID is the session's
// own where there is one.
absl::StatusOr<std::string> MakeShortFolder() {
  const std::string runtime = absl::StrCat("/run/user/", ::geteuid());
  struct stat status {};
  const bool has_runtime = ::stat(runtime.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                           status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  for (const std::string& base :
       {has_runtime ? runtime : std::string("/tmp"), std::string("/tmp")}) {
    std::string folder = absl::StrCat(base, "/kith-XXXXXX");
    if (::mkdtemp(folder.data()) != nullptr) return folder;
  }
  return Failed("make a folder for the store's socket in /tmp", errno);
}

// What MakeShortFolder made for a holder that was killed.
void RemoveLeftover(const StoreHolder& dead) {
  fs::path socket(std::string(absl::StripPrefix(dead.address, "unix:")));
  const fs::path folder = socket.parent_path();
  struct stat status {};
  if (socket.filename() != kSocketName || folder.filename().string().rfind("kith-", 0) != 0) return;
  if (::lstat(socket.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  if (status.st_uid != ::geteuid()) return;
  ::unlink(socket.c_str());
  ::rmdir(folder.c_str());
}

}  // namespace

absl::StatusOr<StoreLock::Attempt> StoreLock::TryAcquire(const std::string& store_dir, bool create,
                                                         const std::string& program) {
  absl::StatusOr<std::string> folder = PrepareFolder(store_dir, create);
  if (!folder.ok()) return folder.status();
  const std::string path = absl::StrCat(*folder, "/", kLockName);
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return Failed(absl::StrCat("lock the store, ", path), errno);
    std::unique_ptr<StoreLock> lock(new StoreLock(fd, *folder, program));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      Attempt attempt;
      attempt.holder = ReadHolder(fd);
      // The destructor must not touch what another holds.
      lock->fd_ = -1;
      ::close(fd);
      if (error != EWOULDBLOCK) return Failed(absl::StrCat("lock the store, ", path), error);
      return attempt;
    }
    if (!IsStillThere(fd, path)) continue;
    if (::fchmod(fd, 0600) != 0) return Failed(absl::StrCat("lock the store, ", path), errno);
    RemoveLeftover(ReadHolder(fd));
    if (absl::Status written = lock->Write(""); !written.ok()) return written;
    Attempt attempt;
    attempt.lock = std::move(lock);
    return attempt;
  }
}

StoreLock::StoreLock(int fd, std::string store_dir, std::string program)
    : fd_(fd), store_dir_(std::move(store_dir)), program_(std::move(program)) {}

StoreLock::~StoreLock() {
  if (!short_folder_.empty()) {
    ::unlink(absl::StrCat(short_folder_, "/", kSocketName).c_str());
    ::rmdir(short_folder_.c_str());
  }
  if (fd_ < 0) return;
  // An emptied file tells that the holder ended in order; closing gives up the lock.
  if (::ftruncate(fd_, 0) != 0) {
    // Then it names a holder that is gone, which the next one overwrites.
  }
  ::close(fd_);
}

absl::StatusOr<std::string> StoreLock::SocketPath() {
  std::string path = absl::StrCat(store_dir_, "/", kSocketName);
  if (path.size() <= kMaxUnixPathBytes) return path;
  if (short_folder_.empty()) {
    absl::StatusOr<std::string> folder = MakeShortFolder();
    if (!folder.ok()) return folder.status();
    short_folder_ = *std::move(folder);
  }
  return absl::StrCat(short_folder_, "/", kSocketName);
}

absl::Status StoreLock::Announce(const std::string& address) { return Write(address); }

absl::Status StoreLock::Write(const std::string& address) {
  std::string text = absl::StrCat("pid ", ::getpid(), "\nprogram ", program_, "\n");
  if (!address.empty()) absl::StrAppend(&text, "address ", address, "\n");
  if (::ftruncate(fd_, 0) != 0 ||
      ::pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return Failed(absl::StrCat("write the lock of store ", store_dir_), errno);
  }
  return absl::OkStatus();
}

}  // namespace kith::server
