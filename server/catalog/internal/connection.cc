// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/connection.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::catalog {
namespace {

constexpr int kBusyTimeoutMs = 5'000;
constexpr int kLongLogPages = 1000;  // as SQLite's own
constexpr std::size_t kMaxCachedStatements = 200;

bool IsFlush(int code) {
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC || code == SQLITE_IOERR_CLOSE;
}

absl::Status DiskFull(const std::string& where) {
  return absl::ResourceExhaustedError(absl::StrCat(
      where, ": disk full; nothing of this request was kept. Free some space and try again"));
}

absl::Status OutOfMemory(const std::string& where) {
  return absl::ResourceExhaustedError(absl::StrCat(where, ": out of memory"));
}

// What SQLite says of a call that failed.
struct Failure {
  const std::string& path;
  int code;          // extended
  int system_error;  // errno; 0 where there is none
  std::string why;

  [[nodiscard]] std::string WithErrno() const {
    return system_error == 0 ? why : absl::StrCat(why, " (", std::strerror(system_error), ")");
  }
};

absl::Status StatusOfIo(const Failure& failure) {
  const int error = failure.system_error;
  if (!IsFlush(failure.code) && (error == ENOSPC || error == EDQUOT || error == EFBIG)) {
    return DiskFull(failure.path);
  }
  if (failure.code == SQLITE_IOERR_NOMEM) return OutOfMemory(failure.path);
  if (failure.code == SQLITE_IOERR_CORRUPTFS || failure.code == SQLITE_IOERR_DATA ||
      failure.code == SQLITE_IOERR_SHORT_READ) {
    return absl::DataLossError(absl::StrCat(failure.path, ": ", failure.WithErrno(),
                                            "; the disk gave back other data than it was given. "
                                            "Restore a backup"));
  }
  return absl::UnavailableError(absl::StrCat(
      failure.path, ": the disk failed: ", failure.WithErrno(), "; look at the disk first"));
}

absl::Status StatusOfOpening(const Failure& failure) {
  const std::string text = absl::StrCat(failure.path, ": cannot be opened: ", failure.WithErrno());
  switch (failure.system_error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case ENOENT:
      return absl::NotFoundError(absl::StrCat(failure.path, ": no such store"));
    case ENOSPC:
    case EDQUOT:
      return DiskFull(failure.path);
    default:
      return absl::FailedPreconditionError(text);
  }
}

absl::Status StatusOf(const Failure& failure) {
  const std::string& path = failure.path;
  switch (failure.code & 0xFF) {
    case SQLITE_FULL:
      return DiskFull(path);
    case SQLITE_IOERR:
      return StatusOfIo(failure);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          absl::StrCat(path, ": the store is damaged (", failure.why, "); restore a backup"));
    case SQLITE_READONLY:
      return absl::PermissionDeniedError(
          absl::StrCat(path, ": the store cannot be written (", failure.WithErrno(),
                       "); make the folder and its files writable for this user"));
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(absl::StrCat(path, ": ", failure.WithErrno()));
    case SQLITE_CANTOPEN:
      return StatusOfOpening(failure);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          absl::StrCat(path, ": another program holds the file; close it and try again"));
    case SQLITE_NOMEM:
      return OutOfMemory(path);
    case SQLITE_TOOBIG:
      return absl::InvalidArgumentError(absl::StrCat(path, ": a value is too large"));
    case SQLITE_CONSTRAINT:
      if (failure.code == SQLITE_CONSTRAINT_UNIQUE ||
          failure.code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return absl::AlreadyExistsError(failure.why);
      }
      return absl::InternalError(absl::StrCat(path, ": ", failure.why));
    default:
      return absl::InternalError(
          absl::StrCat(path, ": ", failure.why, " (SQLite ", failure.code, ")"));
  }
}

}  // namespace

void Connection::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path,
                                                             Access access) {
  std::unique_ptr<Connection> connection(new Connection(path));
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW |
                    (access == Access::kRead    ? SQLITE_OPEN_READONLY
                     : access == Access::kWrite ? SQLITE_OPEN_READWRITE
                                                : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  connection->handle_.reset(handle);
  if (code != SQLITE_OK) return connection->ToStatus(code);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // A store is data that others may have touched: no SQL in its schema may reach functions with
  // effects, and no writable_schema tricks.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (auto status = connection->ExecuteScript(
          "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
          "PRAGMA temp_store = MEMORY");
      !status.ok()) {
    return status;
  }
  return connection;
}

Connection::~Connection() = default;

