// SPDX-License-Identifier: Apache-2.0
//
// Alerts in the ledger, and what they are found by.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "server/casework/deciding.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/quick_sql.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"
#include "server/catalog/change.h"
#include "server/catalog/names.h"

namespace kith::casework {
namespace {

using catalog::Statement;
using catalog::Transaction;

constexpr std::string_view kAlertColumns =
    "SELECT a.id, c.name, a.first_change, a.last_change, a.kind, a.subject, a.opened_at, a.files,"
    " coalesce(a.closed_at, ''), a.closed_by, a.why, p.case_record IS NOT NULL FROM alert a"
    " JOIN case_record c ON c.id = a.case_record"
    " LEFT JOIN case_purged p ON p.case_record = a.case_record ";

// A match on record tells the series that its entry counted as when the file was matched. That may
// be another one now: by merges, which hold or were taken back, or because the entry was moved.
constexpr std::string_view kOfKin =
    "WITH RECURSIVE kin (id) AS (VALUES (?1)"
    " UNION SELECT v.merged_into FROM kin CROSS JOIN series_version v ON v.series = kin.id"
    "  AND v.merged_into IS NOT NULL"
    " UNION SELECT v.series FROM kin CROSS JOIN series_version v ON v.merged_into = kin.id)"
    " SELECT m.file FROM kin CROSS JOIN match m ON m.series = kin.id"
    "  AND m.superseded_at IS NULL AND m.series IS NOT NULL"
    " UNION SELECT m.file FROM kin CROSS JOIN entry_moved w ON w.series = kin.id"
    "  CROSS JOIN match m ON m.entry = w.entry AND m.superseded_at IS NULL";

v1::Alert ReadAlert(const Statement& row) {
  v1::Alert alert;
  alert.set_alert_id(row.Id(0));
  alert.set_case_name(std::string(row.Text(1)));
  alert.set_first_change(row.Id(2));
  alert.set_last_change(row.Id(3));
  alert.set_what(std::string(catalog::NameOf(static_cast<catalog::ChangeKind>(row.Int(4)))));
  alert.set_subject(std::string(row.Text(5)));
  alert.set_opened_at(std::string(row.Text(6)));
  alert.set_files(row.Id(7));
  alert.set_closed_at(std::string(row.Text(8)));
  alert.set_closed_by(std::string(row.Text(9)));
  alert.set_why(std::string(row.Text(10)));
  alert.set_purged(row.Int(11) != 0);
  return alert;
}

std::string Word(std::uint64_t entry, std::uint64_t series, std::int64_t status, bool held_back,
                 std::int64_t opinion) {
  return absl::StrCat(entry, ":", series, ":", status, ":", held_back ? 1 : 0, ":", opinion);
}

absl::Status Collect(Statement& rows, std::vector<std::uint64_t>& ids) {
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    ids.push_back(rows.Id(0));
  }
}

}  // namespace

absl::Status Ledger::NewEvidence(std::uint64_t& after, std::uint64_t& replaced,
                                 const std::function<absl::Status(EvidenceFacts)>& take) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  std::uint64_t last = after;
  std::uint64_t last_replaced = replaced;
  Statement rows = read.Prepare(kNewEvidence);
  rows.Bind(after, replaced);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    EvidenceFacts facts;
    facts.file_id = rows.Id(0);
    KITH_RETURN_IF_ERROR(ParseCodes(rows, 4, facts.fingerprint));
    v1::Digests& digests = *facts.fingerprint.mutable_digests();
    digests.set_md5(std::string(rows.Blob(1)));
    digests.set_sha1(std::string(rows.Blob(2)));
    digests.set_sha256(std::string(rows.Blob(3)));
    last = std::max(last, facts.file_id);
    last_replaced = rows.Id(5);
    KITH_RETURN_IF_ERROR(take(std::move(facts)));
  }
  after = last;
  replaced = last_replaced;
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Ledger::LastWatched() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare("SELECT max(seen) FROM watch");
  KITH_RETURN_IF_ERROR(row.Step().status());
  return row.Id(0);
}

absl::Status Ledger::Announce(std::uint64_t change) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_RETURN_IF_ERROR(write.Execute("UPDATE watch SET announced = max(announced, ?1)", change));
  return write.Commit();
}

