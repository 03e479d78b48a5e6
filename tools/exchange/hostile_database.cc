// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/hostile_database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

constexpr int kMaxValue = 1 << 20;
constexpr std::size_t kMaxTables = 1000;

// The least that a row takes of a file: its place in the page, its length, its number, and the
// header of its values.
constexpr std::uint64_t kMinRowBytes = 6;
// A number of one byte has up to 20 digits.
constexpr std::uint64_t kMaxBytesAByte = 20;
constexpr std::uint64_t kSpareRows = 1000;
// Steps of SQLite's machine from one row to the next: far more than it takes without sorting.
constexpr int kStepsACall = 100'000;
constexpr int kMaxCalls = 100;

// Names are part of a URI.
std::string UriOf(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri + "?mode=ro&immutable=1";
}

absl::Status Wrong(sqlite3* database) {
  return absl::InvalidArgumentError(
      fmt::format("the database cannot be read: {}; it may be damaged or cut off",
                  database == nullptr ? "out of memory" : sqlite3_errmsg(database)));
}

// A statement reads tables and does nothing else, whatever the schema of the file says.
int Authorize(void*, int action, const char*, const char*, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

absl::Status TooMuch() {
  return absl::InvalidArgumentError(
      "the database gives more rows than a file of its size can hold, or not in their order: it is "
      "damaged or made to be");
}

// Until it is written into the file, what a program changed last lies beside it.
absl::Status NothingBeside(const std::string& path) {
  std::error_code error;
  // SQLite looks beside the file itself, not beside a link to it.
  const auto real = std::filesystem::canonical(path, error);
  const std::string base = error ? path : real.string();
  for (const char* suffix : {"-wal", "-journal"}) {
    const auto size = std::filesystem::file_size(base + suffix, error);
    if (error || size == 0) continue;
    return absl::FailedPreconditionError(fmt::format(
        "beside it lies {}, with changes that are not in it yet: close the program that has it "
        "open, "
        "or copy both and run: sqlite3 COPY \"PRAGMA journal_mode = DELETE\"; then import the copy",
        report::EscapeText(base + suffix)));
  }
  return absl::OkStatus();
}

}  // namespace

HostileDatabase::HostileDatabase(sqlite3* database, std::uint64_t file_bytes)
    : database_(database, &sqlite3_close), file_bytes_(file_bytes) {}

HostileDatabase::Rows::Rows(sqlite3_stmt* statement, std::uint64_t file_bytes, bool ascending)
    : statement_(statement, &sqlite3_finalize),
      rows_left_(file_bytes / kMinRowBytes + kSpareRows),
      bytes_left_(file_bytes * kMaxBytesAByte + kMaxValue),
      ascending_(ascending) {}

