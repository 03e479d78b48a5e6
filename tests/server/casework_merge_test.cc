// SPDX-License-Identifier: Apache-2.0
//
// Series that are merged, as cases and reports see them: at once, without a run or a refresh, and
// whatever the cases had on record before.
#include <string>
#include <vector>

#include "tests/server/casework_merge_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(MergeTest, ThePurgedCasesOfAMergedSeriesCirculateAsTheOther) {
  AddEntry("known", "RED", 1);
  AddEntry("known", "BLUE", 2);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("LKA/2", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Sql("UPDATE sighting SET first_seen_at = '2026-01-05T10:00:00Z' WHERE case_record = 1");
  Purge("LKA/1");
  Must(Merge("RED", "BLUE"));
  // Neither case was refreshed, and the first never can be.
  for (const char* code : {"BLUE", "RED"}) {
    EXPECT_THAT(Circulation(code),
                ElementsAre("BLUE LKA/1: 1, purged, 2026-01-05",
                            absl::StrCat("BLUE LKA/2: 2, 2 by digest, ", today_)));
  }
  const v1::GetCaseResponse purged = GetCase("LKA/1");
  ASSERT_EQ(purged.sightings_size(), 1);
  EXPECT_EQ(purged.sightings(0).series(), "BLUE");
  EXPECT_EQ(purged.sightings(0).files(), 1U);
  EXPECT_EQ(purged.sightings(0).first_seen_at(), "2026-01-05T10:00:00Z");
  // Its own circulation was refused.
  const v1::Report own = Get(v1::REPORT_KIND_CIRCULATION, "LKA/1");
  ASSERT_EQ(own.series_size(), 1);
  EXPECT_EQ(own.series(0).series().code(), "BLUE");
  EXPECT_EQ(own.series(0).files(), 1U);
  EXPECT_EQ(own.series(0).cases(), 2U);
  EXPECT_EQ(own.scope().case_name(), "LKA/1");
  EXPECT_TRUE(own.scope().complete());
  ASSERT_EQ(own.sightings_size(), 2);
  EXPECT_TRUE(own.sightings(0).this_case());
  EXPECT_TRUE(own.sightings(0).purged());
  ASSERT_EQ(own.scope().remarks_size(), 1);
  EXPECT_THAT(own.scope().remarks(0), HasSubstr("expunged on "));
  Refresh("LKA/2");
  EXPECT_EQ(Circulation("BLUE").size(), 2U);
  Unmerge("RED");
  EXPECT_THAT(Circulation("RED"), ElementsAre("RED LKA/1: 1, purged, 2026-01-05"));
}

TEST_F(MergeTest, AFileThatMatchesBothSeriesCountsOnce) {
  AddEntry("known", "RED", 1);
  AddNear("BLUE", 1, 6);
  AddNear("BLUE", 1, 9);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Sql("UPDATE sighting SET first_seen_at = '2026-01-05T10:00:00Z' WHERE series = 2");
  EXPECT_EQ(GetCase("LKA/1").sightings_size(), 2);
  Must(Merge("RED", "BLUE"));
  for (int round = 0; round < 2; ++round, Refresh("LKA/1")) {
    EXPECT_THAT(Circulation("BLUE"), ElementsAre("BLUE LKA/1: 1, 1 by digest, 2026-01-05"));
    const v1::GetCaseResponse found = GetCase("LKA/1");
    ASSERT_EQ(found.sightings_size(), 1);
    EXPECT_EQ(found.sightings(0).series(), "BLUE");
    EXPECT_EQ(found.sightings(0).files(), 1U);
    EXPECT_EQ(found.sightings(0).first_seen_at(), "2026-01-05T10:00:00Z");
    const v1::Report report = GetReport("LKA/1");
    ASSERT_EQ(report.series_size(), 1);
    EXPECT_EQ(report.series(0).files(), 1U);
    EXPECT_EQ(report.series(0).files_by_digest(), 1U);
    EXPECT_EQ(report.series(0).nearest_lead_bits(), 6U);
  }
  // What was expunged cannot be told apart; never more than there was.
  Unmerge("RED");
  Refresh("LKA/1");
  Purge("LKA/1");
  EXPECT_THAT(Circulation("RED"), ElementsAre("RED LKA/1: 1, purged, 2026-01-05"));
  Must(Merge("RED", "BLUE"));
  EXPECT_THAT(Circulation("BLUE"), ElementsAre("BLUE LKA/1: 1, purged, 2026-01-05"));
  EXPECT_EQ(GetCase("LKA/1").sightings(0).files(), 1U);
}

