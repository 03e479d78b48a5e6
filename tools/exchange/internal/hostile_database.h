// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a SQLite file from outside, read as what it is: hostile. Read-only and immutable, no
// schema of its own is trusted, nothing can be attached, every value and statement has a limit, and
// a table gives no more rows, bytes and work than a file of its size can hold: pages may point to
// each other so that one of them is read again and again.
//
// Thread-safety: belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kith::exchange {

inline constexpr std::string_view kSqliteMagic{"SQLite format 3\0", 16};

class HostileDatabase {
 public:
  // Errors: INVALID_ARGUMENT for what is no database or is damaged, FAILED_PRECONDITION where rows
  // lie beside it, in a -wal or -journal that its program has not written into it.
  [[nodiscard]] static absl::StatusOr<HostileDatabase> Open(const std::string& path);

  // The columns of an ordinary table of that name, in lower case; none where there is no such
  // table. Views and virtual tables are none: a query of them would run what the file says.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Columns(const std::string& table);
  // The ordinary tables.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Tables();

  class Rows {
   public:
    // Errors: INVALID_ARGUMENT for a damaged file, also where it gives more than it can hold.
    [[nodiscard]] absl::StatusOr<bool> Next();
    // Text and blobs as bytes, numbers as digits; "" for NULL. Valid until Next.
    [[nodiscard]] std::string_view Bytes(int column);
    [[nodiscard]] std::int64_t Int(int column) const;
    [[nodiscard]] bool IsNull(int column) const;

   private:
    friend class HostileDatabase;
    Rows(sqlite3_stmt* statement, std::uint64_t file_bytes, bool ascending);
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
    std::uint64_t rows_left_;
    std::uint64_t bytes_left_;
    bool ascending_;  // the last column is the row's number, each above the one before
    std::optional<std::int64_t> last_;
  };
  // The rows of a table that Columns knows, in the order of their numbers, unsorted: nothing of it
  // is held. `columns`: expressions, separated by commas.
  [[nodiscard]] absl::StatusOr<Rows> RowsOf(const std::string& table, const std::string& columns);

 private:
  HostileDatabase(sqlite3* database, std::uint64_t file_bytes);
  [[nodiscard]] absl::StatusOr<Rows> Query(const std::string& sql, bool ascending = false);

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
  std::uint64_t file_bytes_;
};

// A name in double quotes, for a statement.
[[nodiscard]] std::string QuotedName(std::string_view name);

}  // namespace kith::exchange
