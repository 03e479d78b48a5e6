// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/connection.h"
#include "server/catalog/internal/database_file.h"
#include "server/catalog/internal/upgrade.h"

namespace kith::catalog {
namespace {

constexpr std::size_t kMaxIdleReaders = 8;

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
    if (auto status = MakeDatabase(options); !status.ok()) return status;
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
