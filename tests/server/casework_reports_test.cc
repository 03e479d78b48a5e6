// SPDX-License-Identifier: Apache-2.0
// The reports beside the initial comparison, against a small world of which every number is known.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

  std::vector<std::string> roots_;
};

std::vector<std::string> Codes(const v1::Report& report) {
  std::vector<std::string> codes;
  for (const auto& series : report.series()) codes.push_back(series.series().code());
  return codes;
}
std::vector<std::string> Cases(const v1::Report& report) {
  std::vector<std::string> cases;
  for (const auto& sighting : report.sightings()) {
    cases.push_back(sighting.series() + " " + sighting.case_name());
  }
  std::sort(cases.begin(), cases.end());  // all met within one second
  return cases;
}

TEST_F(ReportsTest, InitialHasAllAndTellsDistancesInWords) {
  const v1::Report report = Get(v1::REPORT_KIND_INITIAL, "DPD/3");
  EXPECT_EQ(report.files_size(), 2);
  EXPECT_EQ(FileAt(report, "x").matches(0).nearness(), "very likely");
  EXPECT_EQ(FileAt(Get(v1::REPORT_KIND_INITIAL, "DPD/2"), "b").matches(0).nearness(),
            "same picture");
  EXPECT_EQ(FileAt(Get(v1::REPORT_KIND_INITIAL, "LKA/1"), "a").matches(0).nearness(), "same file");
  EXPECT_THAT(roots_, ElementsAre("/seized"));
}

TEST_F(ReportsTest, IdentificationHasTheIdentifiedSeriesAndTheirFilesOnly) {
  const v1::Report report = Get(v1::REPORT_KIND_IDENTIFICATION, "DPD/2");
  EXPECT_THAT(Codes(report), ElementsAre("BLUE"));
  EXPECT_EQ(report.series(0).files(), 1U);
  EXPECT_EQ(report.series(0).files_by_digest(), 1U);
  EXPECT_EQ(report.series(0).series().contact().name(), "A. Officer");
  EXPECT_EQ(report.series(0).agency_desk(), "+49 711 1");
  ASSERT_EQ(report.files_size(), 1);
  EXPECT_EQ(report.files(0).paths_size(), 2);
  EXPECT_EQ(Get(v1::REPORT_KIND_IDENTIFICATION, "DPD/3").series(0).nearest_lead_bits(), 15U);
}

TEST_F(ReportsTest, ASeriesIdentifiedLaterIsInTheReportAtOnce) {
  EXPECT_THAT(Codes(Get(v1::REPORT_KIND_IDENTIFICATION, "LKA/1")), ElementsAre("BLUE"));
  Identify("RED");
  const v1::Report report = Get(v1::REPORT_KIND_IDENTIFICATION, "LKA/1");
  EXPECT_THAT(Codes(report), ElementsAre("BLUE", "RED"));
  EXPECT_EQ(report.files_size(), 2);
  // The verdicts on record are older: the report says so.
  ASSERT_GE(report.scope().warnings_size(), 1);
  EXPECT_THAT(report.scope().warnings(0), HasSubstr("has changed since"));
}

TEST_F(ReportsTest, LeadsOfACaseNameTheOtherAgencies) {
  const v1::Report report = Get(v1::REPORT_KIND_LEADS, "DPD/2");
  EXPECT_THAT(Codes(report), ElementsAre("RED"));
  EXPECT_EQ(report.series(0).files(), 1U);
  EXPECT_EQ(report.series(0).cases(), 2U);
  EXPECT_EQ(report.series(0).agencies(), 2U);
  EXPECT_THAT(Cases(report), ElementsAre("RED DPD/2", "RED LKA/1"));
  for (const v1::ReportSighting& sighting : report.sightings()) {
    const bool own = sighting.case_name() == "DPD/2";
    EXPECT_EQ(sighting.this_case(), own);
    EXPECT_EQ(sighting.this_agency(), own);
    EXPECT_EQ(sighting.agency_desk(), own ? "" : "+49 711 1");
    EXPECT_EQ(sighting.files(), 1U);
    EXPECT_EQ(sighting.files_by_digest(), own ? 0U : 1U);
    EXPECT_EQ(sighting.first_seen_at().size(), 20U);
  }
  ASSERT_EQ(report.files_size(), 1);
  EXPECT_EQ(report.files(0).paths(0), "b");
}

TEST_F(ReportsTest, LeadsOfAllCases) {
  const v1::Report report = Get(v1::REPORT_KIND_LEADS);
  EXPECT_THAT(Codes(report), ElementsAre("RED"));
  EXPECT_EQ(report.series(0).files(), 2U);
  EXPECT_EQ(report.series(0).files_by_digest(), 1U);
  EXPECT_THAT(Cases(report), ElementsAre("RED DPD/2", "RED LKA/1"));
  EXPECT_EQ(report.files_size(), 0);
  EXPECT_FALSE(report.has_summary());
}

