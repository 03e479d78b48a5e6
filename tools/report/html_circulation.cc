// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "tools/report/deciding.h"
#include "tools/report/html_charts.h"
#include "tools/report/html_page.h"
#include "tools/report/html_series.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// And not of one series.
bool IsOfCase(const v1::Report& report) { return report.scope().series().empty(); }

std::string SeriesSection(const v1::Report& report, std::size_t most) {
  constexpr int kBars = 20;
  std::vector<Bar> bars;
  for (int i = 0; i < std::min(kBars, report.series_size()); ++i) {
    const v1::ReportSeries& series = report.series(i);
    bars.push_back({.label = series.series().code(),
                    .value = series.cases(),
                    .css = IsIdentified(series) ? "IDENTIFIED"
                           : IsUnsaid(series)   ? "UNDETERMINED"
                                                : "RECOGNIZED",
                    .note = "of " + Counted(series.agencies(), "agency", "agencies")});
  }
  TableHtml table({{"Series"},
                   {"Status"},
                   {"Files here", true},
                   {"Certain", true},
                   {"Cases in all", true},
                   {"Agencies", true},
                   {"Identified by"}});
  for (const v1::ReportSeries& series : report.series()) {
    if (table.rows() == most) break;
    table.Add({{E(series.series().code()), "code"},
               {std::string(StatusMeaning(series.series().status()))},
               {Number(series.files())},
               {Number(series.files_by_digest() + series.files_confirmed())},
               {Number(series.cases())},
               {Number(series.agencies())},
               {IsIdentified(series) ? IdentifiedBy(series) : ""}});
  }
  return Section(
      {.id = "wide",
       .title = "How widely its series circulate",
       .intro_html = "Cases in which each series was met, this one too."},
      BarChart({.id = "cases", .title = "Cases by series", .one = "case"}, bars) + table.Html() +
          ShownOf(most, static_cast<std::size_t>(report.series_size()), "circulation.json"));
}

std::string SightingsSection(const v1::Report& report, std::size_t most) {
  std::vector<std::string> moments;
  for (const v1::ReportSighting& sighting : report.sightings()) {
    moments.push_back(sighting.first_seen_at());
  }
  TableHtml table({{"First met"},
                   {"Series"},
                   {"Case"},
                   {"Agency"},
                   {"How to reach it"},
                   {"Files", true},
                   {"Certain", true}});
  for (const v1::ReportSighting& sighting : report.sightings()) {
    if (table.rows() == most) break;
    table.Add(
        {{E(sighting.first_seen_at().substr(0, 10))},
         {E(sighting.series()), "code"},
         {E(sighting.case_name()) + SightingTags(sighting)},
         {E(sighting.agency())},
         {E(sighting.agency_desk())},
         {Number(sighting.files())},
         {sighting.purged() ? ""
                            : Number(sighting.files_by_digest() + sighting.files_confirmed())}});
  }
  if (table.empty()) return {};
  return Section(
      {.id = "sightings",
       .title = "When and where it was met",
       .count_html = Number(static_cast<std::uint64_t>(report.sightings_size())),
       .intro_html =
           std::string(IsOfCase(report)
                           ? "A sighting is one series in one case. Each is counted when "
                             "the case first met the series. "
                           : "Each case is counted when it first met the series. ") +
           "Certain: by digest, or as a person has confirmed. Of a purged case the number "
           "of files is left."},
      TimeChart({.id = "time", .title = "Sightings over time", .one = "sighting"}, moments) +
          table.Html() +
          ShownOf(most, static_cast<std::size_t>(report.sightings_size()), "the CSV file"));
}

}  // namespace

std::string CirculationSections(const v1::Report& report, std::size_t most) {
  const bool of_case = IsOfCase(report);
  return (of_case && !report.series().empty() ? SeriesSection(report, most) : "") +
         SightingsSection(report, most);
}

}  // namespace kith::report
