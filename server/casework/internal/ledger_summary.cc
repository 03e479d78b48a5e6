// SPDX-License-Identifier: Apache-2.0
//
// The counts of a report.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {
namespace {

using catalog::Statement;
using catalog::Transaction;

constexpr int kVerdicts = 6;
constexpr int kDispositions = 12;
constexpr int kDistances = 32;

absl::Status CountVerdicts(Transaction& read, std::uint64_t case_id, v1::ReportSummary& summary) {
  for (int i = 1; i <= kVerdicts; ++i) {
    summary.add_verdicts()->set_verdict(static_cast<v1::Verdict>(i));
  }
  Statement rows = read.Prepare(
      "SELECT verdict, count(*), sum(paths), sum(held_back) FROM evidence_file"
      " WHERE case_record = ?1 AND paths > 0 GROUP BY verdict");
  rows.Bind(case_id);
  std::uint64_t held_back = 0;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    v1::VerdictCount* count = summary.mutable_verdicts(static_cast<int>(rows.Int(0)) - 1);
    count->set_files(rows.Id(1));
    count->set_paths(rows.Id(2));
    summary.set_files(summary.files() + rows.Id(1));
    held_back += rows.Id(3);
  }
  summary.set_held_back_files(held_back);
  return absl::OkStatus();
}

// Of the unrecognized, those of which more is known than that nothing matches.
absl::Status CountUnrecognized(Transaction& read, std::uint64_t case_id,
                               v1::ReportSummary& summary) {
  Statement row = read.Prepare(absl::StrCat(
      "SELECT coalesce(sum(harmless), 0), coalesce(sum(NOT harmless AND rejected_matches > 0), 0)"
      " FROM (SELECT f.rejected_matches, ",
      std::string(kHoldsBenignDigest),
      " AS harmless FROM evidence_file f WHERE f.case_record = ?1 AND f.paths > 0"
      " AND f.verdict = ?2 AND (f.total_matches > 0 OR f.rejected_matches > 0))"));
  KITH_RETURN_IF_ERROR(row.Bind(case_id, v1::VERDICT_UNRECOGNIZED).Step().status());
  summary.set_harmless_files(row.Id(0));
  summary.set_rejected_files(row.Id(1));
  return absl::OkStatus();
}

absl::Status CountDispositions(Transaction& read, std::uint64_t case_id,
                               v1::ReportSummary& summary) {
  for (int i = 1; i <= kDispositions; ++i) {
    summary.add_dispositions()->set_disposition(static_cast<v1::Disposition>(i));
  }
  Statement rows = read.Prepare(
      "SELECT p.disposition, count(*) FROM root r CROSS JOIN evidence_path p"
      " ON p.root = r.id AND p.superseded_by IS NULL WHERE r.case_record = ?1"
      " GROUP BY p.disposition");
  rows.Bind(case_id);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    const std::int64_t disposition = rows.Int(0);
    if (disposition < 1) return absl::DataLossError("a path of the ledger has no disposition");
    summary.mutable_dispositions(static_cast<int>(disposition) - 1)->set_paths(rows.Id(1));
    summary.set_entries_walked(summary.entries_walked() + rows.Id(1));
  }
}

absl::Status CountFormats(Transaction& read, std::uint64_t case_id, v1::ReportSummary& summary) {
  Statement rows = read.Prepare(
      "SELECT f.format, count(*) FROM root r CROSS JOIN evidence_path p"
      " ON p.root = r.id AND p.superseded_by IS NULL JOIN evidence_file f ON f.id = p.file"
      " WHERE r.case_record = ?1 AND p.disposition = ?2 GROUP BY f.format ORDER BY f.format");
  rows.Bind(case_id, v1::DISPOSITION_UNSUPPORTED);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    v1::FormatCount* count = summary.add_unsupported_formats();
    count->set_format(std::string(rows.Text(0)));
    count->set_paths(rows.Id(1));
  }
}

absl::Status CountDistances(Transaction& read, std::uint64_t case_id, v1::ReportSummary& summary) {
  for (int i = 0; i < kDistances; ++i) {
    summary.add_distances()->set_distance_bits(static_cast<std::uint32_t>(i));
  }
  Statement rows = read.Prepare(
      "SELECT nearest, count(*) FROM (SELECT min(m.distance_bits) AS nearest"
      " FROM evidence_file f CROSS JOIN match m ON m.file = f.id AND m.superseded_at IS NULL"
      " WHERE f.case_record = ?1 AND f.paths > 0 AND f.total_matches > 0 AND m.held_back = 0"
      " AND m.purpose <> 2 AND m.found_by = 4 GROUP BY f.id) GROUP BY nearest");
  rows.Bind(case_id);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    const std::int64_t distance = rows.Int(0);
    if (distance < 0 || distance >= kDistances) {
      return absl::DataLossError("a match of the ledger has an impossible distance");
    }
    summary.mutable_distances(static_cast<int>(distance))->set_files(rows.Id(1));
  }
}

}  // namespace

absl::StatusOr<v1::ReportSummary> LedgerView::Summary() {
  v1::ReportSummary summary;
  KITH_RETURN_IF_ERROR(CountVerdicts(read_, case_id_, summary));
  KITH_RETURN_IF_ERROR(CountUnrecognized(read_, case_id_, summary));
  KITH_RETURN_IF_ERROR(CountDispositions(read_, case_id_, summary));
  KITH_RETURN_IF_ERROR(CountFormats(read_, case_id_, summary));
  KITH_RETURN_IF_ERROR(CountDistances(read_, case_id_, summary));
  return summary;
}

}  // namespace kith::casework
