// SPDX-License-Identifier: Apache-2.0
//
// What the ledger tells across cases: new files, sightings to be told of; and purged cases.
#include <algorithm>
#include <array>
#include <map>

#include "absl/functional/function_ref.h"
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

namespace {

// The day from which it can be told of a sighting: its own or, where that is later, that of the
// identification. Of a series that nobody identified, the merge into one that is identified it.
class SinceWhen {
 public:
  explicit SinceWhen(const catalog::Directory* directory) : directory_(*directory) {}

  absl::Status ReadMerges(Transaction& read) {
    Statement rows = read.Prepare(
        "SELECT v.series, max(c.at) FROM series_version v JOIN change c ON c.number = v.change"
        " WHERE v.merged_into IS NOT NULL GROUP BY v.series");
    while (true) {
      KITH_ASSIGN(const bool more, rows.Step());
      if (!more) return absl::OkStatus();
      merged_on_.emplace(rows.Id(0), catalog::DayOf(rows.Text(1)));
    }
  }

  [[nodiscard]] std::string Of(std::uint64_t series_id, std::string_view first_seen_at) const {
    std::string day = catalog::DayOf(first_seen_at);
    const auto current = directory_.CurrentSeries(series_id);
    for (auto series = directory_.series.ById(series_id); series != nullptr;
         series = directory_.series.ByName(series->merged_into())) {
      const bool identified = series->status() == v1::SERIES_STATUS_IDENTIFIED;
      if (identified) day = std::max(day, series->identified_on());
      if (identified || series->merged_into().empty() || series == current) break;
      const auto merged = merged_on_.find(series->series_id());
      if (merged != merged_on_.end()) day = std::max(day, merged->second);
    }
    return day;
  }

 private:
  const catalog::Directory& directory_;
  std::map<std::uint64_t, std::string> merged_on_;  // by series: the day, of the last time
};

// Whether a sighting holds of which no match says so by its own series: since a refresh after a
// merge, the match tells the series that its entry counts as.
class HoldsAsAnother {
 public:
  HoldsAsAnother(Transaction& read, const catalog::Directory* directory)
      : directory_(*directory),
        met_(read.Prepare(
            "SELECT EXISTS (SELECT 1 FROM match m JOIN evidence_file f ON f.id = m.file"
            " JOIN entry e ON e.id = m.entry WHERE m.series = ?1 AND m.superseded_at IS NULL"
            " AND m.held_back = 0 AND m.purpose <> 2 AND f.case_record = ?2 AND f.paths > 0"
            " AND coalesce((SELECT w.series FROM entry_moved w WHERE w.entry = m.entry"
            "  ORDER BY w.change DESC LIMIT 1), e.series) = ?3)")) {}

  absl::StatusOr<bool> Of(std::uint64_t series_id, std::uint64_t case_id) {
    auto series = directory_.series.ById(series_id);
    for (int i = 0; i < catalog::kLongestChain && series && !series->merged_into().empty(); ++i) {
      series = directory_.series.ByName(series->merged_into());
      if (series == nullptr) break;
      KITH_RETURN_IF_ERROR(met_.Bind(series->series_id(), case_id, series_id).Step().status());
      if (met_.Int(0) != 0) return true;
    }
    return false;
  }

 private:
  const catalog::Directory& directory_;
  Statement met_;
};

// That they were told; `place` finds the sighting of a row that begins with series and case.
absl::Status ReadNotified(Transaction& read,
                          absl::FunctionRef<Ledger::SeenIn&(const Statement&)> place) {
  Statement told = read.Prepare(
      "SELECT n.series, c.name, n.at, n.who, n.why FROM notified n"
      " JOIN case_record c ON c.id = n.case_record ORDER BY n.at, n.series");
  while (true) {
    KITH_ASSIGN(const bool more, told.Step());
    if (!more) return absl::OkStatus();
    Ledger::SeenIn& one = place(told);
    if (!one.notified_at.empty()) continue;  // told twice, before the merge
    one.notified_at = std::string(told.Text(2));
    one.notified_by = std::string(told.Text(3));
    one.note = std::string(told.Text(4));
  }
}

// The files that show a series, by case; each case is counted once.
class FilesShowing {
 public:
  FilesShowing(Transaction& read, const catalog::Directory* directory)
      : read_(read), directory_(*directory) {}

