// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/connection.h"

namespace kith::catalog {
namespace {

constexpr std::size_t kMaxIdleReaders = 8;
constexpr char kCopySuffix[] = ".schema";  // and the number of the schema before the upgrade

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

// Makes the names in a folder, or the content of a file, durable.
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

// An empty file that only its owner can read; SQLite gives its companions the same mode.
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

std::vector<Migration> InOrder(std::span<const Migration> migrations) {
  std::vector<Migration> ordered(migrations.begin(), migrations.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Migration& a, const Migration& b) { return a.version < b.version; });
  return ordered;
}

absl::Status Migrate(Connection& connection, const DatabaseOptions& options) {
  const auto current = connection.QueryInt("PRAGMA user_version");
  if (!current.ok()) return current.status();
  const std::vector<Migration> steps = InOrder(options.migrations);
  const int newest = steps.empty() ? 0 : steps.back().version;
  if (*current > newest) {
    return absl::FailedPreconditionError(absl::StrCat(
        options.path, ": made by a newer version of kith (schema ", *current,
        ", this program knows ", newest, "): open it with that version or a later one"));
  }
  if (*current == newest) return absl::OkStatus();
  // A step that makes a table anew must drop the old one, to which others refer.
  std::string script = "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;";
  for (const Migration& step : steps) {
    if (step.version > *current) script.append(step.sql).append(";");
  }
  absl::StrAppend(&script, "PRAGMA application_id = ", kApplicationId,
                  "; PRAGMA user_version = ", newest, "; COMMIT; PRAGMA foreign_keys = ON;");
  return connection.ExecuteScript(script);
}

// The file gets its name only when it is complete, so that an empty file under that name is always
// a damaged store and never a new one.
absl::Status Make(const DatabaseOptions& options) {
  const std::string draft = options.path + ".new";
  RemoveDatabase(draft);
  if (auto status = MakeEmpty(draft); !status.ok()) return status;
  absl::Status status = [&] {
    auto connection = Connection::Open(draft, Access::kWrite);
    if (!connection.ok()) return connection.status();
    if (options.durability == Durability::kScratch) {
      auto quick = (*connection)->ExecuteScript("PRAGMA synchronous = OFF");
      if (!quick.ok()) return quick;
    }
    return Migrate(**connection, options);
  }();
  if (status.ok() && options.durability == Durability::kFull) status = Flush(draft);
  if (status.ok() && std::rename(draft.c_str(), options.path.c_str()) != 0) {
    status = FromErrno(options.path, "cannot be made");
  }
  if (status.ok() && options.durability == Durability::kFull) {
    status = Flush(FolderOf(options.path));
  }
  if (!status.ok()) RemoveDatabase(draft);
  return status;
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

// An upgrade leaves the store as it was beside it, as PATH.schemaN.
absl::Status CopyBeforeUpgrade(Connection& connection, const DatabaseOptions& options) {
  const auto current = connection.QueryInt("PRAGMA user_version");
  if (!current.ok()) return current.status();
  const std::vector<Migration> steps = InOrder(options.migrations);
  if (*current == 0 || steps.empty() || *current >= steps.back().version) return absl::OkStatus();
  const std::string copy = absl::StrCat(options.path, kCopySuffix, *current);
  const std::string draft = copy + ".new";
  RemoveDatabase(draft);
  absl::Status status = MakeEmpty(draft);
  if (status.ok()) status = CopyInto(connection, draft);
  if (status.ok()) status = Flush(draft);
  // An older copy is of an upgrade that failed: what the store holds now is the newer.
  if (status.ok() && std::rename(draft.c_str(), copy.c_str()) != 0) {
    status = FromErrno(copy, "cannot be made");
  }
  if (status.ok()) status = Flush(FolderOf(options.path));
  if (status.ok()) return status;
  RemoveDatabase(draft);
  return absl::Status(status.code(), absl::StrCat(options.path,
                                                  ": not upgraded, because no copy of it could be "
                                                  "made first: ",
                                                  status.message()));
}

absl::Status CheckOwn(Connection& connection, const std::string& path) {
  const auto id = connection.QueryInt("PRAGMA application_id");
  if (!id.ok()) return id.status();
  if (*id == kApplicationId) return absl::OkStatus();
  const auto tables = connection.QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) {
    return absl::DataLossError(absl::StrCat(path, ": the store is empty; restore a backup"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": is a database of another program, not a store of kith"));
}

}  // namespace

struct Database::Impl {
  DatabaseOptions options;
  std::mutex write_mutex;
  std::unique_ptr<Connection> writer;  // guarded by write_mutex
  bool write_failed = false;           // guarded by write_mutex
  std::mutex readers_mutex;
  std::vector<std::unique_ptr<Connection>> idle_readers;  // guarded by readers_mutex

