// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/circulation.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "server/casework/internal/sql.h"

namespace kith::casework {

using catalog::Statement;

absl::StatusOr<std::vector<v1::ReportSighting>> Circulation::Of(const v1::Series& series) {
  Statement rows = read_.Prepare(
      "SELECT case_record, first_seen_at, files_when_purged FROM sighting WHERE series = ?1 ORDER "
      "BY case_record");
  rows.Bind(series.series_id());
  std::vector<v1::ReportSighting> sightings;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    KITH_ASSIGN(const CaseRecord* record, Case(rows.Id(0)));
    const auto count = record->counts.find(series.series_id());
    const std::uint64_t purged = rows.Id(2);
    // Met once; what it met was withdrawn since.
    if (count == record->counts.end() && purged == 0) continue;
    v1::ReportSighting& sighting = sightings.emplace_back();
    sighting.set_series(series.code());
    sighting.set_case_name(record->name);
    sighting.set_agency(record->agency);
    sighting.set_agency_desk(record->desk);
    sighting.set_first_seen_at(std::string(rows.Text(1)));
    if (count == record->counts.end()) {
      sighting.set_files(purged);
      sighting.set_purged(true);
    } else {
      sighting.set_files(count->second.files);
      sighting.set_files_by_digest(count->second.files_by_digest);
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
  Statement rows = read_.Prepare("SELECT DISTINCT series FROM sighting ORDER BY series");
  std::vector<std::uint64_t> series;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return series;
    series.push_back(rows.Id(0));
  }
}

absl::StatusOr<const Circulation::CaseRecord*> Circulation::Case(std::uint64_t case_id) {
  const auto [at, is_new] = cases_.try_emplace(case_id);
  CaseRecord& record = at->second;
  if (!is_new) return &record;
  Statement find = read_.Prepare("SELECT name, coalesce(agency, 0) FROM case_record WHERE id = ?1");
  KITH_ASSIGN(const bool found, find.Bind(case_id).Step());
  if (!found) return absl::DataLossError("a case of the ledger is gone; run `kith store verify`");
  record.name = std::string(find.Text(0));
  const auto agency = directory_.agencies.ById(find.Id(1));
  if (agency != nullptr) {
    record.agency = agency->name();
    record.desk = agency->desk();
  }
  KITH_ASSIGN(const std::vector<SeriesCount> counts, CountSeries(read_, case_id));
  for (const SeriesCount& count : counts) record.counts.emplace(count.series_id, count);
  return &record;
}

}  // namespace kith::casework