TEST_F(ReportsTest, CirculationOfASeries) {
  const v1::Report report = Get(v1::REPORT_KIND_CIRCULATION, "", "BLUE");
  EXPECT_EQ(report.scope().series(), "BLUE");
  EXPECT_THAT(Cases(report), ElementsAre("BLUE DPD/2", "BLUE DPD/3", "BLUE LKA/1"));
  EXPECT_EQ(report.series(0).cases(), 3U);
  EXPECT_EQ(report.series(0).agencies(), 2U);
  EXPECT_EQ(report.series(0).files(), 3U);
  EXPECT_EQ(report.series(0).files_by_digest(), 2U);
}

TEST_F(ReportsTest, CirculationOfACase) {
  const v1::Report report = Get(v1::REPORT_KIND_CIRCULATION, "DPD/2");
  EXPECT_THAT(Codes(report), ElementsAre("BLUE", "RED"));
  EXPECT_EQ(report.series(0).cases(), 3U);
  EXPECT_EQ(report.series(1).cases(), 2U);
  EXPECT_EQ(report.sightings_size(), 5);
}

TEST_F(ReportsTest, WhatIsWithdrawnDoesNotCirculate) {
  v1::ListEntriesRequest list;
  list.set_series("RED");
  Withdraw(Must(engine_->ListEntries(list)).entries(0).entry_id());
  Check("DPD/2", {}, 4);  // the files on record are matched again
  const v1::Report report = Get(v1::REPORT_KIND_CIRCULATION, "", "RED");
  EXPECT_THAT(Cases(report), ElementsAre("RED LKA/1"));
}

TEST_F(ReportsTest, MethodStatesWhatTheServiceDoesAndTheRunsOfTheCase) {
  const v1::Report store = Get(v1::REPORT_KIND_METHOD);
  EXPECT_THAT(store.method().program(), HasSubstr("kith "));
  EXPECT_EQ(store.method().entries(), 2U);
  EXPECT_EQ(store.method().codes(), 2U);
  EXPECT_EQ(store.method().digests(), 2U);
  EXPECT_EQ(store.method().minimum_quality(), 50U);
  EXPECT_EQ(store.method().max_radius_bits(), 31U);
  EXPECT_GE(store.method().libraries_size(), 3);
  EXPECT_EQ(store.method().bands_size(), 3);
  EXPECT_EQ(store.method().runs_size(), 0);
  EXPECT_EQ(store.sets_size(), 2);
  Check("LKA/1", {}, 5);
  const v1::Report report = Get(v1::REPORT_KIND_METHOD, "LKA/1");
  ASSERT_EQ(report.method().runs_size(), 2);
  EXPECT_TRUE(report.method().runs(0).complete());
  EXPECT_EQ(report.method().runs(0).entries_walked(), 5U);
  EXPECT_EQ(report.method().runs(0).entries_sent(), 5U);
  EXPECT_EQ(report.method().runs(1).entries_resumed(), 5U);
}

TEST_F(ReportsTest, SayWhatTheyAreOf) {
  EXPECT_EQ(Try(v1::REPORT_KIND_CIRCULATION, "LKA/1", "BLUE").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Try(v1::REPORT_KIND_LEADS, "", "BLUE").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Try(v1::REPORT_KIND_IDENTIFICATION, "LKA/1", "BLUE").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Try(v1::REPORT_KIND_CIRCULATION, "", "GREEN").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Try(v1::REPORT_KIND_IDENTIFICATION, "LKA/9").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Try(static_cast<v1::ReportKind>(99), "LKA/1").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ReportsTest, TheSameLedgerGivesTheSameBytes) {
  for (const auto kind : {v1::REPORT_KIND_IDENTIFICATION, v1::REPORT_KIND_LEADS,
                          v1::REPORT_KIND_CIRCULATION, v1::REPORT_KIND_METHOD}) {
    const std::string once = Get(kind, "DPD/2").SerializeAsString();
    OpenEngine();
    EXPECT_EQ(Get(kind, "DPD/2").SerializeAsString(), once) << kind;
  }
}

TEST_F(ReportsTest, OfEverythingNameAllFoldersThatWereChecked) {
  auto run = Start("DPD/5", "/elsewhere");
  End(*run, 0);
  EXPECT_EQ(Get(v1::REPORT_KIND_LEADS).series_size(), 1);
  EXPECT_THAT(roots_, ElementsAre("/elsewhere", "/seized"));
  EXPECT_EQ(Get(v1::REPORT_KIND_LEADS, "DPD/5").series_size(), 0);
  EXPECT_THAT(roots_, ElementsAre("/elsewhere"));
}

}  // namespace
}  // namespace kith::server::testing