Statement Connection::Prepare(std::string_view sql) {
  const std::string key(sql);
  const auto found = cache_.find(key);
  if (found != cache_.end() && !found->second.lent) {
    found->second.lent = true;
    return Statement(this, found->second.statement.get(), true, absl::OkStatus());
  }
  const bool keep = found == cache_.end() && cache_.size() < kMaxCachedStatements;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      keep ? SQLITE_PREPARE_PERSISTENT : 0, &statement, nullptr);
  if (code != SQLITE_OK) return Statement(this, nullptr, false, ToStatus(code));
  if (keep) {
    Cached& cached = cache_[key];
    cached.statement.reset(statement);
    cached.lent = true;
  }
  return Statement(this, statement, keep, absl::OkStatus());
}

void Connection::GiveBack(sqlite3_stmt* statement, bool cached) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (!cached) {
    sqlite3_finalize(statement);
    return;
  }
  const auto found = cache_.find(sqlite3_sql(statement));
  if (found != cache_.end()) found->second.lent = false;
}

absl::Status Connection::ExecuteScript(std::string_view sql) {
  const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ToStatus(code);
}

absl::StatusOr<std::int64_t> Connection::QueryInt(std::string_view sql) {
  Statement statement = Prepare(sql);
  const auto row = statement.Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::InternalError(absl::StrCat("no row from: ", std::string(sql)));
  return statement.Int(0);
}

bool Connection::InTransaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Connection::NoteFailedCheckpoints() {
  const auto committed = [](void* self, sqlite3* handle, const char* name, int pages) {
    if (pages < kLongLogPages) return SQLITE_OK;
    // What cannot be done now, because of a reader or a full disk, is done by a later commit.
    const int code =
        sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (IsFlush(code)) static_cast<Connection*>(self)->flush_failed_ = true;
    return SQLITE_OK;  // of the commit, which is durable
  };
  sqlite3_wal_hook(handle_.get(), committed, this);
}

absl::Status Connection::ToStatus(int code) {
  const int last_error = errno;
  if (handle_ == nullptr) return OutOfMemory(path_);
  const int extended = sqlite3_extended_errcode(handle_.get());
  if ((extended & 0xFF) == (code & 0xFF)) code = extended;
  // SQLite keeps the errno of a failed open, and forgets that of a failed write; nothing was called
  // since that would have changed it.
  int system_error = sqlite3_system_errno(handle_.get());
  if (system_error == 0 && (code & 0xFF) == SQLITE_IOERR) system_error = last_error;
  if (IsFlush(code)) flush_failed_ = true;
  absl::Status status = StatusOf({.path = path_,
                                  .code = code,
                                  .system_error = system_error,
                                  .why = sqlite3_errmsg(handle_.get())});
  // Whoever meets a constraint knows what to make of it: the transaction goes on.
  if ((code & 0xFF) != SQLITE_CONSTRAINT && error_.ok()) error_ = status;
  return status;
}

Statement::Statement(Connection* connection, sqlite3_stmt* statement, bool cached,
                     absl::Status status)
    : connection_(connection), statement_(statement), cached_(cached), status_(std::move(status)) {}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      cached_(other.cached_),
      status_(std::move(other.status_)) {}

Statement::~Statement() {
  if (statement_ != nullptr) connection_->GiveBack(statement_, cached_);
}

absl::StatusOr<bool> Statement::Step() {
  if (!status_.ok()) return status_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->ToStatus(code);
}

absl::Status Statement::Run() {
  while (true) {
    const auto row = Step();
    if (!row.ok() || !*row) {
      Reset();
      return row.status();
    }
  }
}

void Statement::Reset() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

void Statement::BindInt(int index, std::int64_t value) {
  if (status_.ok()) {
    const int code = sqlite3_bind_int64(statement_, index, value);
    if (code != SQLITE_OK) status_ = connection_->ToStatus(code);
  }
}

void Statement::BindText(int index, std::string_view value) {
  if (status_.ok()) {
    // An empty view may have no address, which SQLite would take for NULL.
    const int code = sqlite3_bind_text64(statement_, index, value.empty() ? "" : value.data(),
                                         value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) status_ = connection_->ToStatus(code);
  }
}

void Statement::BindBlob(int index, std::string_view value) {
  if (status_.ok()) {
    const int code = sqlite3_bind_blob64(statement_, index, value.empty() ? "" : value.data(),
                                         value.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) status_ = connection_->ToStatus(code);
  }
}

void Statement::BindNull(int index) {
  if (status_.ok()) {
    const int code = sqlite3_bind_null(statement_, index);
    if (code != SQLITE_OK) status_ = connection_->ToStatus(code);
  }
}

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::Text(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::Blob(int column) const {
  const void* blob = sqlite3_column_blob(statement_, column);
  if (blob == nullptr) return {};
  return {static_cast<const char*>(blob),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace kith::catalog
