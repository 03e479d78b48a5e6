// SPDX-License-Identifier: Apache-2.0
//
// What is told of cases on record when what is known changes after they were checked.
#include <algorithm>
#include <set>
#include <string>
#include <thread>

#include "tests/server/casework_alert_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(AlertTest, ASeriesThatBecomesIdentifiedAlertsEveryEarlierCase) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 1, 5), Picture("c.jpg", 9)});
  Check("LKA/2", {Picture("x.jpg", 1, 7)});
  Check("LKA/3", {Picture("y.jpg", 9)});
  EXPECT_THAT(Words(), IsEmpty());
  Identify("RED");
  const std::vector<std::string> expected = {"LKA/1: series identified: series RED (2)",
                                             "LKA/2: series identified: series RED (1)"};
  EXPECT_EQ(Words(), expected);
  EXPECT_EQ(Words(), expected);  // asked again, no more of them
  OpenEngine();
  EXPECT_EQ(Words(), expected);
  const auto files = FilesOf(Alerts().front().alert_id());
  ASSERT_EQ(files.size(), 2U);
  for (const v1::AlertFile& file : files) {
    EXPECT_EQ(file.before(), v1::VERDICT_RECOGNIZED);
    EXPECT_EQ(file.now(), v1::VERDICT_IDENTIFIED);
    EXPECT_EQ(file.on_record(), v1::VERDICT_RECOGNIZED);
  }
  // The ledger is as it was when the report was made, until somebody brings it up to date.
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a.jpg").verdict(), v1::VERDICT_RECOGNIZED);
  Refresh("LKA/1");
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(Words(), expected);  // who has the old report must still be told
  for (const v1::AlertFile& file : FilesOf(Alerts().front().alert_id())) {
    EXPECT_EQ(file.before(), v1::VERDICT_RECOGNIZED);
    EXPECT_EQ(file.on_record(), v1::VERDICT_IDENTIFIED);
  }
  v1::CloseAlertRequest close;
  close.set_alert_id(Alerts().front().alert_id());
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->CloseAlert(close).status()));
  close.mutable_signature()->set_who("J. Jansen");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->CloseAlert(close).status()));  // why?
  close.mutable_signature()->set_why("prosecutor told");
  EXPECT_EQ(Must(engine_->CloseAlert(close)).alert().closed_by(), "J. Jansen");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->CloseAlert(close).status()));
  EXPECT_THAT(Words(), ElementsAre(expected[1]));
  EXPECT_EQ(Words(true), expected);
  close.set_alert_id(99);
  EXPECT_TRUE(absl::IsNotFound(engine_->CloseAlert(close).status()));
}

TEST_F(AlertTest, WhatIsAddedLaterIsFoundInEarlierCasesByCodeAndByDigest) {
  Check("LKA/1", {Picture("near.jpg", 1, 20), Picture("far.jpg", 2),
                  Other("doc.txt", v1::DISPOSITION_NOT_MEDIA, 3)});
  AddEntry("known", "BLUE", 1);  // as two changes of one set: one alert
  AddEntry("known", "", 3);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: entries added: set known (2)"));
  // A new case knows them already.
  Check("LKA/2", {Picture("near.jpg", 1, 20)});
  EXPECT_EQ(Words().size(), 1U);
}

// A list of harmless files raised an alert on every case that holds one of them.
TEST_F(AlertTest, HarmlessEntriesThatHoldNothingBackAlertNobody) {
  AddEntry("known", "BLUE", 1);
  AddEntry("known", "BLUE", 3);
  Check("LKA/1", {Picture("known.jpg", 1, 5), Picture("new.jpg", 2), Picture("held.jpg", 3, 9),
                  Other("doc.txt", v1::DISPOSITION_NOT_MEDIA, 4)});
  const std::uint64_t harmless = AddEntry("harmless", "", 2);
  AddEntry("harmless", "", 4);
  EXPECT_THAT(Words(), IsEmpty());
  Refresh("LKA/1");
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "new.jpg").rule(), "only benign entries match");
  Withdraw(harmless);
  EXPECT_THAT(Words(), IsEmpty());
  // What is held back is told, also when a harmless entry that is known to hold nothing follows.
  v1::AddEntriesRequest nearer;
  nearer.set_set("harmless");
  *nearer.add_entries()->mutable_codes() = Picture("", 3, 8).fingerprint().codes();
  Must(engine_->AddEntries(nearer));
  const std::vector<std::string> expected = {"LKA/1: entries added: set harmless (1)"};
  EXPECT_EQ(Words(), expected);
  AddEntry("harmless", "", 2);
  EXPECT_EQ(Words(), expected);
  Refresh("LKA/1");
  Switch("known", false);  // what is held back goes, and is told
  EXPECT_EQ(Words().back(), "LKA/1: hash set switched: set known (2)");
  Refresh("LKA/1");
  Switch("harmless", false);
  EXPECT_EQ(Words().size(), 2U);
}

