// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one SQLite file, with one connection that writes and many that read, and errors as
// values.
//
// Thread-safety: Database may be used from any thread; a Transaction and its Statements belong to
// one thread at a time. Writers wait for each other; readers wait for nobody.
//
// Durability: journal mode WAL, synchronous FULL. What Commit() acknowledged survives a crash of
// the machine. Exactly one connection of the process writes and checkpoints, so that a commit never
// races a checkpoint (SQLite before 3.51.3 can corrupt the file there). After a failed fsync, of a
// commit or of a checkpoint, nothing is retried: writes are refused until the store is opened
// again, and reads go on.
//
// Errors of all functions: RESOURCE_EXHAUSTED when the disk is full (later writes may succeed),
// PERMISSION_DENIED or FAILED_PRECONDITION when the file may not be written or opened, DATA_LOSS
// for a damaged file, UNAVAILABLE when another program holds the file or the disk failed to answer,
// ALREADY_EXISTS for a broken UNIQUE, INTERNAL for a mistake in our SQL.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/catalog/schema.h"

struct sqlite3_stmt;

namespace kith::catalog {

class Connection;  // internal/connection.h

// Bytes to bind as a BLOB (a string_view is bound as TEXT).
struct BlobView {
  std::string_view bytes;
};

// A prepared statement on loan from its connection's cache. It must end before its transaction.
// A mistake in the SQL or a failed binding is told by the next Step.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Resets the statement and binds ?1, ?2, ... Integers and enums, std::string_view (TEXT),
  // BlobView, nullptr (NULL). Text and blobs are copied.
  template <typename... Values>
  Statement& Bind(const Values&... values) {
    Reset();
    int index = 0;
    (BindValue(++index, values), ...);
    return *this;
  }

  // True: a row stands ready. False: done.
  [[nodiscard]] absl::StatusOr<bool> Step();
  // Steps to the end and resets; rows are thrown away.
  [[nodiscard]] absl::Status Run();
  void Reset();

  // The columns of the row, from 0. Views end with the next Step, Reset or Bind.
  [[nodiscard]] std::int64_t Int(int column) const;
  [[nodiscard]] std::uint64_t Id(int column) const {
    return static_cast<std::uint64_t>(Int(column));
  }
  [[nodiscard]] std::string_view Text(int column) const;
  [[nodiscard]] std::string_view Blob(int column) const;
  [[nodiscard]] bool IsNull(int column) const;

 private:
  friend class Connection;
  Statement(Connection* connection, sqlite3_stmt* statement, bool cached, absl::Status status);

  template <typename Value>
  void BindValue(int index, const Value& value) {
    if constexpr (std::is_same_v<Value, std::nullptr_t>) {
      BindNull(index);
    } else if constexpr (std::is_same_v<Value, BlobView>) {
      BindBlob(index, value.bytes);
    } else if constexpr (std::is_integral_v<Value> || std::is_enum_v<Value>) {
      BindInt(index, static_cast<std::int64_t>(value));
    } else {
      BindText(index, std::string_view(value));
    }
  }
  void BindInt(int index, std::int64_t value);
  void BindText(int index, std::string_view value);
  void BindBlob(int index, std::string_view value);
  void BindNull(int index);

  Connection* connection_;
  sqlite3_stmt* statement_;
  bool cached_;
  absl::Status status_;
};

// A transaction: of the one writer (rolled back unless Commit succeeded) or of a reader (a snapshot
// of what was committed when it began). A writing transaction keeps other writers waiting until it
// is destroyed, also after Commit: what follows from a commit (an index, a cache) can be brought up
// to date in the order of the commits.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  [[nodiscard]] Statement Prepare(std::string_view sql);
  // Prepare, Bind and Run.
  template <typename... Values>
  [[nodiscard]] absl::Status Execute(std::string_view sql, const Values&... values) {
    return Prepare(sql).Bind(values...).Run();
  }
  // Of the last INSERT that succeeded.
  [[nodiscard]] std::uint64_t LastInsertId() const;
  // Rows changed by the last INSERT, UPDATE or DELETE.
  [[nodiscard]] std::int64_t Changes() const;

  // Makes a writing transaction durable. On an error nothing of it happened, as far as can be known
  // (after a failed fsync the next start tells). At most once.
  [[nodiscard]] absl::Status Commit();

 private:
  friend class Database;
  struct Lease;
  explicit Transaction(std::unique_ptr<Lease> lease);
  std::unique_ptr<Lease> lease_;
};

enum class Durability {
  kFull,     // survives a crash of the machine
  kScratch,  // survives nothing: for files that are deleted at the next start
  kMemory,   // no file at all: readers wait for the writer and see what it sees
};

struct DatabaseOptions {
  std::string path;  // for kMemory a name for messages
  // Make the file when there is none; else NOT_FOUND.
  bool create = true;
  Durability durability = Durability::kFull;
  // In any order; see Migration.
  std::span<const Migration> migrations;
  // Of kMemory: what would make it larger is RESOURCE_EXHAUSTED; 0: nothing is.
  std::uint64_t max_bytes = 0;
};

// "sqlite 3.40.1", for the record of what an answer depends on.
[[nodiscard]] std::string LibraryVersion();

class Database {
 public:
  // Opens or makes the file (mode 0600) and applies the migrations that it lacks, all or none. A
  // new file appears under its name only when it is complete. Errors: NOT_FOUND,
  // FAILED_PRECONDITION for a file of a newer schema or of another program, DATA_LOSS for a damaged
  // one.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Database>> Open(
      const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Waits until the other writers are done.
  [[nodiscard]] absl::StatusOr<Transaction> BeginWrite();
  [[nodiscard]] absl::StatusOr<Transaction> BeginRead();
  // Begins when no writer is at work, so that what follows from the commits is up to date with the
  // snapshot; `look` is called at that moment. Waits for the writer.
  [[nodiscard]] absl::StatusOr<Transaction> BeginReadAtRest(const std::function<void()>& look);

  // Writes the log back into the file and empties it, as far as no reader needs it: what was
  // deleted with secure_delete is then gone from both. Waits for the writer.
  [[nodiscard]] absl::Status EmptyLog();

  // The names of the copies that upgrades left beside the file, sorted.
  [[nodiscard]] std::vector<std::string> UpgradeCopies() const;
  // Removes them. Errors: those of the system, with its words.
  [[nodiscard]] absl::Status RemoveUpgradeCopies();

  // Copies what is committed into a new file (0600), consistent at one moment, and makes it
  // durable. `look` may read what is copied. Writers and readers go on meanwhile. Errors:
  // ALREADY_EXISTS.
  [[nodiscard]] absl::Status CopyTo(const std::string& path,
                                    const std::function<absl::Status(Transaction&)>& look);

  [[nodiscard]] const std::string& path() const;

 private:
  friend class Transaction;
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Database>> OpenInMemory(
      const DatabaseOptions& options);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::catalog
