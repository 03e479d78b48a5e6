// SPDX-License-Identifier: Apache-2.0
#include "server/store_lock_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/store_names.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;

// Makes the folder and those above it, each for this user alone, whatever the umask is.
absl::Status MakePrivateFolders(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("store ", folder.string(), ": ", "there is a file that is no folder"));
  }
  if (errno != ENOENT) return FolderFailed(absl::StrCat("store ", folder.string()), errno);
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    if (absl::Status above = MakePrivateFolders(folder.parent_path()); !above.ok()) return above;
  }
  if (::mkdir(folder.c_str(), 0700) != 0) {
    // Another process may have been quicker.
    if (errno == EEXIST) return absl::OkStatus();
    return FolderFailed(absl::StrCat("make the store ", folder.string()), errno);
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return FolderFailed(absl::StrCat("make the store ", folder.string()), errno);
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

}  // namespace

absl::Status FolderFailed(const std::string& what, int error) {
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
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

absl::StatusOr<std::string> PrepareFolder(const std::string& store_dir, bool create) {
  if (store_dir.empty()) return absl::InvalidArgumentError("no store is named; give --store DIR");
  std::error_code error;
  fs::path folder = fs::absolute(store_dir, error).lexically_normal();
  if (error) return FolderFailed(absl::StrCat("store ", store_dir), error.value());
  // "x/" names the same folder as "x".
  if (!folder.has_filename() && folder.has_parent_path()) folder = folder.parent_path();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 && errno == ENOENT && !create) {
    return NoStore(folder.string());
  }
  if (absl::Status made = MakePrivateFolders(folder); !made.ok()) return made;
  if (create) CloseEmptyFolder(folder);
  const fs::path real = fs::canonical(folder, error);
  if (error) return FolderFailed(absl::StrCat("store ", folder.string()), error.value());
  return real.string();
}

bool HoldsStore(const std::string& folder) {
  struct stat status {};
  return ::stat(absl::StrCat(folder, "/", kDatabaseName).c_str(), &status) == 0;
}

absl::Status CheckVacant(const std::string& folder) {
  // A disk of its own for the store has a lost+found.
  static constexpr std::array<std::string_view, 4> kOurs = {kLockName, kSocketName, kIndexDirName,
                                                            "lost+found"};
  std::error_code error;
  fs::directory_iterator file(folder, error);
  while (!error && file != fs::directory_iterator()) {
    const std::string name = file->path().filename().string();
    if (std::find(kOurs.begin(), kOurs.end(), name) == kOurs.end() &&
        !absl::StartsWith(name, kDatabaseName)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "there is no store at ", folder,
          ", and none is made among other files; name a folder that is empty or not there yet with "
          "--store DIR or KITH_STORE"));
    }
    file.increment(error);
  }
  if (error) return FolderFailed(absl::StrCat("read the folder ", folder), error.value());
  return absl::OkStatus();
}

absl::Status NoStore(const std::string& folder) {
  return absl::NotFoundError(absl::StrCat("there is no store at ", folder,
                                          "; name another with --store DIR or KITH_STORE, or "
                                          "start one: kith set add NAME"));
}

std::string OpenToOthers(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & 077) == 0) return "";
  std::array<char, 8> mode{};
  (void)std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 07777U);
  return absl::StrCat("the folder of store ", folder, " is open to other users (mode ", mode.data(),
                      "), and hashes are secret: chmod 700 ", folder);
}

}  // namespace kith::server