// The same of a file that an alert named, and that is as it was since.
TEST_F(AlertTest, HarmlessEntriesAreNoNewsOfAFileInAnAlert) {
  Check("LKA/1", {Picture("a.jpg", 1)});
  const std::uint64_t known = AddEntry("known", "BLUE", 1);
  EXPECT_EQ(Words().size(), 1U);
  Withdraw(known);
  EXPECT_EQ(Words().size(), 2U);
  AddEntry("harmless", "", 1);
  EXPECT_EQ(Words().size(), 2U);
  Withdraw(AddEntry("known", "", 7));  // what looks at such files again
  EXPECT_EQ(Words().size(), 2U);
}

TEST_F(AlertTest, ACheckThatBringsTheCaseUpToDateHidesNoAlert) {
  Check("LKA/1", {Picture("a.jpg", 1)});
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: entries added: set known (1)"));
}

TEST_F(AlertTest, AChangeThatLandsDuringARunIsTold) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("LKA/2", {Picture("b.jpg", 1)});
  auto resumed = Start("LKA/1");
  auto again = Start("LKA/2");
  Identify("RED");
  Send(*again, {Picture("b.jpg", 1)});
  const std::string second = "LKA/2: series identified: series RED (1)";
  EXPECT_EQ(FileAt(GetReport("LKA/2"), "b.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(FileAt(End(*again, 1), "b.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(FileAt(End(*resumed, 1, 1), "a.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: series identified: series RED (1)", second));
}

TEST_F(AlertTest, AChangeBeforeTheEndOfARunIsTold) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  auto run = Start("LKA/1");
  Identify("RED");
  EXPECT_EQ(FileAt(End(*run, 1, 1), "a.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: series identified: series RED (1)"));
}

TEST_F(AlertTest, WhatIsAgainAsOnRecordIsToldToo) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Identify("RED");
  ASSERT_EQ(Words().size(), 1U);
  v1::UnidentifySeriesRequest request;
  request.set_code("RED");
  request.mutable_signature()->set_who("J. Jansen");
  request.mutable_signature()->set_why("a mistake");
  Must(engine_->UnidentifySeries(request));
  const std::vector<std::string> expected = {"LKA/1: series identified: series RED (1)",
                                             "LKA/1: identification taken back: series RED (1)"};
  EXPECT_EQ(Words(), expected);
  EXPECT_EQ(Words(), expected);
  const auto files = FilesOf(Alerts().back().alert_id());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].before(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(files[0].now(), v1::VERDICT_RECOGNIZED);
}

TEST_F(AlertTest, WithdrawnMovedAndSwitchedAreTold) {
  const std::uint64_t first = AddEntry("known", "BLUE", 1);
  const std::uint64_t second = AddEntry("known", "RED", 2);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Withdraw(first);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: entries withdrawn: entries (1)"));
  Refresh("LKA/1");
  v1::MoveEntriesRequest move;
  move.add_entry_ids(second);
  move.set_series("BLUE");
  Must(engine_->MoveEntries(move));
  EXPECT_EQ(Words().back(), "LKA/1: entries moved: series BLUE (1)");
  Refresh("LKA/1");
  Switch("known", false);
  EXPECT_EQ(Words().back(), "LKA/1: hash set switched: set known (1)");
  Refresh("LKA/1");
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "b.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
  Switch("known", true);
  EXPECT_EQ(Words().back(), "LKA/1: hash set switched: set known (1)");
  EXPECT_EQ(Words().size(), 4U);
  // What comes to nothing is no alert.
  Refresh("LKA/1");
  Switch("known", false);
  Switch("known", true);
  EXPECT_EQ(Words().size(), 4U);
}