absl::StatusOr<std::optional<std::uint64_t>> Ledger::LeastMatchedAt() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare("SELECT min(matched_at) FROM evidence_file WHERE paths > 0");
  KITH_RETURN_IF_ERROR(row.Step().status());
  if (row.IsNull(0)) return std::nullopt;
  return row.Id(0);
}

absl::StatusOr<std::vector<std::uint64_t>> Ledger::FilesMet(std::uint64_t change,
                                                            std::uint64_t series_id,
                                                            std::uint64_t set_id) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  std::vector<std::uint64_t> ids;
  if (change != 0) {
    for (const char* table : {"withdrawal", "entry_moved"}) {
      Statement rows =
          read.Prepare(absl::StrCat("SELECT DISTINCT m.file FROM ", table,
                                    " w CROSS JOIN match m ON m.entry = w.entry"
                                    " AND m.superseded_at IS NULL WHERE w.change = ?1"));
      rows.Bind(change);
      KITH_RETURN_IF_ERROR(Collect(rows, ids));
    }
  }
  if (series_id != 0) {
    Statement rows = read.Prepare(kOfKin);
    rows.Bind(series_id);
    KITH_RETURN_IF_ERROR(Collect(rows, ids));
  }
  if (set_id != 0) {
    Statement rows = read.Prepare(kFilesOfSet);
    rows.Bind(set_id);
    KITH_RETURN_IF_ERROR(Collect(rows, ids));
  }
  {
    static_assert(kMatchesKept == 1000, "the statement and its index name the number");
    Statement rows = read.Prepare(kFilesOfManyMatches);
    KITH_RETURN_IF_ERROR(Collect(rows, ids));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

absl::StatusOr<std::vector<Ledger::ToldFile>> Ledger::FilesTold() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  // Of a group with one max(), SQLite gives the row that has it.
  Statement rows = read.Prepare(
      "SELECT t.file, max(t.alert), t.now, t.rule FROM alert_file t JOIN alert a ON a.id = t.alert"
      " JOIN evidence_file f ON f.id = t.file WHERE f.paths > 0 AND a.last_change > f.matched_at"
      " GROUP BY t.file ORDER BY t.file");
  std::vector<ToldFile> told;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return told;
    told.push_back({.file_id = rows.Id(0),
                    .now = static_cast<v1::Verdict>(rows.Int(2)),
                    .rule = std::string(rows.Text(3))});
  }
}

absl::StatusOr<std::vector<std::string>> Ledger::MatchWords(std::uint64_t file_id) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(
      "SELECT entry, coalesce(series, 0), series_status, held_back, opinion FROM match"
      " WHERE file = ?1 AND superseded_at IS NULL AND purpose <> ?2");
  rows.Bind(file_id, v1::PURPOSE_BENIGN);
  std::vector<std::string> words;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    words.push_back(Word(rows.Id(0), rows.Id(1), rows.Int(2), rows.Int(3) != 0, rows.Int(4)));
  }
  std::sort(words.begin(), words.end());
  return words;
}

std::vector<std::string> Ledger::WordsOf(const v1::MatchResult& result) const {
  std::vector<std::string> words;
  for (const v1::Match* one : KeptOf(result, kMatchesKept)) {
    const v1::Match& match = *one;
    if (match.purpose() == v1::PURPOSE_BENIGN) continue;
    const auto series =
        match.series().empty() ? nullptr : directory_->series.ByName(match.series());
    words.push_back(Word(match.entry_id(), series ? series->series_id() : 0, match.series_status(),
                         match.held_back(), match.opinion() == v1::OPINION_KIND_CONFIRMED ? 1 : 0));
  }
  std::sort(words.begin(), words.end());
  return words;
}

