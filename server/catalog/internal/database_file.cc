// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/database_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/connection.h"

namespace kith::catalog {

absl::Status FromErrno(const std::string& path, const char* what) {
  const int error = errno;
  const std::string text = absl::StrCat(path, ": ", what, ": ", std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case ENOENT:
      return absl::NotFoundError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    default:
      return absl::UnavailableError(text);
  }
}

absl::Status Flush(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return FromErrno(path, "cannot be opened");
  const bool flushed = fsync(file) == 0;
  absl::Status status = flushed ? absl::OkStatus() : FromErrno(path, "cannot be flushed to disk");
  close(file);
  return status;
}

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

absl::Status MakeEmpty(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return FromErrno(path, "cannot be made");
  close(file);
  return absl::OkStatus();
}

void RemoveDatabase(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code ignored;  // what is not there need not be removed
    std::filesystem::remove(path + suffix, ignored);
  }
}

absl::Status CopyInto(Connection& source, const std::string& path) {
  auto target = Connection::Open(path, Access::kWrite);
  if (!target.ok()) return target.status();
  sqlite3_backup* backup =
      sqlite3_backup_init((*target)->handle(), "main", source.handle(), "main");
  if (backup == nullptr) return (*target)->ToStatus(SQLITE_ERROR);
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE) return (*target)->ToStatus(finish == SQLITE_OK ? step : finish);
  return finish == SQLITE_OK ? absl::OkStatus() : (*target)->ToStatus(finish);
}

}  // namespace kith::catalog
