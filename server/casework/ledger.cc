// SPDX-License-Identifier: Apache-2.0
//
// Cases and runs. What is written of files stands in ledger_record.cc.
#include "server/casework/ledger.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/series_counts.h"
#include "server/casework/internal/sql.h"
#include "server/catalog/names.h"

namespace kith::casework {
namespace {

using catalog::BlobView;
using catalog::Statement;
using catalog::Transaction;

constexpr int kPathsAMessage = 1000;
constexpr std::size_t kPathBytesAMessage = 1 << 20;

absl::StatusOr<v1::Case> ReadCase(Transaction& transaction, std::uint64_t case_id) {
  Statement read = transaction.Prepare(
      "SELECT c.name, c.opened_at, c.files, c.paths, coalesce(p.at, '')"
      " FROM case_record c LEFT JOIN case_purged p ON p.case_record = c.id"
      " WHERE c.id = ?1");
  KITH_ASSIGN(const bool found, read.Bind(case_id).Step());
  if (!found) return absl::DataLossError("a case of the ledger is gone; run `kith store verify`");
  v1::Case record;
  record.set_case_id(case_id);
  record.set_name(std::string(read.Text(0)));
  record.set_opened_at(std::string(read.Text(1)));
  record.set_files(read.Id(2));
  record.set_paths(read.Id(3));
  record.set_purged_at(std::string(read.Text(4)));
  KITH_ASSIGN(const bool complete, IsComplete(transaction, case_id));
  record.set_complete(complete);
  v1::CaseDetails details;
  KITH_ASSIGN(const bool said, ReadDetails(transaction, case_id, details));
  if (said) *record.mutable_details() = std::move(details);
  return record;
}

// What is left of a purged case.
absl::Status ReadCounts(Transaction& transaction, std::uint64_t case_id,
                        v1::GetCaseResponse& response) {
  Statement rows = transaction.Prepare(
      "SELECT verdict, files, paths FROM case_count WHERE case_record = ?1 ORDER BY verdict");
  rows.Bind(case_id);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    v1::VerdictCount* count = response.add_verdicts();
    count->set_verdict(static_cast<v1::Verdict>(rows.Int(0)));
    count->set_files(rows.Id(1));
    count->set_paths(rows.Id(2));
  }
}

// The next number of the sequence of a case that orders beginnings and ends of runs.
absl::StatusOr<std::uint64_t> NextEvent(Transaction& transaction, std::uint64_t case_id) {
  Statement next = transaction.Prepare(
      "SELECT 1 + max(coalesce(max(began), 0), coalesce(max(ended), 0)) FROM run"
      " WHERE case_record = ?1");
  KITH_RETURN_IF_ERROR(next.Bind(case_id).Step().status());
  return next.Id(0);
}

absl::StatusOr<std::uint64_t> FindOrAddRoot(Transaction& transaction, std::uint64_t case_id,
                                            std::string_view root) {
  Statement find = transaction.Prepare("SELECT id FROM root WHERE case_record = ?1 AND path = ?2");
  KITH_ASSIGN(const bool found, find.Bind(case_id, BlobView{root}).Step());
  if (found) return find.Id(0);
  KITH_RETURN_IF_ERROR(transaction.Execute("INSERT INTO root (case_record, path) VALUES (?1, ?2)",
                                           case_id, BlobView{root}));
  return transaction.LastInsertId();
}

}  // namespace

absl::StatusOr<CaseName> ParseCaseName(std::string_view name) {
  const std::size_t slash = name.find('/');
  CaseName parsed;
  absl::Status status = catalog::CheckName("case", name);
  if (status.ok()) {
    if (slash == std::string_view::npos) {
      status = absl::InvalidArgumentError("the \"/\" is missing");
    } else {
      parsed.agency = std::string(name.substr(0, slash));
      parsed.number = std::string(name.substr(slash + 1));
      status = catalog::CheckAgencyName(parsed.agency);
      if (status.ok()) status = catalog::CheckName("case number", parsed.number);
    }
  }
  if (status.ok()) return parsed;
  return absl::InvalidArgumentError(
      absl::StrCat("case ", catalog::Quoted(name), ": ", status.message(),
                   "; a case is named AGENCY/NUMBER, such as LKA-BW/2026-17"));
}

