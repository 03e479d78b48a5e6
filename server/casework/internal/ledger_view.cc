// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/ledger_view.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {
namespace {

using catalog::Statement;
using catalog::Transaction;

v1::View ViewOf(std::int64_t frame, std::int64_t crop) {
  v1::View view;
  view.set_frame(static_cast<std::uint32_t>(frame));
  view.set_crop(static_cast<v1::Crop>(crop));
  return view;
}

std::string WithSlash(const std::string& path) {
  return path.ends_with('/') ? path : absl::StrCat(path, "/");
}

}  // namespace

absl::StatusOr<LedgerView> LedgerView::Open(Ledger& ledger, std::string_view case_name) {
  KITH_ASSIGN(Transaction read, ledger.database().BeginRead());
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(read, case_name));
  if (case_id == 0) return NoSuchCase(case_name);
  KITH_RETURN_IF_ERROR(CheckNotPurged(read, case_id));
  LedgerView view(std::move(read), &ledger.directory(), case_id);
  KITH_RETURN_IF_ERROR(view.ReadRoots());
  return view;
}

absl::Status LedgerView::ReadRoots() {
  Statement rows = read_.Prepare("SELECT id, path FROM root WHERE case_record = ?1");
  rows.Bind(case_id_);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    roots_.push_back({rows.Id(0), std::string(rows.Blob(1))});
  }
  std::sort(roots_.begin(), roots_.end(), [](const Root& a, const Root& b) {
    return std::pair(WithSlash(a.path), a.path) < std::pair(WithSlash(b.path), b.path);
  });
  return absl::OkStatus();
}

absl::StatusOr<bool> LedgerView::Complete() { return IsComplete(read_, case_id_); }

absl::StatusOr<std::vector<RunRecord>> LedgerView::LastRuns() {
  std::vector<RunRecord> runs;
  for (const Root& root : roots_) {
    // A run that ended says more than one that is still going on, or was killed.
    Statement read = read_.Prepare(
        "SELECT id, started_at, finished_at, radius_bits, ended IS NOT NULL, interrupted, complete,"
        " entries_walked, entries_sent, entries_resumed, entries_unseen, entries_kept FROM run"
        " WHERE case_record = ?1 AND root = ?2 ORDER BY max(began, coalesce(ended, 0)) DESC LIMIT "
        "1");
    KITH_ASSIGN(const bool found, read.Bind(case_id_, root.id).Step());
    if (!found) continue;
    RunRecord& run = runs.emplace_back();
    run.run_id = read.Id(0);
    run.root = root.path;
    run.started_at = std::string(read.Text(1));
    run.finished_at = std::string(read.Text(2));
    if (!read.IsNull(3)) run.radius_bits = static_cast<std::uint32_t>(read.Int(3));
    run.ended = read.Int(4) != 0;
    run.interrupted = read.Int(5) != 0;
    run.complete = read.Int(6) != 0;
    run.entries_walked = read.Id(7);
    run.entries_sent = read.Id(8);
    run.entries_resumed = read.Id(9);
    run.entries_unseen = read.Int(10);
    run.entries_kept = read.Id(11);
    Statement errors = read_.Prepare("SELECT text FROM walk_error WHERE run = ?1 ORDER BY item");
    errors.Bind(run.run_id);
    while (true) {
      KITH_ASSIGN(const bool more, errors.Step());
      if (!more) break;
      run.walk_errors.emplace_back(errors.Text(0));
    }
  }
  return runs;
}

absl::StatusOr<MatchedAt> LedgerView::MatchedWhen(const LastVerdictChange& last_change) {
  MatchedAt when;
  Statement range = read_.Prepare(
      "SELECT coalesce(min(matched_at), 0), coalesce(max(matched_at), 0),"
      " count(DISTINCT radius_bits) FROM evidence_file WHERE case_record = ?1 AND paths > 0");
  KITH_RETURN_IF_ERROR(range.Bind(case_id_).Step().status());
  when.oldest = range.Id(0);
  when.newest = range.Id(1);
  when.radii = range.Id(2);
  std::uint64_t told = when.newest;
  if (last_change) {
    KITH_ASSIGN(told, last_change(when.newest));
    // What was not matched with all that is on record of it counts as matched before all changes.
    told = std::max<std::uint64_t>(told, std::min<std::uint64_t>(when.newest, 1));
  }
  Statement older = read_.Prepare(
      "SELECT count(*) FROM evidence_file WHERE case_record = ?1 AND paths > 0 AND matched_at < "
      "?2");
  KITH_RETURN_IF_ERROR(older.Bind(case_id_, told).Step().status());
  when.older_files = older.Id(0);
  Statement truncated = read_.Prepare(
      "SELECT count(*) FROM evidence_file f WHERE case_record = ?1 AND paths > 0"
      " AND total_matches > 0 AND total_matches >"
      " (SELECT count(*) FROM match m WHERE m.file = f.id AND m.superseded_at IS NULL)");
  KITH_RETURN_IF_ERROR(truncated.Bind(case_id_).Step().status());
  when.truncated_files = truncated.Id(0);
  return when;
}

