// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/circulation.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/sql.h"
#include "server/catalog/change.h"

namespace kith::casework {

using catalog::Statement;

const std::vector<std::uint64_t>& Circulation::CountedAs(std::uint64_t series_id) {
  if (counted_as_.empty()) {
    constexpr auto kAll = std::numeric_limits<std::size_t>::max();
    for (const auto& series : directory_.series.After(0, kAll)) {
      const auto current = directory_.CurrentSeries(series->series_id());
      if (current != nullptr) {
        counted_as_[current->series_id()].push_back(series->series_id());
      }
    }
  }
  return counted_as_[series_id];
}

absl::StatusOr<std::map<std::uint64_t, SeriesSeen>> Circulation::Holding(const v1::Series& series) {
  // Each case that ever met one of the series, and when it first met any.
  std::map<std::uint64_t, SeriesSeen> seen;
  Statement rows = read_.Prepare(
      "SELECT case_record, first_seen_at, files_when_purged FROM sighting WHERE series = ?1 ORDER "
      "BY case_record");
  for (const std::uint64_t series_id : CountedAs(series.series_id())) {
    rows.Bind(series_id);
    while (true) {
      KITH_ASSIGN(const bool more, rows.Step());
      if (!more) break;
      KITH_ASSIGN(const CaseRecord* record, Case(rows.Id(0)));
      seen[rows.Id(0)].Add(rows.Text(1), rows.Id(2), record->files);
    }
  }
  std::map<std::uint64_t, SeriesSeen> holding;
  for (auto& [case_id, when] : seen) {
    KITH_ASSIGN(const CaseCounts* counts, CountsOf(case_id));
    // Else it met it once; what it met was withdrawn since.
    if (counts->contains(series.series_id()) || when.files_when_purged != 0) {
      holding.emplace(case_id, std::move(when));
    }
  }
  return holding;
}

absl::StatusOr<Spread> Circulation::SpreadOf(const v1::Series& series) {
  KITH_ASSIGN(const auto holding, Holding(series));
  std::set<std::string_view> agencies;
  for (const auto& [case_id, when] : holding) {
    KITH_ASSIGN(const CaseRecord* record, Case(case_id));
    agencies.insert(record->agency);
  }
  return Spread{.cases = holding.size(), .agencies = agencies.size()};
}

absl::StatusOr<std::vector<v1::ReportSighting>> Circulation::Of(const v1::Series& series) {
  KITH_ASSIGN(const auto holding, Holding(series));
  std::vector<v1::ReportSighting> sightings;
  for (const auto& [case_id, when] : holding) {
    KITH_ASSIGN(const CaseRecord* record, Case(case_id));
    KITH_ASSIGN(const CaseDoubt* doubt, DoubtOf(case_id));
    KITH_ASSIGN(const CaseCounts* counts, CountsOf(case_id));
    const auto count = counts->find(series.series_id());
    v1::ReportSighting& sighting = sightings.emplace_back();
    sighting.set_series(series.code());
    sighting.set_case_name(record->name);
    sighting.set_agency(record->agency);
    sighting.set_agency_desk(record->desk);
    sighting.set_first_seen_at(when.first_seen_at);
    sighting.set_open_alerts(doubt->open_alerts.size());
    sighting.set_incomplete(doubt->incomplete);
    if (count == counts->end()) {
      sighting.set_files(when.files_when_purged);
      sighting.set_purged(true);
    } else {
      sighting.set_files(count->second.files);
      sighting.set_files_by_digest(count->second.files_by_digest);
      sighting.set_files_confirmed(count->second.files_confirmed);
    }
  }
  std::sort(sightings.begin(), sightings.end(),
            [](const v1::ReportSighting& a, const v1::ReportSighting& b) {
              return std::tie(a.first_seen_at(), a.case_name()) <
                     std::tie(b.first_seen_at(), b.case_name());
            });
  return sightings;
}

absl::StatusOr<CaseDoubts> Circulation::DoubtsOf(const v1::Series& series,
                                                 const std::vector<v1::ReportSighting>& sightings) {
  CaseDoubts doubts;
  std::set<std::string_view> met;
  for (const v1::ReportSighting& sighting : sightings) {
    met.insert(sighting.case_name());
    // No check can complete a case that is purged.
    doubts.Add(sighting.open_alerts() > 0, sighting.incomplete() && !sighting.purged());
  }
  // By a split or a merge the series comes to a case that never met it; what is new in a set may be
  // of any series.
  std::set<std::string> subjects;
  for (const std::uint64_t series_id : CountedAs(series.series_id())) {
    const auto one = directory_.series.ById(series_id);
    if (one != nullptr) subjects.insert(absl::StrCat("series ", one->code()));
  }
  Statement rows = read_.Prepare(
      "SELECT id, case_record, subject, kind IN (?1, ?2, ?3) FROM alert WHERE closed_at IS NULL"
      " ORDER BY id");
  rows.Bind(catalog::ChangeKind::kAdded, catalog::ChangeKind::kSwitched,
            catalog::ChangeKind::kSetEdited);
  std::set<std::uint64_t> others;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    if (rows.Int(3) == 0 && !subjects.contains(std::string(rows.Text(2)))) continue;
    KITH_ASSIGN(const CaseRecord* record, Case(rows.Id(1)));
    KITH_ASSIGN(const CaseDoubt* doubt, DoubtOf(rows.Id(1)));
    const std::vector<std::uint64_t>& open = doubt->open_alerts;
    const bool holds = std::binary_search(open.begin(), open.end(), rows.Id(0));
    if (holds && !met.contains(record->name)) others.insert(rows.Id(1));
  }
  doubts.others = others.size();
  return doubts;
}

