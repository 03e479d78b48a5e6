// SPDX-License-Identifier: Apache-2.0
//
// The reports beside the initial comparison, against a small world of which every number is known.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/server/casework_reports_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Codes(const v1::Report& report) {
  std::vector<std::string> codes;
  for (const auto& series : report.series()) codes.push_back(series.series().code());
  return codes;
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
  EXPECT_THAT(report.scope().warnings(0), HasSubstr("known otherwise now: alert 1"));
}

// In which case a series is found now was in no report on a check.
TEST_F(ReportsTest, InitialAndIdentificationTellInHowManyCases) {
  for (const auto kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_IDENTIFICATION}) {
    const v1::Report report = Get(kind, "DPD/3");
    ASSERT_EQ(report.series_size(), 1);
    EXPECT_EQ(report.series(0).cases(), 3U);
    EXPECT_EQ(report.series(0).agencies(), 2U);
    EXPECT_EQ(report.sightings_size(), 0);
  }
  EXPECT_EQ(Check("LKA/8", {Picture("a", 11)}).series(0).cases(), 4U);
  // A look-up is no case.
  EXPECT_EQ(Check("", {Picture("a", 11)}).series(0).cases(), 0U);
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

// Stock files of a benign list were told as never seen before, and headed the clusters.
TEST_F(ReportsTest, WhatABenignSetHoldsIsHarmlessAndNotNew) {
  AddEntry("harmless", "", 41);
  Check("LKA/4", {Stock("stock.jpg"), Picture("near.jpg", 41, 9), Picture("new.jpg", 51)});
  Check("DPD/4", {Stock("stock.jpg")});
  const v1::Report report = Get(v1::REPORT_KIND_INITIAL, "LKA/4");
  EXPECT_EQ(FileAt(report, "stock.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_TRUE(FileAt(report, "stock.jpg").harmless());
  // What merely lies near a benign picture is new.
  EXPECT_FALSE(FileAt(report, "near.jpg").harmless());
  EXPECT_FALSE(FileAt(report, "new.jpg").harmless());
  EXPECT_EQ(report.summary().harmless_files(), 1U);
  EXPECT_EQ(report.summary().rejected_files(), 0U);
  std::vector<std::string> listed;
  const v1::Report worklist = Get(v1::REPORT_KIND_WORKLIST, "LKA/4");
  for (const v1::ReportCluster& cluster : worklist.clusters()) {
    for (const v1::ReportClusterFile& file : cluster.listed()) listed.push_back(file.path());
  }
  std::sort(listed.begin(), listed.end());
  EXPECT_THAT(listed, ElementsAre("near.jpg", "new.jpg"));
  const v1::ListClustersResponse clusters = Must(engine_->ListClusters({}));
  for (const v1::Cluster& cluster : clusters.clusters()) {
    EXPECT_THAT(cluster.case_names(), Not(Contains("DPD/4")));
  }
  // A known list that holds the very file is another matter.
  AddEntry("known", "RED", 41);
  v1::RefreshCaseRequest refresh;
  refresh.set_name("LKA/4");
  Must(engine_->RefreshCase(refresh));
  const v1::Report again = Get(v1::REPORT_KIND_INITIAL, "LKA/4");
  EXPECT_EQ(FileAt(again, "stock.jpg").verdict(), v1::VERDICT_CONFLICT);
  EXPECT_FALSE(FileAt(again, "stock.jpg").harmless());
  EXPECT_EQ(again.summary().harmless_files(), 0U);
}

// One whose only lead was rejected said that nothing matched, and was counted as never seen.
TEST_F(ReportsTest, AFileWhoseOnlyLeadsWereRejectedSaysSo) {
  const v1::EvidenceFile lead = Picture("x", 11, 15);  // of DPD/3
  const std::uint64_t entry =
      FileAt(Get(v1::REPORT_KIND_INITIAL, "DPD/3"), "x").matches(0).entry_id();
  Say(v1::OPINION_KIND_REJECTED, lead, entry, "another room");
  const v1::Report report = Get(v1::REPORT_KIND_INITIAL, "DPD/3");
  EXPECT_EQ(FileAt(report, "x").verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(FileAt(report, "x").rule(), "its only leads were rejected by a person");
  EXPECT_EQ(FileAt(report, "y").rule(), "compared by PDQ and digest; nothing matches");
  EXPECT_EQ(report.summary().rejected_files(), 1U);
  EXPECT_EQ(report.summary().harmless_files(), 0U);
}

// Two reports on one state disagreed on what is certain, and none said who confirmed it.
TEST_F(ReportsTest, WhatAPersonConfirmedIsCountedAndToldEverywhere) {
  const v1::EvidenceFile lead = Picture("x", 11, 15);  // of DPD/3
  const std::uint64_t entry =
      FileAt(Get(v1::REPORT_KIND_INITIAL, "DPD/3"), "x").matches(0).entry_id();
  EXPECT_EQ(Get(v1::REPORT_KIND_IDENTIFICATION, "DPD/3").series(0).files_confirmed(), 0U);
  EXPECT_FALSE(FileAt(Get(v1::REPORT_KIND_INITIAL, "DPD/3"), "x").matches(0).has_given());
  Say(v1::OPINION_KIND_CONFIRMED, lead, entry, "same room");
  for (const auto kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_IDENTIFICATION}) {
    const v1::Report report = Get(kind, "DPD/3");
    EXPECT_EQ(report.series(0).files_confirmed(), 1U);
    EXPECT_EQ(report.series(0).files_by_digest(), 0U);
    const v1::Opinion& given = FileAt(report, "x").matches(0).given();
    EXPECT_EQ(given.kind(), v1::OPINION_KIND_CONFIRMED);
    EXPECT_EQ(given.who(), "J. Jansen");
    EXPECT_EQ(given.why(), "same room");
    EXPECT_EQ(given.at().size(), 20U);
  }
  const v1::Report circulation = Get(v1::REPORT_KIND_CIRCULATION, "", "BLUE");
  EXPECT_EQ(circulation.series(0).files_confirmed(), 1U);
  EXPECT_EQ(circulation.series(0).files_by_digest(), 2U);
  for (const v1::ReportSighting& sighting : circulation.sightings()) {
    EXPECT_EQ(sighting.files_confirmed(), sighting.case_name() == "DPD/3" ? 1U : 0U);
  }
}

// A file with a digest match and a confirmed lead to one series is counted once.
TEST_F(ReportsTest, WhatADigestMakesCertainIsNotCountedAsConfirmed) {
  v1::AddEntriesRequest request;
  request.set_set("known");
  request.set_series("BLUE");
  *request.add_entries()->mutable_codes() = EntryOf(11).codes();
  request.mutable_entries(0)->mutable_digests()->set_md5(std::string(16, 'm'));
  const std::uint64_t lead = Must(engine_->AddEntries(request)).entries(0).entry_id();
  v1::RefreshCaseRequest refresh;
  refresh.set_name("LKA/1");
  Must(engine_->RefreshCase(refresh));
  Say(v1::OPINION_KIND_CONFIRMED, Picture("a", 11), lead, "the same");
  const v1::Report report = Get(v1::REPORT_KIND_IDENTIFICATION, "LKA/1");
  EXPECT_EQ(report.series(0).files(), 1U);
  EXPECT_EQ(report.series(0).files_by_digest(), 1U);
  EXPECT_EQ(report.series(0).files_confirmed(), 0U);
}

// Whoever must explain a report could not see who had said what of a lead.
TEST_F(ReportsTest, MethodListsWhatPeopleSaidOfTheFilesOfTheCase) {
  const std::uint64_t entry =
      FileAt(Get(v1::REPORT_KIND_INITIAL, "DPD/3"), "x").matches(0).entry_id();
  EXPECT_EQ(Get(v1::REPORT_KIND_METHOD, "DPD/3").files_size(), 0);
  Say(v1::OPINION_KIND_CONFIRMED, Picture("x", 11, 15), entry, "same room");
  Say(v1::OPINION_KIND_REJECTED, Picture("x", 11, 15), entry, "another door");
  EXPECT_EQ(Get(v1::REPORT_KIND_METHOD, "LKA/1").files_size(), 0);
  const v1::Report report = Get(v1::REPORT_KIND_METHOD, "DPD/3");
  ASSERT_EQ(report.files_size(), 1);
  EXPECT_EQ(report.files(0).paths(0), "x");
  ASSERT_EQ(report.files(0).matches_size(), 2);
  for (const v1::ReportMatch& match : report.files(0).matches()) {
    EXPECT_EQ(match.entry_id(), entry);
    EXPECT_EQ(match.series(), "BLUE");
    EXPECT_EQ(match.distance_bits(), 15U);
    EXPECT_EQ(match.given().who(), "J. Jansen");
  }
  EXPECT_EQ(report.files(0).matches(0).opinion(), v1::OPINION_KIND_CONFIRMED);
  EXPECT_EQ(report.files(0).matches(1).opinion(), v1::OPINION_KIND_REJECTED);
  EXPECT_EQ(report.files(0).matches(1).given().why(), "another door");
}

// Nothing said what had decoded the pictures and made their hashes.
TEST_F(ReportsTest, MethodTellsWhatMadeTheHashesOfEachRun) {
  v1::MatchStreamOpen open;
  open.set_case_name("LKA/1");
  open.set_root("/seized");
  open.add_libraries("libpng 1.6.39");
  open.add_libraries("PDQ of kith 9");
  End(*Must(engine_->StartCheck(open)), 0);
  const v1::Report report = Get(v1::REPORT_KIND_METHOD, "LKA/1");
  ASSERT_EQ(report.method().runs_size(), 2);
  EXPECT_EQ(report.method().runs(0).libraries_size(), 0);
  EXPECT_THAT(report.method().runs(1).libraries(), ElementsAre("libpng 1.6.39", "PDQ of kith 9"));
  for (int i = 0; i < 31; ++i) open.add_libraries("one more");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->StartCheck(open).status()));
  open.clear_libraries();
  open.add_libraries("two\nlines");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->StartCheck(open).status()));
}