absl::StatusOr<std::vector<v1::ReportRun>> LedgerView::AllRuns() {
  Statement rows = read_.Prepare(
      "SELECT o.path, r.started_at, r.finished_at, r.complete, r.interrupted, r.radius_bits,"
      " r.entries_walked, r.entries_sent, r.entries_resumed, r.entries_kept,"
      " (SELECT count(*) FROM walk_error e WHERE e.run = r.id), r.libraries"
      " FROM run r JOIN root o ON o.id = r.root WHERE r.case_record = ?1 ORDER BY r.id");
  rows.Bind(case_id_);
  std::vector<v1::ReportRun> runs;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return runs;
    v1::ReportRun& run = runs.emplace_back();
    run.set_root(std::string(rows.Blob(0)));
    run.set_started_at(std::string(rows.Text(1)));
    run.set_finished_at(std::string(rows.Text(2)));
    run.set_complete(rows.Int(3) != 0);
    run.set_interrupted(rows.Int(4) != 0);
    if (!rows.IsNull(5)) run.set_radius_bits(static_cast<std::uint32_t>(rows.Int(5)));
    run.set_entries_walked(rows.Id(6));
    run.set_entries_sent(rows.Id(7));
    run.set_entries_resumed(rows.Id(8));
    run.set_entries_kept(rows.Id(9));
    run.set_walk_errors(rows.Id(10));
    for (const auto library : absl::StrSplit(std::string(rows.Text(11)), '\n', absl::SkipEmpty())) {
      run.add_libraries(std::string(library));
    }
  }
}

