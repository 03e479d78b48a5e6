// SPDX-License-Identifier: Apache-2.0
//
// The report of a small check, with names that would do harm, and what is made of a report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/kith/v1/report.pb.h"
#include "tools/report/render.h"

namespace kith::report::sample {

inline constexpr char kHostile[] = "x\n<img src=x onerror=alert(1)>\u202E\x1b[2J.jpg";

inline v1::ReportFile& AddFile(v1::Report& report, const std::string& path, v1::Verdict verdict) {
  v1::ReportFile& file = *report.add_files();
  file.add_paths(path);
  file.set_verdict(verdict);
  file.set_disposition(v1::DISPOSITION_HASHED);
  file.set_sha256(std::string(64, 'a'));
  file.set_size_bytes(2048);
  return file;
}

inline v1::Report Sample() {
  v1::Report report;
  report.mutable_run()->set_started_at("2026-11-23T19:00:00Z");
  report.mutable_run()->set_program("kith 0.1.0");
  v1::ReportScope& scope = *report.mutable_scope();
  scope.set_case_name("DPD/1<2");
  scope.set_root("/mnt/a&b");
  scope.set_complete(true);
  scope.set_method("Digests and PDQ.");
  for (int verdict = 1; verdict <= 6; ++verdict) {
    auto& count = *report.mutable_summary()->add_verdicts();
    count.set_verdict(static_cast<v1::Verdict>(verdict));
    count.set_files(verdict <= 2 ? 1 : 0);
    count.set_paths(verdict == 1 ? 2 : count.files());
  }
  auto& hashed = *report.mutable_summary()->add_dispositions();
  hashed.set_disposition(v1::DISPOSITION_HASHED);
  hashed.set_paths(3);
  report.mutable_summary()->set_entries_walked(3);
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("Bluebell");
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.mutable_series()->set_agency("DPD");
  series.mutable_series()->mutable_contact()->set_contact_id(3);
  series.mutable_series()->mutable_contact()->set_name("J. Jansen");
  series.mutable_series()->mutable_contact()->set_phone("+31 6 1234");
  series.set_files(1);
  v1::ReportFile& identified = AddFile(report, kHostile, v1::VERDICT_IDENTIFIED);
  identified.add_paths("=cmd|' /C calc'!A0, \"b\".jpg");
  identified.set_total_matches(1);
  v1::ReportMatch& match = *identified.add_matches();
  match.set_entry_id(17);
  match.set_set("national");
  match.set_series("Bluebell");
  match.set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  match.set_by("pdq");
  match.set_distance_bits(4);
  match.set_orientation(v1::ORIENTATION_ROTATE90);
  AddFile(report, "b\xff.jpg", v1::VERDICT_RECOGNIZED);
  return report;
}

inline std::string Csv(const v1::Report& report) {
  std::string out;
  RenderCsv(report, [&out](std::string_view bytes) { out += bytes; });
  return out;
}

inline std::string Json(const v1::Report& report) {
  std::string out;
  RenderJson(report, [&out](std::string_view bytes) { out += bytes; });
  return out;
}

// The rows of a CSV as RFC 4180 reads them.
inline std::vector<std::vector<std::string>> Rows(const std::string& csv) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted && c == '"' && i + 1 < csv.size() && csv[i + 1] == '"') {
      rows.back().back() += csv[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\r') {
      if (i + 2 < csv.size()) rows.push_back({""});
      ++i;
    } else {
      rows.back().back() += c;
    }
  }
  return rows;
}

}  // namespace kith::report::sample
