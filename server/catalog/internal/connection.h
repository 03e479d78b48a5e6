// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one connection to a SQLite file: its cache of statements and its errors as values.
//
// Thread-safety: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/catalog/database.h"

struct sqlite3;

namespace kith::catalog {

enum class Access { kRead, kWrite, kCreate };

class Connection {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path,
                                                                        Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Statement Prepare(std::string_view sql);
  // Several statements without parameters.
  [[nodiscard]] absl::Status ExecuteScript(std::string_view sql);
  // The single integer that `sql` gives.
  [[nodiscard]] absl::StatusOr<std::int64_t> QueryInt(std::string_view sql);

  // What the result code `code` of the call just made means.
  [[nodiscard]] absl::Status ToStatus(int code);
  [[nodiscard]] bool InTransaction() const;
  // From now on a commit brings a long log back into the file, as SQLite does by itself too; but
  // that forgets a flush which fails there, and this notes it.
  void NoteFailedCheckpoints();
  // A flush to the disk failed: what is on it is not known until the file is opened again.
  [[nodiscard]] bool flush_failed() const { return flush_failed_; }
  // The first error of a statement since ClearError, if it spoils a transaction.
  [[nodiscard]] const absl::Status& error() const { return error_; }
  void ClearError() { error_ = absl::OkStatus(); }
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  void GiveBack(sqlite3_stmt* statement, bool cached);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Cached {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    bool lent = false;
  };
  explicit Connection(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, Cached> cache_;  // ends before the handle
  absl::Status error_;
  bool flush_failed_ = false;
};

}  // namespace kith::catalog
