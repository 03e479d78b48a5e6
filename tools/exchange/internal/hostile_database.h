// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a SQLite file from outside, read as what it is: hostile. Read-only and immutable, no
// schema of its own is trusted, nothing can be attached, every value and statement has a limit.
//
// Thread-safety: belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
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
  // Errors: INVALID_ARGUMENT for what is no database or is damaged.
  [[nodiscard]] static absl::StatusOr<HostileDatabase> Open(const std::string& path);

  // The columns of an ordinary table of that name, in lower case; none where there is no such
  // table. Views and virtual tables are none: a query of them would run what the file says.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Columns(const std::string& table);
  // The ordinary tables.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Tables();

  class Rows {
   public:
    [[nodiscard]] absl::StatusOr<bool> Next();
    // Text and blobs as bytes, numbers as digits; "" for NULL. Valid until Next.
    [[nodiscard]] std::string_view Bytes(int column) const;
    [[nodiscard]] std::int64_t Int(int column) const;
    [[nodiscard]] bool IsNull(int column) const;

   private:
    friend class HostileDatabase;
    explicit Rows(sqlite3_stmt* statement);
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
  };
  [[nodiscard]] absl::StatusOr<Rows> Query(const std::string& sql);

 private:
  explicit HostileDatabase(sqlite3* database);
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
};

// A name in double quotes, for a statement.
[[nodiscard]] std::string QuotedName(std::string_view name);

}  // namespace kith::exchange