absl::StatusOr<HostileDatabase> HostileDatabase::Open(const std::string& path) {
  if (auto status = NothingBeside(path); !status.ok()) return status;
  std::error_code error;
  const std::uint64_t file_bytes = std::filesystem::file_size(path, error);
  if (error) return absl::InvalidArgumentError("the database cannot be read: " + error.message());
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(UriOf(path).c_str(), &raw,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  HostileDatabase database(raw, file_bytes);
  if (opened != SQLITE_OK) return Wrong(raw);
  constexpr std::array<std::pair<int, int>, 8> kSwitches = {
      {{SQLITE_DBCONFIG_DEFENSIVE, 1},
       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
       {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
       {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
       {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
       {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
       {SQLITE_DBCONFIG_DQS_DDL, 0},
       {SQLITE_DBCONFIG_DQS_DML, 0}}};
  for (const auto& [name, value] : kSwitches) {
    if (sqlite3_db_config(raw, name, value, nullptr) != SQLITE_OK) return Wrong(raw);
  }
  constexpr std::array<std::pair<int, int>, 6> kLimits = {{{SQLITE_LIMIT_LENGTH, kMaxValue},
                                                           {SQLITE_LIMIT_SQL_LENGTH, 1 << 16},
                                                           {SQLITE_LIMIT_COLUMN, 200},
                                                           {SQLITE_LIMIT_EXPR_DEPTH, 50},
                                                           {SQLITE_LIMIT_ATTACHED, 0},
                                                           {SQLITE_LIMIT_WORKER_THREADS, 0}}};
  for (const auto& [name, value] : kLimits) sqlite3_limit(raw, name, value);
  for (const char* pragma : {"PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
                             "PRAGMA cache_size = -16384", "PRAGMA temp_store = MEMORY"}) {
    if (sqlite3_exec(raw, pragma, nullptr, nullptr, nullptr) != SQLITE_OK) return Wrong(raw);
  }
  if (sqlite3_set_authorizer(raw, Authorize, nullptr) != SQLITE_OK) return Wrong(raw);
  return database;
}

absl::StatusOr<HostileDatabase::Rows> HostileDatabase::RowsOf(const std::string& table,
                                                              const std::string& columns) {
  const auto names = Columns(table);
  if (!names.ok()) return names.status();
  // Three names for the number of a row, each hidden by a column of that name. A table without row
  // numbers has none; its rows are counted only.
  const std::string from = " FROM " + QuotedName(table) + " NOT INDEXED";
  for (const char* number : {"rowid", "_rowid_", "oid"}) {
    if (std::find(names->begin(), names->end(), number) != names->end()) continue;
    auto rows =
        Query(absl::StrCat("SELECT ", columns, ", ", number, from, " ORDER BY ", number), true);
    if (rows.ok()) return rows;
  }
  return Query("SELECT " + columns + from);
}

absl::StatusOr<HostileDatabase::Rows> HostileDatabase::Query(const std::string& sql,
                                                             bool ascending) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return Wrong(database_.get());
  }
  return Rows(statement, file_bytes_, ascending);
}

absl::StatusOr<std::vector<std::string>> HostileDatabase::Tables() {
  auto rows = Query(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
      " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
  if (!rows.ok()) return rows.status();
  std::vector<std::string> names;
  while (true) {
    const auto row = rows->Next();
    if (!row.ok()) return row.status();
    if (!*row) return names;
    if (names.size() >= kMaxTables) return absl::InvalidArgumentError("more than 1,000 tables");
    names.emplace_back(rows->Bytes(0));
  }
}

absl::StatusOr<std::vector<std::string>> HostileDatabase::Columns(const std::string& table) {
  const auto tables = Tables();
  if (!tables.ok()) return tables.status();
  std::vector<std::string> columns;
  for (const std::string& name : *tables) {
    if (sqlite3_stricmp(name.c_str(), table.c_str()) != 0) continue;
    // Prepared only: the names stand in it, and no row is read.
    auto rows = Query("SELECT * FROM " + QuotedName(name));
    if (!rows.ok()) return rows.status();
    for (int i = 0; i < sqlite3_column_count(rows->statement_.get()); ++i) {
      std::string& column = columns.emplace_back(sqlite3_column_name(rows->statement_.get(), i));
      for (char& c : column) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    break;
  }
  return columns;
}

absl::StatusOr<bool> HostileDatabase::Rows::Next() {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  int calls = 0;
  sqlite3_progress_handler(
      database, kStepsACall,
      [](void* made) { return ++*static_cast<int*>(made) > kMaxCalls ? 1 : 0; }, &calls);
  const int stepped = sqlite3_step(statement_.get());
  sqlite3_progress_handler(database, 0, nullptr, nullptr);
  if (stepped == SQLITE_DONE) return false;
  if (stepped != SQLITE_ROW) return Wrong(database);
  if (rows_left_-- == 0 || bytes_left_ == 0) return TooMuch();
  if (!ascending_) return true;
  const std::int64_t number = Int(sqlite3_column_count(statement_.get()) - 1);
  if (last_ && number <= *last_) return TooMuch();
  last_ = number;
  return true;
}

std::string_view HostileDatabase::Rows::Bytes(int column) {
  if (bytes_left_ == 0) return {};
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  // After a number its text stands there.
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr || size <= 0) return {};
  bytes_left_ -= std::min(bytes_left_, static_cast<std::uint64_t>(size));
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::int64_t HostileDatabase::Rows::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool HostileDatabase::Rows::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string QuotedName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace kith::exchange