absl::StatusOr<CaseDoubts> Circulation::DoubtsOfAll() {
  CaseDoubts doubts;
  Statement rows = read_.Prepare(
      "SELECT id FROM case_record WHERE id NOT IN (SELECT case_record FROM case_purged)"
      " ORDER BY id");
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return doubts;
    KITH_ASSIGN(const CaseDoubt* doubt, DoubtOf(rows.Id(0)));
    doubts.Add(!doubt->open_alerts.empty(), doubt->incomplete);
  }
}

absl::StatusOr<std::vector<std::uint64_t>> Circulation::SeriesMet() {
  Statement rows = read_.Prepare("SELECT DISTINCT series FROM sighting");
  std::set<std::uint64_t> series;
  CurrentSeries current(&directory_);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return std::vector(series.begin(), series.end());
    const std::uint64_t series_id = current.Of(rows.Id(0));
    if (series_id != 0) series.insert(series_id);
  }
}

absl::StatusOr<const Circulation::CaseRecord*> Circulation::Case(std::uint64_t case_id) {
  const auto [at, is_new] = cases_.try_emplace(case_id);
  CaseRecord& record = at->second;
  if (!is_new) return &record;
  Statement find =
      read_.Prepare("SELECT name, coalesce(agency, 0), files FROM case_record WHERE id = ?1");
  KITH_ASSIGN(const bool found, find.Bind(case_id).Step());
  if (!found) return absl::DataLossError("a case of the ledger is gone; run `kith store verify`");
  record.name = std::string(find.Text(0));
  record.files = find.Id(2);
  const auto agency = directory_.agencies.ById(find.Id(1));
  if (agency != nullptr) {
    record.agency = agency->name();
    record.desk = agency->desk();
  }
  return &record;
}

absl::StatusOr<const Circulation::CaseDoubt*> Circulation::DoubtOf(std::uint64_t case_id) {
  const auto [at, is_new] = doubts_.try_emplace(case_id);
  CaseDoubt& doubt = at->second;
  if (!is_new) return &doubt;
  KITH_ASSIGN(KnownOtherwise known, OpenAlertsOf(read_, case_id));
  doubt.open_alerts = std::move(known.alerts);
  KITH_ASSIGN(const bool complete, IsComplete(read_, case_id));
  doubt.incomplete = !complete;
  return &doubt;
}

absl::StatusOr<const Circulation::CaseCounts*> Circulation::CountsOf(std::uint64_t case_id) {
  const auto [at, is_new] = counts_.try_emplace(case_id);
  CaseCounts& counts = at->second;
  if (!is_new) return &counts;
  KITH_ASSIGN(const std::vector<SeriesCount> all, CountSeries(read_, directory_, case_id));
  for (const SeriesCount& count : all) counts.emplace(count.series_id, count);
  return &counts;
}

}  // namespace kith::casework
