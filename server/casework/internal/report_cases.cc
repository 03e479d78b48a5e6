// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/report_cases.h"

#include <cstdint>
#include <set>
#include <utility>

#include "server/casework/internal/report_parts.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {

absl::Status CountCasesOf(Circulation& circulation, std::vector<v1::ReportSeries>& series) {
  for (v1::ReportSeries& one : series) {
    KITH_ASSIGN(const Spread spread, circulation.SpreadOf(one.series()));
    one.set_cases(spread.cases);
    one.set_agencies(spread.agencies);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::ReportSighting>> MeetCases(Circulation& circulation,
                                                          const std::string& case_name,
                                                          std::vector<v1::ReportSeries>& series) {
  const std::string agency = case_name.substr(0, case_name.find('/'));
  std::vector<v1::ReportSighting> all;
  for (v1::ReportSeries& one : series) {
    KITH_ASSIGN(std::vector<v1::ReportSighting> sightings, circulation.Of(one.series()));
    std::set<std::string> agencies;
    for (v1::ReportSighting& sighting : sightings) {
      agencies.insert(sighting.agency());
      if (!case_name.empty()) {
        sighting.set_this_case(sighting.case_name() == case_name);
        sighting.set_this_agency(sighting.agency() == agency);
      }
      all.push_back(std::move(sighting));
    }
    one.set_cases(sightings.size());
    one.set_agencies(agencies.size());
  }
  return all;
}

void SumUp(const std::vector<v1::ReportSighting>& sightings,
           std::vector<v1::ReportSeries>& series) {
  for (v1::ReportSeries& one : series) {
    for (const v1::ReportSighting& sighting : sightings) {
      if (sighting.series() != one.series().code()) continue;
      one.set_files(one.files() + sighting.files());
      one.set_files_by_digest(one.files_by_digest() + sighting.files_by_digest());
      one.set_files_confirmed(one.files_confirmed() + sighting.files_confirmed());
    }
  }
}

absl::StatusOr<std::vector<v1::ReportSeries>> LeadsMet(Circulation& circulation,
                                                       const catalog::Directory& directory) {
  KITH_ASSIGN(const std::vector<std::uint64_t> met, circulation.SeriesMet());
  std::vector<v1::ReportSeries> series;
  for (const std::uint64_t id : met) {
    const auto one = directory.series.ById(id);
    if (one == nullptr || one->status() == v1::SERIES_STATUS_IDENTIFIED) continue;
    KITH_ASSIGN(const std::vector<v1::ReportSighting> sightings, circulation.Of(*one));
    if (sightings.empty()) continue;
    std::vector<v1::ReportSeries> alone = {SeriesRecord(*one, directory)};
    SumUp(sightings, alone);
    series.push_back(std::move(alone.front()));
  }
  SortSeries(series);
  return series;
}

}  // namespace kith::casework