absl::StatusOr<Run> Ledger::StartRun(std::string_view case_name, std::uint64_t agency_id,
                                     std::string_view root,
                                     std::optional<std::uint32_t> radius_bits,
                                     std::span<const std::string> libraries) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  Run run;
  run.radius_bits = radius_bits;
  const std::string now = catalog::TimeNow();
  KITH_ASSIGN(run.case_id, FindCase(write, case_name));
  if (run.case_id == 0) {
    run.new_case = true;
    Statement add = write.Prepare(
        "INSERT INTO case_record (name, agency, opened_at) VALUES (?1, nullif(?2, 0), ?3)");
    KITH_RETURN_IF_ERROR(add.Bind(case_name, agency_id, now).Run());
    run.case_id = write.LastInsertId();
  } else {
    KITH_RETURN_IF_ERROR(CheckNotPurged(write, run.case_id));
    Statement count = write.Prepare("SELECT paths FROM case_record WHERE id = ?1");
    KITH_RETURN_IF_ERROR(count.Bind(run.case_id).Step().status());
    run.recorded_paths = count.Id(0);
  }
  KITH_ASSIGN(run.root_id, FindOrAddRoot(write, run.case_id, root));
  KITH_ASSIGN(const std::uint64_t began, NextEvent(write, run.case_id));
  Statement add = write.Prepare(
      "INSERT INTO run (case_record, root, radius_bits, began, started_at, libraries)"
      " VALUES (?1, ?2, nullif(?3, -1), ?4, ?5, ?6)");
  KITH_RETURN_IF_ERROR(add.Bind(run.case_id, run.root_id, RadiusColumn(radius_bits), began, now,
                                absl::StrJoin(libraries, "\n"))
                           .Run());
  run.run_id = write.LastInsertId();
  KITH_RETURN_IF_ERROR(write.Commit());
  return run;
}

absl::Status Ledger::FinishRun(const Run& run, const RunEnd& end) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  // What a walk could not read names paths, and those were expunged.
  KITH_RETURN_IF_ERROR(CheckNotPurged(write, run.case_id));
  KITH_ASSIGN(const std::uint64_t event, NextEvent(write, run.case_id));
  Statement count =
      write.Prepare("SELECT count(*) FROM evidence_path WHERE root = ?1 AND superseded_by IS NULL");
  KITH_RETURN_IF_ERROR(count.Bind(run.root_id).Step().status());
  const std::int64_t unseen = count.Int(0) - static_cast<std::int64_t>(end.entries_sent) -
                              static_cast<std::int64_t>(end.entries_resumed);
  const bool agree = end.entries_walked == end.entries_sent + end.entries_resumed && unseen >= 0;
  Statement close = write.Prepare(
      "UPDATE run SET ended = ?2, finished_at = ?3, complete = ?4, entries_walked = ?5,"
      " entries_sent = ?6, entries_resumed = ?7, entries_unseen = ?8, entries_kept = ?9,"
      " interrupted = ?10 WHERE id = ?1 AND ended IS NULL");
  KITH_RETURN_IF_ERROR(close
                           .Bind(run.run_id, event, catalog::TimeNow(), !end.interrupted && agree,
                                 end.entries_walked, end.entries_sent, end.entries_resumed, unseen,
                                 end.entries_kept, end.interrupted)
                           .Run());
  if (write.Changes() == 0) return absl::FailedPreconditionError("the run has already ended");
  Statement add = write.Prepare("INSERT INTO walk_error (run, item, text) VALUES (?1, ?2, ?3)");
  for (std::size_t i = 0; i < end.walk_errors.size(); ++i) {
    KITH_RETURN_IF_ERROR(add.Bind(run.run_id, i, end.walk_errors[i]).Run());
  }
  return write.Commit();
}

