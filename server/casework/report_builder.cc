// SPDX-License-Identifier: Apache-2.0
#include "server/casework/report_builder.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/report_words.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {
namespace {

constexpr std::size_t kRecordsAFragment = 1000;  // sets and series
constexpr std::size_t kMaxIdBytes = 64;          // what a continued file repeats

using Emit = std::function<bool(v1::Report)>;

absl::StatusOr<v1::Report> Head(LedgerView& view, std::string_view case_name,
                                const ReportOptions& options) {
  v1::Report report;
  Doubts doubts;
  doubts.recorded = !case_name.empty();
  KITH_ASSIGN(*report.mutable_summary(), view.Summary());
  KITH_ASSIGN(doubts.complete, view.Complete());
  KITH_ASSIGN(doubts.runs, view.LastRuns());
  KITH_ASSIGN(doubts.matched, view.MatchedWhen());
  doubts.files = report.summary().files();
  doubts.current_change = options.current_change;

  v1::RunHeader& run = *report.mutable_run();
  v1::ReportScope& scope = *report.mutable_scope();
  const auto last =
      std::max_element(doubts.runs.begin(), doubts.runs.end(),
                       [](const RunRecord& a, const RunRecord& b) { return a.run_id < b.run_id; });
  if (last != doubts.runs.end()) {
    run.set_started_at(last->started_at);
    run.set_finished_at(last->finished_at);
    if (last->radius_bits) scope.set_radius_bits(*last->radius_bits);
  }
  run.set_program(options.program);
  run.set_host(options.host);
  scope.set_case_name(std::string(case_name));
  if (doubts.runs.size() == 1) scope.set_root(doubts.runs.front().root);
  scope.mutable_index_version()->set_store_id(options.store_id);
  scope.mutable_index_version()->set_change(doubts.files > 0 ? doubts.matched.newest
                                                             : options.current_change);
  scope.set_complete(doubts.complete);
  for (std::string& warning : Warnings(doubts)) scope.add_warnings(std::move(warning));
  scope.set_method(
      Method(scope.has_radius_bits() ? std::optional(scope.radius_bits()) : std::nullopt));
  return report;
}

std::vector<v1::ReportSet> Sets(const catalog::Directory& directory, const ReportOptions& options) {
  std::vector<v1::ReportSet> sets;
  for (const auto& set : directory.hash_sets.After(0, std::numeric_limits<std::size_t>::max())) {
    v1::ReportSet& shown = sets.emplace_back();
    shown.set_name(set->name());
    shown.set_source(set->source());
    shown.set_version(set->version());
    shown.set_purpose(set->purpose());
    shown.set_enabled(set->enabled());
    shown.set_radius_bits(set->radius_bits());
    shown.set_dialect(set->dialect());
    if (options.set_entries) shown.set_entries(options.set_entries(set->set_id()));
  }
  std::sort(sets.begin(), sets.end(),
            [](const v1::ReportSet& a, const v1::ReportSet& b) { return a.name() < b.name(); });
  return sets;
}

std::vector<v1::ReportSeries> SeriesOf(const std::vector<SeriesCount>& counts,
                                       const catalog::Directory& directory) {
  std::vector<v1::ReportSeries> all;
  for (const SeriesCount& count : counts) {
    const auto series = directory.series.ById(count.series_id);
    if (series == nullptr) continue;
    v1::ReportSeries& shown = all.emplace_back();
    *shown.mutable_series() = *series;
    const auto agency = directory.agencies.ByName(series->agency());
    if (agency != nullptr) shown.set_agency_desk(agency->desk());
    shown.set_files(count.files);
    shown.set_files_by_digest(count.files_by_digest);
    shown.set_has_lead(count.nearest_lead_bits.has_value());
    shown.set_nearest_lead_bits(count.nearest_lead_bits.value_or(0));
  }
  const auto rank = [](const v1::ReportSeries& s) {
    return std::tuple(s.series().status() != v1::SERIES_STATUS_IDENTIFIED,
                      std::numeric_limits<std::uint64_t>::max() - s.files(),
                      std::string_view(s.series().code()));
  };
  std::sort(all.begin(), all.end(), [&](const v1::ReportSeries& a, const v1::ReportSeries& b) {
    return rank(a) < rank(b);
  });
  return all;
}

// What the sources call the entries, for a reader who has their lists.
absl::Status FillSourceRefs(const ReportOptions& options, v1::ReportFile& file) {
  if (!options.source_refs || file.matches().empty()) return absl::OkStatus();
  std::vector<std::uint64_t> entries;
  for (const v1::ReportMatch& match : file.matches()) entries.push_back(match.entry_id());
  KITH_ASSIGN(std::vector<std::string> refs, options.source_refs(entries));
  auto ref = refs.begin();
  for (v1::ReportMatch& match : *file.mutable_matches()) match.set_source_ref(std::move(*ref++));
  return absl::OkStatus();
}

// Collects files into fragments of about the size asked for; one file with more paths than that is
// continued by the next.
class FilePages {
 public:
  FilePages(const Emit& emit, std::size_t bytes) : emit_(emit), limit_(bytes) {}