TEST_F(ReportsTest, SetsTellHowTheyAreToBeHandled) {
  v1::EditHashSetRequest set;
  set.set_name("known");
  set.set_handling("national only");
  Must(engine_->EditHashSet(set));
  EXPECT_EQ(Get(v1::REPORT_KIND_METHOD).sets(1).handling(), "national only");
}

// A comparison with the list of January was told as one with that of November.
TEST_F(ReportsTest, SetsAreToldAsTheyWereWhenTheFilesWereCompared) {
  const auto known = [this](v1::ReportKind kind, const std::string& name = "") {
    const v1::Report report = Get(kind, name);
    EXPECT_EQ(report.sets(1).name(), "known");
    return report.sets(1);
  };
  v1::EditHashSetRequest set;
  set.set_name("known");
  set.set_version("2026-01");
  Must(engine_->EditHashSet(set));
  // Matched before anything was said of the version.
  EXPECT_EQ(known(v1::REPORT_KIND_INITIAL, "LKA/1").version(), "");
  Check("DPD/7", {Picture("a", 11)});
  const std::uint32_t radius = known(v1::REPORT_KIND_INITIAL, "DPD/7").radius_bits();
  set.set_version("2026-11");
  set.set_radius_bits(3);
  Must(engine_->EditHashSet(set));
  v1::SetHashSetEnabledRequest off;
  off.set_name("known");
  off.set_enabled(false);
  Must(engine_->SetHashSetEnabled(off));
  for (const auto kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_METHOD}) {
    EXPECT_EQ(known(kind, "DPD/7").version(), "2026-01");
    EXPECT_EQ(known(kind, "DPD/7").radius_bits(), radius);
    EXPECT_TRUE(known(kind, "DPD/7").enabled());
  }
  // Of the store, as they are.
  EXPECT_EQ(known(v1::REPORT_KIND_METHOD).version(), "2026-11");
  EXPECT_EQ(known(v1::REPORT_KIND_METHOD).radius_bits(), 3U);
  EXPECT_FALSE(known(v1::REPORT_KIND_METHOD).enabled());
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