// An entry that its source replaced raised two alerts in each case that had met it.
TEST_F(AlertTest, WhatIsReplacedIsToldOnce) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const std::uint64_t other = AddEntry("known", "RED", 2);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  v1::BeginImportRequest begin;
  begin.set_set("known");
  begin.set_series("RED");
  v1::AddImportRecordsRequest add;
  add.set_import_id(Must(engine_->BeginImport(begin)).import_id());
  *add.add_records() = EntryOf(1);
  add.mutable_records(0)->mutable_digests()->set_sha1(std::string(20, 's'));
  Must(engine_->AddImportRecords(add));
  v1::CommitImportRequest commit;
  commit.set_import_id(add.import_id());
  commit.set_batches(1);
  commit.add_withdraw()->add_entry_ids(entry);
  EXPECT_EQ(Must(engine_->CommitImport(commit)).withdrawn(), 1U);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: entries added: set known (1)"));
  // What goes and is not replaced is told beside it.
  Withdraw(other);
  AddEntry("known", "BLUE", 1);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: entries added: set known (1)",
                                   "LKA/1: entries withdrawn: entries (1)",
                                   "LKA/1: entries added: set known (1)"));
}

TEST_F(AlertTest, AMergeAlertsTheCasesOfTheSeriesThatWent) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  v1::MergeSeriesRequest merge;
  merge.set_code("RED");
  merge.set_into("BLUE");
  Must(engine_->MergeSeries(merge));
  EXPECT_THAT(Words(), ElementsAre("LKA/1: series merged: series RED (1)"));
  Refresh("LKA/1");
  const auto sightings = GetCase("LKA/1").sightings();
  ASSERT_EQ(sightings.size(), 1);
  EXPECT_EQ(sightings[0].series(), "BLUE");
}

// The join finds what a look-up of each evidence file would find.
TEST_F(AlertTest, TheJoinAgreesWithLookUps) {
  constexpr std::uint64_t kSeed = 20261125;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  std::vector<v1::EvidenceFile> files;
  for (std::uint64_t i = 0; i < 300; ++i) {
    files.push_back(Picture(FileName(i), random() % 100, static_cast<int>(random() % 40)));
  }
  Check("LKA/1", files);
  v1::AddEntriesRequest request;
  request.set_set("known");
  for (std::uint64_t picture = 0; picture < 50; ++picture) {
    *request.add_entries() = EntryOf(picture);
  }
  Must(engine_->AddEntries(request));
  std::set<std::string> expected;
  for (const v1::EvidenceFile& file : files) {
    v1::MatchRequest look_up;
    *look_up.add_queries() = file.fingerprint();
    if (Must(engine_->Match(look_up)).results(0).total() > 0) {
      expected.insert(file.fingerprint().digests().sha256());
    }
  }
  ASSERT_GT(expected.size(), 20U);
  std::set<std::string> found;
  const auto alerts = Alerts();
  ASSERT_EQ(alerts.size(), 1U);
  v1::GetAlertRequest get;
  get.set_alert_id(alerts.front().alert_id());
  get.set_page_size(1000);
  const v1::GetAlertResponse page = Must(engine_->GetAlert(get));
  for (const v1::AlertFile& file : page.files()) found.insert(file.sha256());
  EXPECT_EQ(found, expected);
}

// Two machines send the same case to one service at once: every file counts once.
TEST_F(AlertTest, TwoMachinesThatRecordTheSameCaseCountEveryFileOnce) {
  AddEntry("known", "BLUE", 1);
  constexpr std::uint64_t kFiles = 120;
  const auto run_it = [&](const std::string& root) {
    auto run = Start("LKA/1", root);
    for (std::uint64_t begin = 0; begin < kFiles; begin += 10) {
      std::vector<v1::EvidenceFile> files;
      for (std::uint64_t i = begin; i < begin + 10; ++i) {
        files.push_back(Picture(FileName(i), i, 0));
      }
      Send(*run, files);
    }
    End(*run, kFiles);
  };
  std::thread first(run_it, "/seized");
  std::thread second(run_it, "/seized");
  std::thread third(run_it, "/copy");
  first.join();
  second.join();
  third.join();
  const v1::GetCaseResponse found = GetCase("LKA/1");
  EXPECT_EQ(found.record().files(), kFiles);
  EXPECT_EQ(found.record().paths(), 2 * kFiles);  // two roots
  EXPECT_TRUE(found.record().complete());
  ASSERT_EQ(found.sightings_size(), 1);
  EXPECT_EQ(found.sightings(0).files(), 1);
  const v1::Report report = GetReport("LKA/1");
  SumsOf(report);
  EXPECT_EQ(report.summary().files(), kFiles);
}

}  // namespace
}  // namespace kith::server::testing