  absl::StatusOr<std::unique_ptr<Connection>> TakeReader() {
    {
      const std::lock_guard lock(readers_mutex);
      if (!idle_readers.empty()) {
        auto reader = std::move(idle_readers.back());
        idle_readers.pop_back();
        return reader;
      }
    }
    auto reader = Connection::Open(options.path, Access::kRead);
    if (!reader.ok()) return reader;
    // A reader never checkpoints (see the header).
    if (auto status = (*reader)->ExecuteScript("PRAGMA wal_autocheckpoint = 0"); !status.ok()) {
      return status;
    }
    return reader;
  }

  void GiveReader(std::unique_ptr<Connection> reader) {
    const std::lock_guard lock(readers_mutex);
    if (idle_readers.size() < kMaxIdleReaders) idle_readers.push_back(std::move(reader));
  }
};

struct Transaction::Lease {
  Database::Impl* database = nullptr;
  std::unique_lock<std::mutex> write_lock;  // held by a writer, in memory by a reader too
  std::unique_ptr<Connection> reader;       // of a reader of a file
  bool committed = false;

  Connection& connection() const { return reader ? *reader : *database->writer; }
};

Transaction::Transaction(std::unique_ptr<Lease> lease) : lease_(std::move(lease)) {}
Transaction::Transaction(Transaction&& other) noexcept = default;

Transaction::~Transaction() {
  if (lease_ == nullptr) return;
  Connection& connection = lease_->connection();
  bool sound = true;
  if (connection.InTransaction()) {
    sound = connection.ExecuteScript(lease_->reader ? "COMMIT" : "ROLLBACK").ok();
  }
  if (lease_->reader) {
    // A reader that met an error is closed, lest the next one inherits its trouble.
    if (sound && connection.error().ok()) lease_->database->GiveReader(std::move(lease_->reader));
    return;
  }
  if (!sound || connection.flush_failed()) lease_->database->write_failed = true;
}

Statement Transaction::Prepare(std::string_view sql) { return lease_->connection().Prepare(sql); }

std::uint64_t Transaction::LastInsertId() const {
  return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(lease_->connection().handle()));
}

std::int64_t Transaction::Changes() const {
  return sqlite3_changes64(lease_->connection().handle());
}

absl::Status Transaction::Commit() {
  if (lease_->reader || lease_->committed) {
    return absl::InternalError("Commit belongs to a writing transaction, once");
  }
  Connection& connection = lease_->connection();
  // SQLite rolls back by itself after some errors; what comes later would be kept alone.
  if (!connection.error().ok()) return connection.error();
  if (!connection.InTransaction()) {
    return absl::InternalError(
        absl::StrCat(lease_->database->options.path, ": the transaction ended early"));
  }
  auto status = connection.ExecuteScript("COMMIT");
  lease_->committed = status.ok();
  return status;
}

absl::StatusOr<std::unique_ptr<Database>> Database::OpenInMemory(const DatabaseOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  auto writer = Connection::Open(":memory:", Access::kCreate);
  if (!writer.ok()) return writer.status();
  if (auto status = Migrate(**writer, options); !status.ok()) return status;
  if (options.max_bytes > 0) {
    const auto page_bytes = (*writer)->QueryInt("PRAGMA page_size");
    if (!page_bytes.ok()) return page_bytes.status();
    const auto pages =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(options.max_bytes) / *page_bytes);
    auto status = (*writer)->ExecuteScript(absl::StrCat("PRAGMA max_page_count = ", pages));
    if (!status.ok()) return status;
  }
  impl->writer = std::move(*writer);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  if (options.durability == Durability::kMemory) return OpenInMemory(options);
  struct stat info {};
  if (lstat(options.path.c_str(), &info) != 0) {
    if (errno != ENOENT) return FromErrno(options.path, "cannot be opened");
    if (!options.create) {
      return absl::NotFoundError(absl::StrCat(options.path, ": no such store"));
    }
    if (auto status = Make(options); !status.ok()) return status;
  } else if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(options.path, ": is no regular file"));
  } else if (info.st_size == 0) {
    return absl::DataLossError(
        absl::StrCat(options.path, ": the store is empty; restore a backup"));
  }
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  auto writer = Connection::Open(options.path, Access::kWrite);
  if (!writer.ok()) return writer.status();
  if (auto status = CheckOwn(**writer, options.path); !status.ok()) return status;
  // Not before it is known to be ours: this writes.
  const bool scratch = options.durability == Durability::kScratch;
  if (auto status = (*writer)->ExecuteScript(scratch ? "PRAGMA journal_mode = WAL;"
                                                       "PRAGMA synchronous = OFF"
                                                     : "PRAGMA journal_mode = WAL;"
                                                       "PRAGMA synchronous = FULL;"
                                                       "PRAGMA journal_size_limit = 67108864");
      !status.ok()) {
    return status;
  }
  if (!scratch) {
    if (auto status = CopyBeforeUpgrade(**writer, options); !status.ok()) return status;
  }
  if (auto status = Migrate(**writer, options); !status.ok()) return status;
  (*writer)->ClearError();
  if (!scratch) (*writer)->NoteFailedCheckpoints();
  impl->writer = std::move(*writer);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// The readers close first: the last to close a WAL database checkpoints it, and that is the writer.
