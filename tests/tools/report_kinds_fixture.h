// SPDX-License-Identifier: Apache-2.0
//
// Reports of the kinds beside the initial comparison, and what is made of them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tools/report/render.h"

namespace kith::report {

inline constexpr char kHostile[] = "<b onmouseover=alert(1)>\"'&\n\u202Ex";
inline constexpr char kHostileHtml[] =
    "&lt;b onmouseover=alert(1)&gt;&quot;&#39;&amp;\\n\\u{202E}x";

inline v1::Report Of(v1::ReportKind kind) {
  v1::Report report;
  report.set_kind(kind);
  report.mutable_scope()->set_case_name("NORTH/1");
  report.mutable_scope()->set_complete(true);
  return report;
}

inline v1::ReportSeries& AddSeries(v1::Report& report, const std::string& code, bool identified) {
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code(code);
  series.mutable_series()->set_status(identified ? v1::SERIES_STATUS_IDENTIFIED
                                                 : v1::SERIES_STATUS_UNIDENTIFIED);
  if (identified) series.mutable_series()->set_agency("NORTH");
  series.set_agency_desk("desk@north.example");
  series.set_files(3);
  series.set_files_by_digest(1);
  series.set_cases(2);
  series.set_agencies(2);
  return series;
}

inline void AddSighting(v1::Report& report, const std::string& series, const std::string& name,
                        const std::string& at, bool own) {
  v1::ReportSighting& sighting = *report.add_sightings();
  sighting.set_series(series);
  sighting.set_case_name(name);
  sighting.set_agency(name.substr(0, name.find('/')));
  sighting.set_agency_desk("=desk");
  sighting.set_first_seen_at(at);
  sighting.set_files(3);
  sighting.set_this_case(own);
  sighting.set_this_agency(own);
}

inline void AddFile(v1::Report& report, const std::string& series, const std::string& by,
                    unsigned bits, const std::string& nearness) {
  v1::ReportFile& file = *report.add_files();
  file.add_paths(kHostile);
  file.set_sha256(std::string(64, 'a'));
  file.set_md5(std::string(32, 'b'));
  file.set_verdict(v1::VERDICT_IDENTIFIED);
  file.set_rule("a known match says identified");
  file.set_total_matches(1);
  v1::ReportMatch& match = *file.add_matches();
  match.set_series(series);
  match.set_set("national");
  match.set_by(by);
  match.set_distance_bits(bits);
  match.set_nearness(nearness);
  match.set_purpose(v1::PURPOSE_KNOWN);
}

inline std::string Csv(const v1::Report& report) {
  std::string out;
  RenderCsv(report, [&out](std::string_view bytes) { out += bytes; });
  return out;
}
inline nlohmann::json Json(const v1::Report& report) {
  std::string out;
  RenderJson(report, [&out](std::string_view bytes) { out += bytes; });
  return nlohmann::json::parse(out);
}

}  // namespace kith::report
