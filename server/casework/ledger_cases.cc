// SPDX-License-Identifier: Apache-2.0
//
// What the ledger tells across cases: new files; holidays; and purged cases.
#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/series_counts.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"
#include "server/catalog/change.h"
#include "server/catalog/names.h"

namespace kith::casework {

using catalog::Statement;
using catalog::Transaction;

absl::Status Ledger::EachUnrecognized(const std::function<absl::Status(Unrecognized)>& take) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(UnrecognizedFiles());
  rows.Bind(v1::VERDICT_UNRECOGNIZED);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    Unrecognized file;
    file.file_id = rows.Id(0);
    file.sha256 = std::string(rows.Blob(1));
    file.case_name = std::string(rows.Text(2));
    KITH_RETURN_IF_ERROR(ParseCodes(rows, 3, file.codes));
    KITH_RETURN_IF_ERROR(take(std::move(file)));
  }
}

absl::StatusOr<std::string> Ledger::UnrecognizedState() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(
      "SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0), coalesce(sum(matched_at), 0),"
      " (SELECT coalesce(max(id), 0) FROM evidence_replaced)"
      " FROM evidence_file WHERE verdict = ?1 AND paths > 0");
  KITH_RETURN_IF_ERROR(row.Bind(v1::VERDICT_UNRECOGNIZED).Step().status());
  return absl::StrCat(row.Int(0), "/", row.Int(1), "/", row.Int(2), "/", row.Int(3), "/",
                      row.Int(4));
}

absl::StatusOr<std::string> Ledger::PathOf(std::uint64_t file_id) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(
      "SELECT path FROM evidence_path WHERE file = ?1 AND superseded_by IS NULL"
      " ORDER BY path LIMIT 1");
  KITH_ASSIGN(const bool found, row.Bind(file_id).Step());
  return found ? std::string(row.Blob(0)) : std::string();
}

absl::StatusOr<v1::PurgeCaseResponse> Ledger::Purge(Transaction& write, std::string_view case_name,
                                                    std::uint64_t change) {
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(write, case_name));
  if (case_id == 0) return NoSuchCase(case_name);
  KITH_RETURN_IF_ERROR(CheckNotPurged(write, case_id));
  v1::PurgeCaseResponse response;
  {
    Statement counts = write.Prepare("SELECT files, paths FROM case_record WHERE id = ?1");
    KITH_RETURN_IF_ERROR(counts.Bind(case_id).Step().status());
    response.set_files(counts.Id(0));
    response.set_paths(counts.Id(1));
    // What is deleted is overwritten, not only let go.
    KITH_RETURN_IF_ERROR(write.Execute("PRAGMA secure_delete = ON"));
  }
  constexpr std::string_view kFiles = "(SELECT id FROM evidence_file WHERE case_record = ?1)";
  KITH_RETURN_IF_ERROR(write.Execute(
      "INSERT INTO case_count (case_record, verdict, files, paths) SELECT ?1, verdict, count(*),"
      " sum(paths) FROM evidence_file WHERE case_record = ?1 AND paths > 0 GROUP BY verdict",
      case_id));
  KITH_ASSIGN(const auto kept, CountToKeep(write, *directory_, case_id));
  for (const auto& [series_id, files] : kept) {
    KITH_RETURN_IF_ERROR(
        write.Execute("UPDATE sighting SET files_when_purged = ?3"
                      " WHERE case_record = ?1 AND series = ?2",
                      case_id, series_id, files));
  }
  for (const char* table : {"match", "evidence_code", "past_verdict", "alert_file", "evidence_path",
                            "evidence_replaced"}) {
    KITH_RETURN_IF_ERROR(write.Execute(
        absl::StrCat("DELETE FROM ", table, " WHERE file IN ", std::string(kFiles)), case_id));
  }
  KITH_RETURN_IF_ERROR(write.Execute("DELETE FROM evidence_file WHERE case_record = ?1", case_id));
  KITH_RETURN_IF_ERROR(write.Execute(
      "DELETE FROM walk_error WHERE run IN (SELECT id FROM run WHERE case_record = ?1)", case_id));
  // The folder's name may tell of people as well.
  KITH_RETURN_IF_ERROR(write.Execute(
      "UPDATE root SET path = CAST('purged ' || id AS BLOB) WHERE case_record = ?1", case_id));
  KITH_RETURN_IF_ERROR(
      write.Execute("INSERT INTO case_purged (case_record, change, at) VALUES (?1, ?2, ?3)",
                    case_id, change, catalog::TimeNow()));
  // Who said something when, and how far the work had come, is left of what was said of the case.
  KITH_RETURN_IF_ERROR(write.Execute(
      "UPDATE case_version SET why = '', officer = '', reference = '', legal_basis = '',"
      " seized_on = '', due_on = '', priority = '' WHERE case_record = ?1",
      case_id));
  return response;
}

absl::Status Ledger::SetHolidays(Transaction& write, const std::set<std::string>& days) {
  KITH_RETURN_IF_ERROR(write.Execute("DELETE FROM holiday"));
  Statement add = write.Prepare("INSERT INTO holiday (day) VALUES (?1)");
  for (const std::string& day : days) KITH_RETURN_IF_ERROR(add.Bind(day).Run());
  return absl::OkStatus();
}

absl::StatusOr<std::set<std::string>> Ledger::Holidays() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare("SELECT day FROM holiday");
  std::set<std::string> days;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return days;
    days.emplace(rows.Text(0));
  }
}

absl::StatusOr<std::optional<v1::Change>> Ledger::HolidaysSetBy() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(
      "SELECT number, at, kind, subject, who, note FROM change WHERE kind = ?1"
      " ORDER BY number DESC LIMIT 1");
  KITH_ASSIGN(const bool found, row.Bind(catalog::ChangeKind::kHolidays).Step());
  if (!found) return std::nullopt;
  v1::Change change;
  catalog::ReadChange(row, change);
  return change;
}

}  // namespace kith::casework