Database::~Database() { impl_->idle_readers.clear(); }

absl::StatusOr<Transaction> Database::BeginWrite() {
  auto lease = std::make_unique<Transaction::Lease>();
  lease->database = impl_.get();
  lease->write_lock = std::unique_lock(impl_->write_mutex);
  if (impl_->write_failed || impl_->writer->flush_failed()) {
    return absl::UnavailableError(absl::StrCat(impl_->options.path,
                                               ": a flush to the disk failed, so nothing more is "
                                               "written; look at the disk, then restart"));
  }
  impl_->writer->ClearError();
  if (auto status = impl_->writer->ExecuteScript("BEGIN IMMEDIATE"); !status.ok()) return status;
  return Transaction(std::move(lease));
}

absl::StatusOr<Transaction> Database::BeginRead() {
  // A database in memory has one connection; what a "reader" writes is rolled back.
  if (impl_->options.durability == Durability::kMemory) return BeginWrite();
  auto reader = impl_->TakeReader();
  if (!reader.ok()) return reader.status();
  // A deferred BEGIN takes its snapshot with the first read: read something now.
  if (auto status = (*reader)->ExecuteScript("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1");
      !status.ok()) {
    return status;
  }
  auto lease = std::make_unique<Transaction::Lease>();
  lease->database = impl_.get();
  lease->reader = std::move(*reader);
  return Transaction(std::move(lease));
}

absl::StatusOr<Transaction> Database::BeginReadAtRest(const std::function<void()>& look) {
  const std::lock_guard lock(impl_->write_mutex);
  look();
  return BeginRead();
}

absl::Status Database::EmptyLog() {
  if (impl_->options.durability == Durability::kMemory) return absl::OkStatus();
  const std::lock_guard lock(impl_->write_mutex);
  // Waits for readers as long as for any lock (internal/connection.cc).
  const auto busy = impl_->writer->QueryInt("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!busy.ok()) return busy.status();
  if (*busy == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      impl_->options.path,
      ": what was deleted is still in its log, because a reader or a backup that began "
      "before is not done"));
}

std::vector<std::string> Database::UpgradeCopies() const {
  const std::string start = std::filesystem::path(path()).filename().string() + kCopySuffix;
  std::vector<std::string> names;
  std::error_code error;
  // By steps: a folder that cannot be read to its end must not throw.
  for (std::filesystem::directory_iterator at(FolderOf(path()), error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.rfind(start, 0) == 0) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Database::RemoveUpgradeCopies() {
  const std::vector<std::string> names = UpgradeCopies();
  const std::string folder = FolderOf(path());
  for (const std::string& name : names) {
    const std::string copy = absl::StrCat(folder, "/", name);
    if (unlink(copy.c_str()) != 0) return FromErrno(copy, "cannot be removed");
  }
  return names.empty() ? absl::OkStatus() : Flush(folder);
}

absl::Status Database::CopyTo(const std::string& path,
                              const std::function<absl::Status(Transaction&)>& look) {
  if (auto status = MakeEmpty(path); !status.ok()) return status;
  absl::Status status = [&]() -> absl::Status {
    auto source = BeginRead();
    if (!source.ok()) return source.status();
    if (auto looked = look(*source); !looked.ok()) return looked;
    return CopyInto(source->lease_->connection(), path);
  }();
  if (status.ok()) status = Flush(path);
  if (status.ok()) status = Flush(FolderOf(path));
  if (!status.ok()) RemoveDatabase(path);
  return status;
}

std::string LibraryVersion() { return absl::StrCat("sqlite ", sqlite3_libversion()); }

const std::string& Database::path() const { return impl_->options.path; }

}  // namespace kith::catalog