absl::Status LedgerView::Files(bool matched_only, const std::function<bool(v1::ReportFile)>& emit) {
  // A file with several paths was given already when its second path comes.
  std::unordered_set<std::uint64_t> given;
  for (const Root& root : roots_) {
    Statement rows = read_.Prepare(
        "SELECT p.file, f.paths FROM evidence_path p JOIN evidence_file f ON f.id = p.file"
        " WHERE p.root = ?1 AND p.superseded_by IS NULL AND f.total_matches >= ?2"
        " ORDER BY p.path");
    rows.Bind(root.id, matched_only ? 1 : 0);
    while (true) {
      KITH_ASSIGN(const bool more, rows.Step());
      if (!more) break;
      const std::uint64_t paths = rows.Id(1);
      if (paths > 1 && !given.insert(rows.Id(0)).second) continue;
      KITH_ASSIGN(v1::ReportFile file, ReadFile(rows.Id(0), paths));
      if (!emit(std::move(file))) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ReportFile> LedgerView::ReadFile(std::uint64_t file_id,
                                                    std::uint64_t paths_on_record) {
  Statement read = read_.Prepare(
      "SELECT md5, sha256, size_bytes, format, width, height, disposition, detail, verdict, rule,"
      " held_back, total_matches, held_back_matches, rejected_matches, sha1 FROM evidence_file"
      " WHERE id = ?1");
  KITH_ASSIGN(const bool found, read.Bind(file_id).Step());
  if (!found) return absl::DataLossError("a file of the ledger is gone; run `kith store verify`");
  v1::ReportFile file;
  file.set_md5(absl::BytesToHexString(std::string(read.Blob(0))));
  file.set_sha256(absl::BytesToHexString(std::string(read.Blob(1))));
  file.set_size_bytes(read.Id(2));
  file.set_format(std::string(read.Text(3)));
  file.set_width(static_cast<std::uint32_t>(read.Int(4)));
  file.set_height(static_cast<std::uint32_t>(read.Int(5)));
  file.set_disposition(static_cast<v1::Disposition>(read.Int(6)));
  file.set_detail(std::string(read.Text(7)));
  file.set_verdict(static_cast<v1::Verdict>(read.Int(8)));
  file.set_rule(std::string(read.Text(9)));
  file.set_held_back(read.Int(10) != 0);
  file.set_total_matches(read.Id(11));
  file.set_held_back_matches(read.Id(12));
  file.set_rejected_matches(read.Id(13));
  file.set_sha1(absl::BytesToHexString(std::string(read.Blob(14))));
  KITH_RETURN_IF_ERROR(ReadPaths(file_id, file));
  if (static_cast<std::uint64_t>(file.paths_size()) != paths_on_record) {
    return absl::DataLossError(absl::StrCat("the ledger counts ", paths_on_record,
                                            " paths of a file and holds ", file.paths_size(),
                                            "; run `kith store verify`"));
  }
  if (file.total_matches() > 0) KITH_RETURN_IF_ERROR(ReadMatches(file_id, file));
  return file;
}

absl::Status LedgerView::ReadPaths(std::uint64_t file_id, v1::ReportFile& file) {
  Statement rows = read_.Prepare(
      "SELECT root, path FROM evidence_path WHERE file = ?1 AND superseded_by IS NULL");
  rows.Bind(file_id);
  std::vector<std::pair<std::size_t, std::string>> paths;  // position of the root, path
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    const std::uint64_t root_id = rows.Id(0);
    const auto root =
        std::find_if(roots_.begin(), roots_.end(), [&](const Root& r) { return r.id == root_id; });
    paths.emplace_back(root - roots_.begin(), std::string(rows.Blob(1)));
  }
  std::sort(paths.begin(), paths.end());
  file.mutable_paths()->Reserve(static_cast<int>(paths.size()));
  for (auto& [root, path] : paths) {
    file.add_paths(roots_.size() == 1 ? std::move(path)
                                      : absl::StrCat(WithSlash(roots_.at(root).path), path));
  }
  return absl::OkStatus();
}

absl::Status LedgerView::ReadMatches(std::uint64_t file_id, v1::ReportFile& file) {
  Statement rows = read_.Prepare(absl::StrCat(
      std::string(kMatchColumns),
      "WHERE file = ?1 AND superseded_at IS NULL ORDER BY found_by = 4, distance_bits, entry"));
  rows.Bind(file_id);
  bool benign_digest = false;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    v1::ReportMatch& match = *file.add_matches();
    FillMatch(rows, match);
    benign_digest |= match.purpose() == v1::PURPOSE_BENIGN && match.by() != NameOf(FoundBy::kPdq);
  }
  const bool nothing_known =
      file.verdict() == v1::VERDICT_UNRECOGNIZED || file.verdict() == v1::VERDICT_NOT_APPLICABLE;
  file.set_harmless(nothing_known && benign_digest);
  return absl::OkStatus();
}

void LedgerView::FillMatch(const Statement& row, v1::ReportMatch& match) {
  match.set_entry_id(row.Id(0));
  const auto [set_name, new_set] = set_names_.try_emplace(row.Id(1));
  if (new_set) {
    const auto set = directory_->hash_sets.ById(row.Id(1));
    if (set != nullptr) set_name->second = set->name();
  }
  match.set_set(set_name->second);
  const auto [code, new_series] = series_codes_.try_emplace(row.Id(2));
  if (new_series) {
    // As the series of the report are told.
    const auto series = directory_->CurrentSeries(row.Id(2));
    if (series != nullptr) code->second = series->code();
  }
  match.set_series(code->second);
  match.set_series_status(static_cast<v1::SeriesStatus>(row.Int(3)));
  match.set_purpose(static_cast<v1::Purpose>(row.Int(4)));
  const auto found_by = static_cast<FoundBy>(row.Int(5));
  match.set_by(std::string(NameOf(found_by)));
  match.set_distance_bits(static_cast<std::uint32_t>(row.Int(6)));
  *match.mutable_view() = ViewOf(row.Int(7), row.Int(8));
  *match.mutable_query_view() = ViewOf(row.Int(9), row.Int(10));
  match.set_orientation(static_cast<v1::Orientation>(row.Int(11)));
  match.set_dialect(static_cast<v1::Dialect>(row.Int(12)));
  match.set_held_back(row.Int(13) != 0);
  match.set_victim_identified(static_cast<v1::TriState>(row.Int(14)));
  if (row.Int(15) != 0) match.set_opinion(v1::OPINION_KIND_CONFIRMED);
  match.set_nearness(
      std::string(NearnessOf(found_by != FoundBy::kPdq, static_cast<int>(row.Int(6)))));
}

}  // namespace kith::casework
