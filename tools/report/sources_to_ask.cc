// SPDX-License-Identifier: Apache-2.0
#include "tools/report/sources_to_ask.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tools/report/deciding.h"

namespace kith::report {

bool IsBySourceAlone(const v1::ReportFile& file) {
  if (file.continued() || file.verdict() != v1::VERDICT_IDENTIFIED) return false;
  const Matches deciding = DecidingMatches(file);
  return !deciding.empty() &&
         std::none_of(deciding.begin(), deciding.end(), [](const v1::ReportMatch* match) {
           return match->series_status() == v1::SERIES_STATUS_IDENTIFIED;
         });
}

std::vector<SourceToAsk> SourcesToAsk(const v1::Report& report) {
  std::map<std::string, SourceToAsk> by_set;
  for (const v1::ReportFile& file : report.files()) {
    if (!IsBySourceAlone(file)) continue;
    std::set<std::string> counted;
    for (const v1::ReportMatch* match : DecidingMatches(file)) {
      SourceToAsk& source = by_set[match->set()];
      if (counted.insert(match->set()).second) ++source.files;
      if (!match->series().empty()) source.series.insert(match->series());
    }
  }
  std::vector<SourceToAsk> sources;
  for (auto& [name, source] : by_set) {
    source.set = name;
    for (const v1::ReportSet& set : report.sets()) {
      if (set.name() == name) source.source = set.source();
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace kith::report