  bool Add(v1::ReportFile file) {
    std::size_t size = 0;
    int paths = 0;
    while (paths < file.paths_size() && size < limit_) {
      size += file.paths(paths++).size() + kMaxIdBytes;
    }
    if (paths == file.paths_size()) return Put(std::move(file));
    v1::ReportFile rest;
    rest.set_sha256(file.sha256());
    rest.set_continued(true);
    for (int i = paths; i < file.paths_size(); ++i) {
      rest.add_paths(std::move(*file.mutable_paths(i)));
    }
    file.mutable_paths()->DeleteSubrange(paths, file.paths_size() - paths);
    return Put(std::move(file)) && Add(std::move(rest));
  }

  bool Flush() {
    if (page_.files().empty()) return true;
    bytes_ = 0;
    return emit_(std::exchange(page_, {}));
  }

 private:
  bool Put(v1::ReportFile file) {
    bytes_ += file.ByteSizeLong();
    *page_.add_files() = std::move(file);
    return bytes_ < limit_ || Flush();
  }

  const Emit& emit_;
  const std::size_t limit_;
  v1::Report page_;
  std::size_t bytes_ = 0;
};

template <typename Record, typename Add>
bool EmitRecords(std::vector<Record> records, const Emit& emit, const Add& add) {
  for (std::size_t i = 0; i < records.size();) {
    v1::Report page;
    const std::size_t end = std::min(records.size(), i + kRecordsAFragment);
    for (; i < end; ++i) add(page, std::move(records[i]));
    if (!emit(std::move(page))) return false;
  }
  return true;
}

}  // namespace

absl::Status BuildReport(Ledger& ledger, std::string_view case_name, const ReportOptions& options,
                         const Emit& emit) {
  KITH_ASSIGN(LedgerView view, LedgerView::Open(ledger, case_name));
  KITH_ASSIGN(v1::Report head, Head(view, case_name, options));
  if (!emit(std::move(head))) return absl::OkStatus();

  const bool sets_taken =
      EmitRecords(Sets(ledger.directory(), options), emit,
                  [](v1::Report& page, v1::ReportSet set) { *page.add_sets() = std::move(set); });
  if (!sets_taken) return absl::OkStatus();

  KITH_ASSIGN(const std::vector<SeriesCount> counts, view.Series());
  const bool series_taken = EmitRecords(
      SeriesOf(counts, ledger.directory()), emit,
      [](v1::Report& page, v1::ReportSeries series) { *page.add_series() = std::move(series); });
  if (!series_taken) return absl::OkStatus();

  FilePages pages(emit, options.fragment_bytes);
  bool taken = true;
  absl::Status refs;
  KITH_RETURN_IF_ERROR(view.Files([&](v1::ReportFile file) {
    refs = FillSourceRefs(options, file);
    taken = refs.ok() && pages.Add(std::move(file));
    return taken;
  }));
  KITH_RETURN_IF_ERROR(refs);
  if (taken) pages.Flush();
  return absl::OkStatus();
}

}  // namespace kith::casework
