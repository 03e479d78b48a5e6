// SPDX-License-Identifier: Apache-2.0
//
// Hash sets that are SQLite files: Autopsy's .kdb, NSRL's RDS version 3.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/hostile_database.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

bool Has(const std::vector<std::string>& columns, std::string_view name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

// The first of the names that is a column; "" where none is.
std::string FirstOf(const std::vector<std::string>& columns,
                    std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (Has(columns, name)) return name;
  }
  return "";
}

// A digest as bytes or as its digits. False: it is neither.
bool TakeCell(DigestKind kind, std::string_view cell, v1::Digests& digests) {
  constexpr std::array<std::size_t, 3> kBytes = {16, 20, 32};
  if (cell.empty()) return true;
  if (cell.size() != kBytes[static_cast<std::size_t>(kind)]) {
    return TakeDigest(kind, Trimmed(cell), digests);
  }
  if (kind == DigestKind::kMd5) digests.set_md5(std::string(cell));
  if (kind == DigestKind::kSha1) digests.set_sha1(std::string(cell));
  if (kind == DigestKind::kSha256) digests.set_sha256(std::string(cell));
  return true;
}

absl::StatusOr<HostileDatabase> OpenSource(const Source& source) {
  if (source.path().empty()) {
    return absl::InvalidArgumentError(
        "a database is read from its file, not from standard input: name the file");
  }
  return HostileDatabase::Open(source.path());
}

// The names of a .kdb, which lie in the order of their hashes: read beside them, in constant
// memory. One that lies elsewhere is not found.
class Names {
 public:
  explicit Names(HostileDatabase::Rows rows) : rows_(std::move(rows)) {}
  absl::StatusOr<std::string> Of(std::int64_t hash) {
    while (!ended_ && hash_ < hash) {
      const auto row = rows_.Next();
      if (!row.ok()) return row.status();
      ended_ = !*row;
      if (ended_) break;
      hash_ = rows_.Int(0);
      name_ = SourceRef(rows_.Bytes(1));
    }
    return !ended_ && hash_ == hash ? name_ : std::string();
  }

 private:
  HostileDatabase::Rows rows_;
  bool ended_ = false;
  std::int64_t hash_ = INT64_MIN;
  std::string name_;
};

// Hands over the rows of a table. Its columns: MD5, SHA-1, SHA-256, a name (with `names` the number
// of the hash) and, where it has one, a size.
absl::Status EmitRows(HostileDatabase& database, const std::string& table,
                      const std::string& columns, Names* names, Sink& sink) {
  auto rows = database.RowsOf(table, columns);
  if (!rows.ok()) return rows.status();
  for (std::uint64_t number = 1;; ++number) {
    const auto row = rows->Next();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    const Place place{Place::Unit::kRow, number};
    Entry entry;
    v1::Digests& digests = *entry.mutable_digests();
    absl::Status status;
    const bool says_empty = !rows->IsNull(4) && rows->Int(4) == 0;
    if (!says_empty && (!TakeCell(DigestKind::kMd5, rows->Bytes(0), digests) ||
                        !TakeCell(DigestKind::kSha1, rows->Bytes(1), digests) ||
                        !TakeCell(DigestKind::kSha256, rows->Bytes(2), digests))) {
      status = sink.Problem(place, "a digest that is none");
    } else if (says_empty || IsEmptyFile(digests)) {
      sink.Note(kEmptyFileNote);
    } else if (!CanMatch(entry)) {
      status = sink.Problem(place, "no digest");
    } else {
      if (names == nullptr) {
        entry.set_source_ref(SourceRef(rows->Bytes(3)));
      } else {
        auto name = names->Of(rows->Int(3));
        if (!name.ok()) return name.status();
        entry.set_source_ref(*std::move(name));
      }
      status = sink.Take(std::move(entry), place);
    }
    if (!status.ok()) return status;
  }
}

