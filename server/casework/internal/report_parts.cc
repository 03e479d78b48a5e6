// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/report_parts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/measured_rates.h"
#include "server/casework/internal/report_words.h"
#include "server/casework/internal/sql.h"
#include "server/casework/verdict.h"
#include "server/catalog/bounds.h"

namespace kith::casework {
namespace {

// Whether there is an entry that could make a file known.
bool AnythingKnown(const catalog::Directory& directory, const ReportOptions& options) {
  const auto sets = directory.hash_sets.After(0, std::numeric_limits<std::size_t>::max());
  return std::any_of(sets.begin(), sets.end(), [&options](const auto& set) {
    return set->enabled() && set->purpose() == v1::PURPOSE_KNOWN &&
           options.set_entries(set->set_id()) > 0;
  });
}

}  // namespace

v1::Report StoreHead(const ReportOptions& options) {
  v1::Report report;
  report.mutable_run()->set_program(options.program);
  report.mutable_run()->set_host(options.host);
  v1::ReportScope& scope = *report.mutable_scope();
  scope.mutable_index_version()->set_store_id(options.store_id);
  scope.mutable_index_version()->set_change(options.current_change);
  scope.set_complete(true);
  scope.set_method(Method(std::nullopt));
  return report;
}

absl::StatusOr<v1::Report> CaseHead(LedgerView& view, std::string_view case_name,
                                    const catalog::Directory& directory,
                                    const ReportOptions& options) {
  v1::Report report = StoreHead(options);
  Doubts doubts;
  doubts.case_name = std::string(case_name);
  KITH_ASSIGN(*report.mutable_summary(), view.Summary());
  KITH_ASSIGN(doubts.complete, view.Complete());
  KITH_ASSIGN(doubts.runs, view.LastRuns());
  KITH_ASSIGN(doubts.matched, view.MatchedWhen(options.verdict_change));
  KITH_ASSIGN(doubts.known_otherwise, view.OpenAlerts());
  doubts.files = report.summary().files();
  doubts.current_change = options.current_change;
  doubts.nothing_known = options.set_entries && !AnythingKnown(directory, options);
  doubts.verdict_change = options.current_change;
  if (options.verdict_change) {
    KITH_ASSIGN(doubts.verdict_change, options.verdict_change(options.current_change));
  }

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
  scope.set_case_name(std::string(case_name));
  v1::CaseDetails details;
  KITH_ASSIGN(const bool said, ReadDetails(view.read(), view.case_id(), details));
  if (said) *scope.mutable_details() = std::move(details);
  if (doubts.runs.size() == 1) scope.set_root(doubts.runs.front().root);
  if (doubts.files > 0) scope.mutable_index_version()->set_change(doubts.matched.newest);
  scope.set_complete(doubts.complete);
  for (std::string& warning : Warnings(doubts)) scope.add_warnings(std::move(warning));
  for (std::string& remark : Remarks(doubts)) scope.add_remarks(std::move(remark));
  scope.set_method(
      Method(scope.has_radius_bits() ? std::optional(scope.radius_bits()) : std::nullopt));
  return report;
}

absl::StatusOr<std::vector<v1::ReportSet>> SetsOf(const catalog::Directory& directory,
                                                  const ReportOptions& options,
                                                  std::uint64_t change) {
  std::vector<v1::HashSet> then;
  if (options.sets_at) {
    KITH_ASSIGN(then, options.sets_at(change));
  } else {
    for (const auto& set : directory.hash_sets.After(0, std::numeric_limits<std::size_t>::max())) {
      then.push_back(*set);
    }
  }
  std::vector<v1::ReportSet> sets;
  for (const v1::HashSet& set : then) {
    v1::ReportSet& shown = sets.emplace_back();
    shown.set_name(set.name());
    shown.set_source(set.source());
    shown.set_version(set.version());
    shown.set_purpose(set.purpose());
    shown.set_enabled(set.enabled());
    shown.set_radius_bits(set.radius_bits());
    shown.set_dialect(set.dialect());
    shown.set_handling(set.handling());
    if (options.set_entries) shown.set_entries(options.set_entries(set.set_id()));
  }
  std::sort(sets.begin(), sets.end(),
            [](const v1::ReportSet& a, const v1::ReportSet& b) { return a.name() < b.name(); });
  return sets;
}

v1::ReportSeries SeriesRecord(const v1::Series& series, const catalog::Directory& directory) {
  v1::ReportSeries shown;
  *shown.mutable_series() = series;
  const auto agency = directory.agencies.ByName(series.agency());
  if (agency != nullptr) {
    shown.set_agency_desk(agency->desk());
    shown.set_agency_country(agency->country());
  }
  return shown;
}

std::vector<v1::ReportSeries> SeriesOf(const std::vector<SeriesCount>& counts,
                                       const catalog::Directory& directory) {
  std::vector<v1::ReportSeries> all;
  for (const SeriesCount& count : counts) {
    const auto series = directory.series.ById(count.series_id);
    if (series == nullptr) continue;
    v1::ReportSeries& shown = all.emplace_back(SeriesRecord(*series, directory));
    shown.set_files(count.files);
    shown.set_files_by_digest(count.files_by_digest);
    shown.set_files_confirmed(count.files_confirmed);
    shown.set_has_lead(count.nearest_lead_bits.has_value());
    shown.set_nearest_lead_bits(count.nearest_lead_bits.value_or(0));
  }
  SortSeries(all);
  return all;
}

void SortSeries(std::vector<v1::ReportSeries>& series) {
  const auto rank = [](const v1::ReportSeries& s) {
    return std::tuple(s.series().status() != v1::SERIES_STATUS_IDENTIFIED,
                      std::numeric_limits<std::uint64_t>::max() - s.files(),
                      std::string_view(s.series().code()));
  };
  std::sort(
      series.begin(), series.end(),
      [&](const v1::ReportSeries& a, const v1::ReportSeries& b) { return rank(a) < rank(b); });
}

absl::StatusOr<v1::ReportMethod> MethodOf(const ReportOptions& options) {
  v1::ReportMethod method;
  method.set_program(options.program);
  // What the words for distances mean is asked of the function that gives them.
  for (std::uint32_t bits = 0; bits <= catalog::kMaxRadiusBits; ++bits) {
    const std::string words(NearnessOf(false, static_cast<int>(bits)));
    if (method.bands().empty() || method.bands().rbegin()->words() != words) {
      method.add_bands()->set_words(words);
    }
    method.mutable_bands(method.bands_size() - 1)->set_to_bits(bits);
  }
  *method.mutable_rates() = MeasuredOnce();
  if (!options.capabilities) return method;
  KITH_ASSIGN(const v1::GetCapabilitiesResponse can, options.capabilities());
  method.set_index_engine(can.index_engine());
  *method.mutable_libraries() = can.libraries();
  method.set_minimum_quality(can.minimum_quality());
  method.set_default_radius_bits(can.default_radius_bits());
  method.set_max_radius_bits(can.max_radius_bits());
  method.set_entries(can.entries());
  method.set_codes(can.codes());
  method.set_digests(can.digests());
  return method;
}

}  // namespace kith::casework
