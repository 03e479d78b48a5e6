// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_method.h"

#include <string>
#include <vector>

#include "tools/report/html_charts.h"
#include "tools/report/html_page.h"
#include "tools/report/nearness.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

constexpr std::size_t kDistances = 32;

}  // namespace

std::string SetsSection(const v1::Report& report) {
  TableHtml table(
      {{"Hash set"}, {"Source"}, {"Version"}, {"Purpose"}, {"Radius", true}, {"Entries", true}});
  for (const v1::ReportSet& set : report.sets()) {
    table.Add({{E(set.name()), "code"},
               {E(set.source())},
               {E(set.version())},
               {PurposeWord(set.purpose()) + (set.enabled() ? "" : ", off")},
               {std::to_string(set.radius_bits())},
               {Number(set.entries())}});
  }
  return table.empty() ? "" : Section({.id = "sets", .title = "Compared with"}, table.Html());
}

std::string DistanceSection(const v1::Report& report) {
  std::vector<std::uint64_t> values(kDistances, 0);
  bool any = false;
  for (const auto& count : report.summary().distances()) {
    if (count.distance_bits() >= kDistances) continue;
    values[count.distance_bits()] += count.files();
    any = any || count.files() > 0;
  }
  if (!any) return "";
  std::vector<Stretch> stretches;
  std::size_t from = 0;
  for (const Band& band : kBands) {
    stretches.push_back({std::string(band.words), from, band.to_bits});
    from = band.to_bits + 1;
  }
  return Section(
      {.id = "distances",
       .title = "How near the leads are",
       .intro_html = "Files by the distance of their nearest lead, in bits of 256. Fewer "
                     "bits: more alike. The words are no proof: a person must confirm."},
      Histogram({.id = "distance", .title = "Files by distance", .one = "file"}, "bit", values,
                stretches));
}

}  // namespace kith::report