std::string ColumnOrNull(const std::string& name) {
  return name.empty() ? "NULL" : QuotedName(name);
}

}  // namespace

// Both begin alike: the tables tell them apart, by the names that stand in the schema's first page.
bool LooksLikeKdb(std::string_view head) {
  return head.starts_with(kSqliteMagic) && head.find("db_properties") != std::string_view::npos;
}

absl::Status ReadKdb(Source& source, const ReadOptions& /*options*/, Sink& sink) {
  auto database = OpenSource(source);
  if (!database.ok()) return database.status();
  const auto columns = database->Columns("hashes");
  if (!columns.ok()) return columns.status();
  if (!Has(*columns, "id") || !Has(*columns, "md5")) {
    return absl::InvalidArgumentError("no Autopsy hash database: it has no table hashes with md5");
  }
  const auto names = database->Columns("file_names");
  if (!names.ok()) return names.status();
  std::unique_ptr<Names> by_hash;
  if (Has(*names, "name") && Has(*names, "hash_id")) {
    auto rows = database->RowsOf("file_names", "hash_id, name");
    if (!rows.ok()) return rows.status();
    by_hash = std::make_unique<Names>(*std::move(rows));
  }
  return EmitRows(*database, "hashes",
                  "md5, " + ColumnOrNull(FirstOf(*columns, {"sha1"})) + ", " +
                      ColumnOrNull(FirstOf(*columns, {"sha2_256", "sha256"})) + ", " +
                      (by_hash ? "id" : "NULL") + ", NULL",
                  by_hash.get(), sink);
}

bool LooksLikeNsrl(std::string_view head) { return head.starts_with(kSqliteMagic); }

namespace {

// A table of NSRL's, by its name, in a set of known files; any other is no list of benign files.
absl::Status NotForKnown(const std::string& table) {
  if (EqualIgnoringCase(table, "METADATA") || EqualIgnoringCase(table, "FILE") ||
      EqualIgnoringCase(table, "FILES")) {
    return absl::FailedPreconditionError(
        "NSRL lists the files of common software: import it into a set of purpose benign "
        "(kith set add NAME --purpose benign)");
  }
  return absl::InvalidArgumentError(
      "a SQLite database that is neither Autopsy's .kdb nor NSRL's RDS: write its hashes into a "
      "list, one a line");
}

}  // namespace

absl::Status ReadNsrl(Source& source, const ReadOptions& options, Sink& sink) {
  auto database = OpenSource(source);
  if (!database.ok()) return database.status();
  auto tables = database->Tables();
  if (!tables.ok()) return tables.status();
  // The names of the versions first, then whatever has a digest.
  std::vector<std::string> candidates = {"METADATA", "FILE", "FILES"};
  candidates.insert(candidates.end(), tables->begin(), tables->end());
  for (const std::string& table : candidates) {
    const auto columns = database->Columns(table);
    if (!columns.ok()) return columns.status();
    const std::string md5 = FirstOf(*columns, {"md5"});
    const std::string sha1 = FirstOf(*columns, {"sha1", "sha-1"});
    const std::string sha256 = FirstOf(*columns, {"sha256", "sha-256"});
    if (md5.empty() && sha1.empty() && sha256.empty()) continue;
    if (options.purpose != v1::PURPOSE_BENIGN) return NotForKnown(table);
    const std::string size = FirstOf(*columns, {"bytes", "file_size", "size"});
    const std::string name = FirstOf(*columns, {"file_name", "filename", "name"});
    return EmitRows(*database, table,
                    fmt::format("{}, {}, {}, {}, {}", ColumnOrNull(md5), ColumnOrNull(sha1),
                                ColumnOrNull(sha256), ColumnOrNull(name), ColumnOrNull(size)),
                    nullptr, sink);
  }
  return absl::InvalidArgumentError("no table of the database has a column md5, sha1 or sha256");
}

}  // namespace kith::exchange
