// SPDX-License-Identifier: Apache-2.0
//
// A small world of which every number is known.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/server/casework_fixture.h"

namespace kith::server::testing {

// Three cases of two agencies. BLUE (identified): 11 by digest in LKA/1 and DPD/2, near 11 in
// DPD/3. RED (not identified): 21 in LKA/1 and DPD/2. New: 31 in LKA/1 and, altered, in DPD/2 and
// DPD/3; 32 in LKA/1 alone.
class ReportsTest : public CaseworkTest {
 protected:
  ReportsTest() {
    AddEntry("known", "BLUE", 11);
    AddEntry("known", "RED", 21);
    Check("LKA/1", {Picture("a", 11), Picture("b", 21), Picture("c", 31), Picture("d", 32),
                    Other("e", v1::DISPOSITION_UNREADABLE)});
    Check("DPD/2",
          {Picture("a", 11), Picture("again/a", 11), Picture("b", 21, 4), Picture("c", 31, 9)});
    Check("DPD/3", {Picture("x", 11, 15), Picture("y", 31, 18)});
  }

  absl::StatusOr<v1::Report> Try(v1::ReportKind kind, const std::string& case_name = "",
                                 const std::string& series = "") {
    v1::GetReportRequest request;
    request.set_kind(kind);
    request.set_case_name(case_name);
    request.set_series(series);
    v1::Report report;
    roots_.clear();
    const absl::Status status = engine_->GetReport(request, [&](v1::GetReportResponse response) {
      report.MergeFrom(response.report());
      for (const std::string& root : response.checked_roots()) roots_.push_back(root);
      return true;
    });
    if (!status.ok()) return status;
    EXPECT_EQ(report.kind(), kind);
    return report;
  }
  template <typename... More>
  v1::Report Get(v1::ReportKind kind, const More&... more) {
    return Must(Try(kind, more...));
  }

  // A file that stands in a benign set.
  static v1::EvidenceFile Stock(const std::string& path) { return Picture(path, 41); }
  void Say(v1::OpinionKind kind, const v1::EvidenceFile& file, std::uint64_t entry,
           const std::string& why) {
    v1::GiveOpinionRequest request;
    request.set_sha256(file.fingerprint().digests().sha256());
    request.set_entry_id(entry);
    request.set_kind(kind);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why(why);
    Must(engine_->GiveOpinion(request));
  }
  std::vector<std::string> WarningsOf(const std::string& case_name) {
    const v1::Report report = Get(v1::REPORT_KIND_INITIAL, case_name);
    return {report.scope().warnings().begin(), report.scope().warnings().end()};
  }

  std::vector<std::string> roots_;
};

// "RED LKA/1" of each sighting.
inline std::vector<std::string> Cases(const v1::Report& report) {
  std::vector<std::string> cases;
  for (const auto& sighting : report.sightings()) {
    cases.push_back(sighting.series() + " " + sighting.case_name());
  }
  std::sort(cases.begin(), cases.end());  // all met within one second
  return cases;
}

}  // namespace kith::server::testing
