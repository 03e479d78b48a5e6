// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/circulation.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "server/casework/internal/sql.h"

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

absl::StatusOr<std::vector<v1::ReportSighting>> Circulation::Of(const v1::Series& series) {
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
  std::vector<v1::ReportSighting> sightings;
  for (const auto& [case_id, when] : seen) {
    KITH_ASSIGN(const CaseRecord* record, Case(case_id));
    const auto count = record->counts.find(series.series_id());
    // Met once; what it met was withdrawn since.
    if (count == record->counts.end() && when.files_when_purged == 0) continue;
    v1::ReportSighting& sighting = sightings.emplace_back();
    sighting.set_series(series.code());
    sighting.set_case_name(record->name);
    sighting.set_agency(record->agency);
    sighting.set_agency_desk(record->desk);
    sighting.set_first_seen_at(when.first_seen_at);
    if (count == record->counts.end()) {
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
  KITH_ASSIGN(const std::vector<SeriesCount> counts, CountSeries(read_, directory_, case_id));
  for (const SeriesCount& count : counts) record.counts.emplace(count.series_id, count);
  return &record;
}

}  // namespace kith::casework