absl::StatusOr<std::vector<std::string>> Ledger::Roots(std::string_view case_name) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  std::uint64_t case_id = 0;
  if (!case_name.empty()) {
    KITH_ASSIGN(case_id, FindCase(read, case_name));
    if (case_id == 0) return NoSuchCase(case_name);
  }
  Statement rows =
      read.Prepare("SELECT DISTINCT path FROM root WHERE ?1 = 0 OR case_record = ?1 ORDER BY path");
  rows.Bind(case_id);
  std::vector<std::string> roots;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return roots;
    roots.emplace_back(rows.Blob(0));
  }
}

absl::Status Ledger::ListRecordedPaths(
    std::string_view case_name, std::string_view root,
    const std::function<bool(v1::ListRecordedPathsResponse)>& emit) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(read, case_name));
  if (case_id == 0) return NoSuchCase(case_name);
  Statement rows = read.Prepare(
      "SELECT p.path, p.device, p.inode, p.size_bytes, p.mtime_ns, p.disposition"
      " FROM root r CROSS JOIN evidence_path p ON p.root = r.id AND p.superseded_by IS NULL"
      " WHERE r.case_record = ?1 AND r.path = ?2 ORDER BY p.path");
  rows.Bind(case_id, BlobView{root});
  v1::ListRecordedPathsResponse page;
  std::size_t bytes = 0;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    if (!ReadToItsEnd(static_cast<v1::Disposition>(rows.Int(5)))) continue;
    v1::RecordedPath* path = page.add_paths();
    path->set_path(std::string(rows.Blob(0)));
    path->set_device(rows.Id(1));
    path->set_inode(rows.Id(2));
    path->set_size_bytes(rows.Id(3));
    path->set_mtime_ns(rows.Int(4));
    bytes += path->path().size();
    if (page.paths_size() < kPathsAMessage && bytes < kPathBytesAMessage) continue;
    if (!emit(std::move(page))) return absl::OkStatus();
    page = {};
    bytes = 0;
  }
  if (page.paths_size() > 0) emit(std::move(page));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Case>> Ledger::ListCases(std::uint64_t after, std::size_t limit) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement ids = read.Prepare("SELECT id FROM case_record WHERE id > ?1 ORDER BY id LIMIT ?2");
  ids.Bind(after, limit);
  std::vector<v1::Case> cases;
  while (true) {
    KITH_ASSIGN(const bool more, ids.Step());
    if (!more) return cases;
    KITH_ASSIGN(v1::Case record, ReadCase(read, ids.Id(0)));
    cases.push_back(std::move(record));
  }
}

absl::StatusOr<v1::GetCaseResponse> Ledger::GetCase(std::string_view case_name) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(read, case_name));
  if (case_id == 0) return NoSuchCase(case_name);
  v1::GetCaseResponse response;
  KITH_ASSIGN(*response.mutable_record(), ReadCase(read, case_id));
  const bool purged = !response.record().purged_at().empty();
  if (purged) KITH_RETURN_IF_ERROR(ReadCounts(read, case_id, response));
  KITH_ASSIGN(const auto seen, SeriesSeenIn(read, *directory_, case_id));
  std::map<std::uint64_t, std::uint64_t> files;  // by series
  if (purged) {
    for (const auto& [series_id, one] : seen) files[series_id] = one.files_when_purged;
  } else {
    KITH_ASSIGN(const auto counts, CountSeries(read, *directory_, case_id));
    for (const SeriesCount& count : counts) files[count.series_id] = count.files;
  }
  for (const auto& [series_id, number] : files) {
    const auto series = directory_->series.ById(series_id);
    if (series == nullptr || number == 0) continue;
    v1::Sighting* sighting = response.add_sightings();
    sighting->set_series(series->code());
    sighting->set_files(number);
    const auto when = seen.find(series_id);
    if (when != seen.end()) sighting->set_first_seen_at(when->second.first_seen_at);
  }
  std::sort(response.mutable_sightings()->begin(), response.mutable_sightings()->end(),
            [](const v1::Sighting& a, const v1::Sighting& b) { return a.series() < b.series(); });
  return response;
}

}  // namespace kith::casework
