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
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/net/address.h"
#include "server/net/descriptor.h"
#include "server/store_lock_folder.h"
#include "server/store_names.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;

// Whether it is this user's own file, or own folder where there is no file, that may not be
// written.
bool IsOwn(const std::string& path, const std::string& folder) {
  struct stat status {};
  const bool known = ::lstat(path.c_str(), &status) == 0 || ::stat(folder.c_str(), &status) == 0;
  return known && status.st_uid == ::geteuid();
}

absl::Status LockFailed(const std::string& folder, int error) {
  const std::string path = absl::StrCat(folder, "/", kLockName);
  const std::string what = absl::StrCat("lock the store, ", path);
  if ((error != EACCES && error != EPERM) || !IsOwn(path, folder)) return FolderFailed(what, error);
  return absl::PermissionDeniedError(
      absl::StrCat(what, ": ", std::strerror(error),
                   "; a store is written to, also to look up: chmod -R u+rwX ", folder));
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

// A file that merely has the name of our lock may be anybody's: nothing is written into it. What a
// power cut leaves of a lock may be cut short, or zeros.
bool IsOfKith(int fd) {
  struct stat status {};
  std::array<char, 4096> text{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  if (size < 0) return false;
  const absl::string_view said(text.data(), static_cast<std::size_t>(size));
  constexpr absl::string_view kBegin = "pid ";
  if (said.substr(0, kBegin.size()) == kBegin.substr(0, said.size())) return true;
  return size == status.st_size && said.find_first_not_of('\0') == absl::string_view::npos;
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
  return FolderFailed("make a folder for the store's socket in /tmp", errno);
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

std::string HolderText(const StoreHolder& holder, const std::string& store_dir) {
  if (holder.pid == 0) {
    return absl::StrCat("a program that has not said who it is (fuser ", store_dir, "/", kLockName,
                        " tells)");
  }
  return absl::StrCat(holder.program.empty() ? "another process" : holder.program, " (pid ",
                      holder.pid, ")");
}

absl::StatusOr<StoreLock::Attempt> StoreLock::TryAcquire(const std::string& store_dir, bool create,
                                                         const std::string& program) {
  absl::StatusOr<std::string> folder = PrepareFolder(store_dir, create);
  if (!folder.ok()) return folder.status();
  const std::string path = absl::StrCat(*folder, "/", kLockName);
  for (;;) {
    const bool is_store = HoldsStore(*folder);
    if (!is_store && create) {
      if (absl::Status vacant = CheckVacant(*folder); !vacant.ok()) return vacant;
    }
    // Where no store is and none is to be made, the folder may be anything, evidence too: nothing
    // is made or changed there. But somebody may hold the lock of a store that he is just making.
    const bool may_write = is_store || create;
    constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    Descriptor file(::open(path.c_str(), kFlags | (may_write ? O_RDWR | O_CREAT : O_RDONLY), 0600));
    if (file.get() < 0 && !may_write && (errno == ENOENT || errno == ELOOP)) {
      return NoStore(*folder);
    }
    if (file.get() < 0) return LockFailed(*folder, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return LockFailed(*folder, errno);
      return Attempt{.lock = nullptr, .holder = ReadHolder(file.get())};
    }
    if (!IsStillThere(file.get(), path) || HoldsStore(*folder) != is_store) continue;
    if (!may_write) return NoStore(*folder);
    if (!IsOfKith(file.get())) {
      return absl::FailedPreconditionError(
          absl::StrCat(path,
                       ": this file is no lock of Kith, and is left as it is; a store needs "
                       "the name: move the file away, or name another --store"));
    }
    return Take(file.Release(), *std::move(folder), program, !is_store);
  }
}

absl::StatusOr<StoreLock::Attempt> StoreLock::Take(int fd, std::string folder,
                                                   const std::string& program, bool is_new) {
  Attempt attempt;
  attempt.lock.reset(new StoreLock(fd, std::move(folder), program));
  attempt.is_new = is_new;
  attempt.open_to_others = OpenToOthers(attempt.lock->store_dir());
  if (::fchmod(fd, 0600) != 0) return LockFailed(attempt.lock->store_dir(), errno);
  RemoveLeftover(ReadHolder(fd));
  if (absl::Status written = attempt.lock->Write(""); !written.ok()) return written;
  return attempt;
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
    return FolderFailed(absl::StrCat("write the lock of store ", store_dir_), errno);
  }
  return absl::OkStatus();
}

}  // namespace kith::server