  absl::Status Fill(std::uint64_t case_id, Ledger::SeenIn& seen) {
    const auto [counts, is_new] = counts_.try_emplace(case_id);
    if (is_new) {
      KITH_ASSIGN(counts->second, CountSeries(read_, directory_, case_id));
    }
    for (const SeriesCount& count : counts->second) {
      if (count.series_id != seen.series_id) continue;
      seen.files = count.files;
      seen.files_by_digest = count.files_by_digest;
      seen.files_confirmed = count.files_confirmed;
    }
    return absl::OkStatus();
  }

 private:
  Transaction& read_;
  const catalog::Directory& directory_;
  std::map<std::uint64_t, std::vector<SeriesCount>> counts_;  // by case
};

}  // namespace

absl::Status Ledger::EachUnrecognized(const std::function<absl::Status(Unrecognized)>& take) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(absl::StrCat(
      "SELECT f.id, f.sha256, r.name, c.codes FROM evidence_file f"
      " JOIN case_record r ON r.id = f.case_record LEFT JOIN evidence_code c ON c.file = f.id"
      " WHERE f.verdict = ?1 AND f.paths > 0 AND length(f.sha256) = 32"
      " AND NOT (f.total_matches > 0 AND ",
      std::string(kHoldsBenignDigest), ") ORDER BY f.sha256, r.name"));
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

absl::StatusOr<std::vector<Ledger::SeenIn>> Ledger::Sightings(
    const std::function<bool(const SeenIn&)>& wanted) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  // By series, as they count now, and case: a merge neither begins a sighting anew nor forgets that
  // they were told of it.
  struct Seen {
    SeenIn seen;
    std::uint64_t case_id = 0;
    bool holds = false;
  };
  std::map<std::pair<std::uint64_t, std::string>, Seen> all;
  SinceWhen since_when(directory_);
  KITH_RETURN_IF_ERROR(since_when.ReadMerges(read));
  CurrentSeries current(directory_);
  const auto place = [&](const Statement& row) -> Seen& {
    return all[{current.Of(row.Id(0)), std::string(row.Text(1))}];
  };
  Statement rows = read.Prepare(
      "SELECT s.series, c.name, s.first_seen_at,"
      " s.files_when_purged > 0 OR EXISTS (SELECT 1 FROM match m JOIN evidence_file f"
      " ON f.id = m.file WHERE m.series = s.series AND m.superseded_at IS NULL AND m.held_back = 0"
      " AND m.purpose <> 2 AND f.case_record = s.case_record AND f.paths > 0), s.case_record,"
      " EXISTS (SELECT 1 FROM case_purged p WHERE p.case_record = s.case_record)"
      " FROM sighting s JOIN case_record c ON c.id = s.case_record");
  HoldsAsAnother as_another(read, directory_);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    bool holds = rows.Int(3) != 0;
    // Of a purged case it cannot be told any more: then the earlier day is the safe one.
    const bool unsure = rows.Int(5) != 0;
    if (!holds && !unsure) {
      KITH_ASSIGN(holds, as_another.Of(rows.Id(0), rows.Id(4)));
    }
    // The day of what was rejected or withdrawn is no day of the other series.
    if (!holds && !unsure) continue;
    Seen& one = place(rows);
    std::string since = since_when.Of(rows.Id(0), rows.Text(2));
    if (one.seen.since.empty() || since < one.seen.since) one.seen.since = std::move(since);
    one.case_id = rows.Id(4);
    one.holds = one.holds || holds;
  }
  KITH_RETURN_IF_ERROR(
      ReadNotified(read, [&](const Statement& row) -> SeenIn& { return place(row).seen; }));
  std::vector<SeenIn> holding;
  FilesShowing files(read, directory_);
  for (auto& [key, one] : all) {
    // What was met and is a match no longer (rejected, withdrawn) is nothing to be told.
    if (!one.holds || key.first == 0) continue;
    one.seen.series_id = key.first;
    one.seen.case_name = key.second;
    if (!wanted(one.seen)) continue;
    KITH_RETURN_IF_ERROR(files.Fill(one.case_id, one.seen));
    holding.push_back(std::move(one.seen));
  }
  return holding;
}

absl::Status Ledger::MarkNotified(std::uint64_t series_id, std::string_view case_name,
                                  std::string_view who, std::string_view why) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(write, case_name));
  if (case_id == 0) return NoSuchCase(case_name);
  const absl::Status status = write.Execute(
      "INSERT INTO notified (series, case_record, at, who, why) VALUES (?1, ?2, ?3, ?4, ?5)",
      series_id, case_id, catalog::TimeNow(), who, why);
  if (absl::IsAlreadyExists(status)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "that they were told of case ", catalog::Quoted(case_name), " is recorded already"));
  }
  KITH_RETURN_IF_ERROR(status);
  return write.Commit();
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