// Whom to call must not wait for the next run.
TEST_F(MergeTest, ReportsTellWhomToCallAtOnce) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  EXPECT_EQ(Get(v1::REPORT_KIND_LEADS, "").series_size(), 1);
  Must(Merge("RED", "BLUE"));
  const v1::Report report = Get(v1::REPORT_KIND_IDENTIFICATION, "LKA/1");
  ASSERT_EQ(report.series_size(), 1);
  EXPECT_EQ(report.series(0).series().code(), "BLUE");
  EXPECT_EQ(report.series(0).series().contact().name(), "A. Officer");
  EXPECT_EQ(report.series(0).files(), 1U);
  ASSERT_EQ(report.files_size(), 1);
  // By this code the pages find the series that the file belongs to.
  EXPECT_EQ(report.files(0).matches(0).series(), "BLUE");
  for (const char* name : {"LKA/1", ""}) {
    const v1::Report leads = Get(v1::REPORT_KIND_LEADS, name);
    EXPECT_EQ(leads.series_size(), 0);
    EXPECT_EQ(leads.sightings_size(), 0);
    EXPECT_EQ(leads.files_size(), 0);
  }
  const v1::Report met = Get(v1::REPORT_KIND_CIRCULATION, "LKA/1");
  ASSERT_EQ(met.series_size(), 1);
  EXPECT_EQ(met.series(0).cases(), 1U);
  // A chain of merges.
  AddSeries("GREEN");
  Identify("GREEN");
  Must(Merge("BLUE", "GREEN"));
  EXPECT_EQ(Get(v1::REPORT_KIND_IDENTIFICATION, "LKA/1").series(0).series().code(), "GREEN");
}

TEST_F(MergeTest, LeadsOfAllCasesCountMergedSeriesAsOne) {
  AddSeries("GREEN");
  AddEntry("known", "RED", 1);
  AddEntry("known", "GREEN", 2);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("DPD/1", {Picture("b.jpg", 2)});
  Must(Merge("GREEN", "RED"));
  const v1::Report report = Get(v1::REPORT_KIND_LEADS, "");
  ASSERT_EQ(report.series_size(), 1);
  EXPECT_EQ(report.series(0).series().code(), "RED");
  EXPECT_EQ(report.series(0).cases(), 2U);
  EXPECT_EQ(report.series(0).agencies(), 2U);
  EXPECT_EQ(report.series(0).files(), 2U);
}

// The number on record had the file twice, beside a case that held it once.
TEST_F(MergeTest, APurgeCountsAFileOnceThatMatchedSeriesWhichWereMerged) {
  AddSeries("GREEN");
  AddEntry("known", "RED", 1);
  AddNear("BLUE", 1, 6);
  AddNear("GREEN", 2, 6);
  AddEntry("known", "RED", 2);
  AddEntry("known", "RED", 3);
  const std::vector<v1::EvidenceFile> files = {Picture("a.jpg", 1), Picture("b.jpg", 2),
                                               Picture("c.jpg", 3), Picture("d.jpg", 4),
                                               Picture("e.jpg", 5), Picture("f.jpg", 6)};
  Check("LKA/1", files);
  Check("LKA/2", {files[1], files[3], files[4]});
  Must(Merge("RED", "BLUE"));
  Must(Merge("GREEN", "BLUE"));
  const auto counted = [&](const std::string& name) {
    const v1::GetCaseResponse found = GetCase(name);
    EXPECT_EQ(found.sightings_size(), 1) << name;
    return found.sightings_size() == 1 ? found.sightings(0).files() : 0;
  };
  EXPECT_EQ(counted("LKA/1"), 3U);
  EXPECT_EQ(counted("LKA/2"), 1U);
  Purge("LKA/1");
  Purge("LKA/2");  // which never met BLUE itself
  EXPECT_EQ(counted("LKA/1"), 3U);
  EXPECT_EQ(counted("LKA/2"), 1U);
  EXPECT_THAT(Circulation("BLUE"),
              ElementsAre("BLUE LKA/1: 3, purged, " + today_, "BLUE LKA/2: 1, purged, " + today_));
  // Taken back: what matched that series alone is its own again.
  Unmerge("RED");
  EXPECT_THAT(Circulation("RED"), ::testing::Contains("RED LKA/1: 2, purged, " + today_));
}

}  // namespace
}  // namespace kith::server::testing