absl::Status Ledger::AddAlerts(
    std::uint64_t watched,
    const std::vector<std::pair<AlertCause, std::vector<AlertedFile>>>& alerts) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  const std::string now = catalog::TimeNow();
  {
    Statement add = write.Prepare(
        "INSERT OR IGNORE INTO alert (case_record, first_change, last_change, kind, subject,"
        " opened_at, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    Statement add_file = write.Prepare(
        "INSERT INTO alert_file (alert, file, before, now, rule) VALUES (?1, ?2, ?3, ?4, ?5)");
    Statement is_there = write.Prepare("SELECT 1 FROM evidence_file WHERE id = ?1");
    for (const auto& [cause, files] : alerts) {
      std::map<std::uint64_t, std::vector<const AlertedFile*>> by_case;
      for (const AlertedFile& file : files) {
        // Its case may have been purged since it was looked at.
        KITH_ASSIGN(const bool found, is_there.Bind(file.file_id).Step());
        if (found) by_case[file.case_id].push_back(&file);
      }
      for (const auto& [case_id, of_case] : by_case) {
        KITH_RETURN_IF_ERROR(add.Bind(case_id, cause.first_change, cause.last_change, cause.kind,
                                      cause.subject, now, of_case.size())
                                 .Run());
        if (write.Changes() == 0) continue;
        const std::uint64_t alert_id = write.LastInsertId();
        for (const AlertedFile* file : of_case) {
          KITH_RETURN_IF_ERROR(
              add_file.Bind(alert_id, file->file_id, file->before, file->now, file->rule).Run());
        }
      }
    }
    KITH_RETURN_IF_ERROR(write.Execute("UPDATE watch SET seen = max(seen, ?1)", watched));
  }
  return write.Commit();
}

absl::StatusOr<std::vector<v1::Alert>> Ledger::ListAlerts(std::uint64_t after, std::size_t limit,
                                                          std::string_view case_name,
                                                          bool closed_too) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  std::uint64_t case_id = 0;
  if (!case_name.empty()) {
    KITH_ASSIGN(case_id, FindCase(read, case_name));
    if (case_id == 0) return NoSuchCase(case_name);
  }
  Statement rows = read.Prepare(absl::StrCat(
      std::string(kAlertColumns),
      "WHERE a.id > ?1 AND (?2 = 0 OR a.case_record = ?2) AND (?3 OR a.closed_at IS NULL)"
      " ORDER BY a.id LIMIT ?4"));
  rows.Bind(after, case_id, closed_too, limit);
  std::vector<v1::Alert> alerts;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return alerts;
    alerts.push_back(ReadAlert(rows));
  }
}

absl::StatusOr<v1::Alert> Ledger::GetAlert(std::uint64_t alert_id) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(absl::StrCat(std::string(kAlertColumns), "WHERE a.id = ?1"));
  KITH_ASSIGN(const bool found, row.Bind(alert_id).Step());
  if (!found) return absl::NotFoundError(absl::StrCat("no alert ", alert_id));
  return ReadAlert(row);
}

absl::StatusOr<std::vector<v1::AlertFile>> Ledger::AlertFiles(std::uint64_t alert_id,
                                                              std::uint64_t after,
                                                              std::size_t limit,
                                                              std::vector<std::uint64_t>& ids) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(
      "SELECT a.file, f.sha256, a.before, a.now, a.rule, (SELECT path FROM evidence_path"
      " WHERE file = a.file AND superseded_by IS NULL ORDER BY id LIMIT 1), f.verdict FROM "
      "alert_file a"
      " JOIN evidence_file f ON f.id = a.file WHERE a.alert = ?1 AND a.file > ?2"
      " ORDER BY a.file LIMIT ?3");
  rows.Bind(alert_id, after, limit);
  std::vector<v1::AlertFile> files;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return files;
    ids.push_back(rows.Id(0));
    v1::AlertFile& file = files.emplace_back();
    file.set_sha256(std::string(rows.Blob(1)));
    file.set_before(static_cast<v1::Verdict>(rows.Int(2)));
    file.set_now(static_cast<v1::Verdict>(rows.Int(3)));
    file.set_rule(std::string(rows.Text(4)));
    file.set_path(std::string(rows.Blob(5)));
    file.set_on_record(static_cast<v1::Verdict>(rows.Int(6)));
  }
}

absl::Status Ledger::CloseAlert(std::uint64_t alert_id, std::string_view who,
                                std::string_view why) {
  KITH_ASSIGN(const v1::Alert alert, GetAlert(alert_id));
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_RETURN_IF_ERROR(
      write.Execute("UPDATE alert SET closed_at = ?2, closed_by = ?3, why = ?4 WHERE id = ?1 AND "
                    "closed_at IS NULL",
                    alert_id, catalog::TimeNow(), who, why));
  if (write.Changes() == 0) {
    return absl::FailedPreconditionError(absl::StrCat("alert ", alert_id, " is closed already"));
  }
  return write.Commit();
}

}  // namespace kith::casework
