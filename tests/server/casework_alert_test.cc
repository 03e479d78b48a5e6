// SPDX-License-Identifier: Apache-2.0
//
// What happens to cases on record after they were checked: alerts, clusters of new files, purging,
// notifications.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "server/casework/business_days.h"
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

// "f17". Not by +: GCC 12 warns falsely (GCC bug 105651).
std::string FileName(std::uint64_t number) {
  std::string name = "f";
  name += std::to_string(number);
  return name;
}

class AlertTest : public CaseworkTest {
 protected:
  std::vector<v1::Alert> Alerts(bool closed_too = false) {
    v1::ListAlertsRequest request;
    request.set_closed_too(closed_too);
    request.set_page_size(1);  // so that every test pages
    std::vector<v1::Alert> alerts;
    do {
      const auto page = Must(engine_->ListAlerts(request));
      alerts.insert(alerts.end(), page.alerts().begin(), page.alerts().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return alerts;
  }
  // "CASE: what: subject (files)"
  std::vector<std::string> Words(bool closed_too = false) {
    std::vector<std::string> words;
    for (const v1::Alert& alert : Alerts(closed_too)) {
      words.push_back(alert.case_name() + ": " + alert.what() + ": " + alert.subject() + " (" +
                      std::to_string(alert.files()) + ")");
    }
    return words;
  }
  std::vector<v1::AlertFile> FilesOf(std::uint64_t alert_id) {
    v1::GetAlertRequest request;
    request.set_alert_id(alert_id);
    request.set_page_size(1);
    std::vector<v1::AlertFile> files;
    do {
      const auto page = Must(engine_->GetAlert(request));
      files.insert(files.end(), page.files().begin(), page.files().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return files;
  }
  void Switch(const std::string& set, bool enabled) {
    v1::SetHashSetEnabledRequest request;
    request.set_name(set);
    request.set_enabled(enabled);
    Must(engine_->SetHashSetEnabled(request));
  }
  void Refresh(const std::string& name) {
    v1::RefreshCaseRequest request;
    request.set_name(name);
    Must(engine_->RefreshCase(request));
  }
  absl::StatusOr<v1::PurgeCaseResponse> Purge(const std::string& name) {
    v1::PurgeCaseRequest request;
    request.set_name(name);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("court order");
    return engine_->PurgeCase(request);
  }
};

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

TEST_F(AlertTest, NewFilesThatLieNearEachOtherAreLinkedTheMostWidespreadFirst) {
  AddEntry("known", "RED", 50);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2), Picture("known.jpg", 50),
                  Picture("alone.jpg", 7)});
  Check("LKA/2", {Picture("a2.jpg", 1, 20), Picture("b2.jpg", 2), Picture("c.jpg", 3)});
  Check("LKA/3", {Picture("a3.jpg", 1, 45), Picture("c3.jpg", 3, 9)});
  const auto clusters = [&] {
    v1::ListClustersRequest request;
    request.set_page_size(1);
    std::vector<v1::Cluster> all;
    do {
      const auto page = Must(engine_->ListClusters(request));
      all.insert(all.end(), page.clusters().begin(), page.clusters().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  };
  std::vector<v1::Cluster> all = clusters();
  ASSERT_EQ(all.size(), 3U);
  // Picture 1 by way of its middle one: 0 - 20 - 45.
  EXPECT_EQ(all[0].files(), 3);
  EXPECT_THAT(all[0].case_names(), ElementsAre("LKA/1", "LKA/2", "LKA/3"));
  EXPECT_EQ(all[1].files(), 2);
  EXPECT_THAT(all[1].case_names(), ElementsAre("LKA/2", "LKA/3"));
  EXPECT_EQ(all[2].files(), 1);  // the same file in two cases
  EXPECT_THAT(all[2].case_names(), ElementsAre("LKA/1", "LKA/2"));
  v1::GetClusterRequest get;
  get.set_cluster_id(all[0].cluster_id());
  const auto first = Must(engine_->GetCluster(get));
  ASSERT_EQ(first.files_size(), 3);
  EXPECT_EQ(first.files(0).path(), "a.jpg");
  get.set_cluster_id(9999);
  EXPECT_TRUE(absl::IsNotFound(engine_->GetCluster(get).status()));
  // What becomes known is no new file any more.
  AddEntry("known", "RED", 3);
  Refresh("LKA/2");
  Refresh("LKA/3");
  all = clusters();
  EXPECT_EQ(all.size(), 2U);
}

TEST_F(AlertTest, TheFileOfAClusterLiesInTheFirstOfItsCases) {
  Check("LKA/2", {Picture("second.jpg", 1)});
  Check("LKA/1", {Picture("first.jpg", 1)});
  const auto listed = Must(engine_->ListClusters({}));
  ASSERT_EQ(listed.clusters_size(), 1);
  v1::GetClusterRequest get;
  get.set_cluster_id(listed.clusters(0).cluster_id());
  const auto cluster = Must(engine_->GetCluster(get));
  ASSERT_EQ(cluster.files_size(), 1);
  EXPECT_THAT(cluster.files(0).case_names(), ElementsAre("LKA/1", "LKA/2"));
  EXPECT_EQ(cluster.files(0).path(), "first.jpg");
}

// What was shown before and is gone moves nothing off the pages to come.
TEST_F(AlertTest, PagesOfClustersLeaveNoneOutWhenOneGoes) {
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2), Picture("c.jpg", 3),
                  Picture("c5.jpg", 3, 5), Picture("c10.jpg", 3, 10), Picture("c15.jpg", 3, 15)});
  Check("LKA/2", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Check("LKA/3", {Picture("a.jpg", 1)});
  v1::ListClustersRequest list;
  list.set_page_size(1);
  const auto first = Must(engine_->ListClusters(list));
  ASSERT_EQ(first.clusters_size(), 1);
  EXPECT_EQ(first.clusters(0).case_names_size(), 3);
  list.set_page_token(first.next_page_token());
  AddEntry("known", "RED", 1);
  for (const char* name : {"LKA/1", "LKA/2", "LKA/3"}) Refresh(name);
  const auto second = Must(engine_->ListClusters(list));
  ASSERT_EQ(second.clusters_size(), 1);
  EXPECT_THAT(second.clusters(0).case_names(), ElementsAre("LKA/1", "LKA/2"));
  list.set_page_token(second.next_page_token());
  const auto third = Must(engine_->ListClusters(list));
  ASSERT_EQ(third.clusters_size(), 1);
  EXPECT_EQ(third.clusters(0).files(), 4);
  EXPECT_EQ(third.next_page_token(), "");
  for (const char* token : {"clusters-1", "clusters-1.2", "clusters-1.2.x", "clusters-1.02.1"}) {
    list.set_page_token(token);
    EXPECT_TRUE(absl::IsInvalidArgument(engine_->ListClusters(list).status())) << token;
  }
  v1::GetClusterRequest get;
  get.set_cluster_id(third.clusters(0).cluster_id());
  get.set_page_size(2);
  const auto files = Must(engine_->GetCluster(get));
  ASSERT_EQ(files.files_size(), 2);
  EXPECT_EQ(files.files(1).path(), "c5.jpg");
  v1::AddEntriesRequest known;
  known.set_set("known");
  known.add_entries()->mutable_digests()->set_sha256(files.files(1).sha256());
  Must(engine_->AddEntries(known));
  Refresh("LKA/1");
  get.set_page_token(files.next_page_token());
  const auto rest = Must(engine_->GetCluster(get));
  ASSERT_EQ(rest.files_size(), 2);
  EXPECT_EQ(rest.files(0).path(), "c10.jpg");
}

TEST_F(AlertTest, APurgedCaseLeavesItsCountsAndNothingElse) {
  AddEntry("known", "BLUE", 1);
  const std::string secret = "a-name-that-is-nowhere-else.jpg";
  Check("LKA/1", {Picture(secret, 1, 6), Picture("b.jpg", 2), Picture("copy.jpg", 2)});
  Check("LKA/2", {Picture("b.jpg", 2)});
  v1::PurgeCaseRequest unsigned_request;
  unsigned_request.set_name("LKA/1");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->PurgeCase(unsigned_request).status()));
  EXPECT_TRUE(absl::IsNotFound(Purge("LKA/9").status()));
  auto running = Start("LKA/1");
  const auto purged = Must(Purge("LKA/1"));
  EXPECT_EQ(purged.files(), 2);
  EXPECT_EQ(purged.paths(), 3);
  EXPECT_TRUE(absl::IsFailedPrecondition(Purge("LKA/1").status()));
  // A run that is under way cannot bring them back.
  v1::MatchStreamBatch batch;
  *batch.add_files() = Picture("late.jpg", 3);
  EXPECT_TRUE(absl::IsFailedPrecondition(running->Batch(batch).status()));
  running.reset();
  for (int round = 0; round < 2; ++round, OpenEngine()) {
    const v1::GetCaseResponse left = GetCase("LKA/1");
    EXPECT_EQ(left.record().files(), 2);
    EXPECT_EQ(left.record().paths(), 3);
    EXPECT_NE(left.record().purged_at(), "");
    ASSERT_EQ(left.verdicts_size(), 2);
    EXPECT_EQ(left.verdicts(0).verdict(), v1::VERDICT_IDENTIFIED);
    EXPECT_EQ(left.verdicts(0).files(), 1);
    EXPECT_EQ(left.verdicts(1).files(), 1);
    EXPECT_EQ(left.verdicts(1).paths(), 2);
    ASSERT_EQ(left.sightings_size(), 1);
    EXPECT_EQ(left.sightings(0).series(), "BLUE");
    EXPECT_EQ(left.sightings(0).files(), 1);
    v1::GetReportRequest report;
    report.set_case_name("LKA/1");
    EXPECT_TRUE(absl::IsFailedPrecondition(
        engine_->GetReport(report, [](const v1::GetReportResponse&) { return true; })));
    v1::MatchStreamOpen open;
    open.set_case_name("LKA/1");
    EXPECT_TRUE(absl::IsFailedPrecondition(engine_->StartCheck(open).status()));
    v1::RefreshCaseRequest refresh;
    refresh.set_name("LKA/1");
    EXPECT_TRUE(absl::IsFailedPrecondition(engine_->RefreshCase(refresh).status()));
    EXPECT_TRUE(Must(engine_->VerifyStore({})).ok());
  }
  EXPECT_EQ(GetReport("LKA/2").summary().files(), 1);
  v1::ListChangesRequest changes;
  const auto listed = Must(engine_->ListChanges(changes));
  const v1::Change& last = listed.changes(listed.changes_size() - 1);
  EXPECT_EQ(last.what(), "case purged");
  EXPECT_EQ(last.subject(), "case LKA/1");
  EXPECT_EQ(last.who(), "J. Jansen");
  EXPECT_EQ(last.why(), "court order");
  // Overwritten in the file and its log, not only let go.
  engine_.reset();
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_ + "/store")) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find(secret), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(PdqOf(1, 6)), std::string::npos) << file.path();
  }
  OpenEngine();
}

// Numbers of files that were purged are not given again: what is indexed by them would take new
// files for old ones.
TEST_F(AlertTest, AFileCheckedAfterAPurgeIsFoundByWhatIsAddedLater) {
  Check("LKA/1", {Picture("a.jpg", 1)});
  AddEntry("known", "RED", 5);
  EXPECT_THAT(Words(), IsEmpty());  // now the evidence is indexed
  Must(Purge("LKA/1"));
  Check("LKA/2", {Picture("b.jpg", 2)});
  Check("LKA/3", {Picture("b.jpg", 2, 3)});
  EXPECT_EQ(Must(engine_->ListClusters({})).clusters_size(), 1);
  AddEntry("known", "RED", 2);
  EXPECT_THAT(Words(), ElementsAre("LKA/2: entries added: set known (1)",
                                   "LKA/3: entries added: set known (1)"));
}

// Is the text in a file of the store, its log included?
bool IsInStore(const std::string& store, const std::string& text) {
  for (const auto& file : std::filesystem::recursive_directory_iterator(store)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_F(AlertTest, APurgeDuringAReadSaysThatTheLogStillHoldsTheCase) {
  const std::string secret = "a-name-that-is-nowhere-else.jpg";
  Check("LKA/1", {Picture(secret, 1)});
  Check("LKA/2", {Picture("b.jpg", 2)});
  v1::ListRecordedPathsRequest read;
  read.set_case_name("LKA/2");
  read.set_root("/seized");
  Must(engine_->ListRecordedPaths(read, [&](const v1::ListRecordedPathsResponse&) {
    const absl::Status status = Purge("LKA/1").status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("purged, but not overwritten"));
    return true;
  }));
  EXPECT_NE(GetCase("LKA/1").record().purged_at(), "");
  EXPECT_TRUE(IsInStore(folder_ + "/store", secret));
  EXPECT_TRUE(absl::IsFailedPrecondition(Purge("LKA/1").status()));  // once more
  EXPECT_FALSE(IsInStore(folder_ + "/store", secret));
}

TEST_F(AlertTest, ARunThatEndsAfterAPurgeBringsNoPathsBack) {
  Check("LKA/1", {Picture("a.jpg", 1)});
  auto running = Start("LKA/1");
  Must(Purge("LKA/1"));
  v1::MatchStreamEnd end;
  const std::string secret = "/seized/a-folder-that-is-nowhere-else";
  end.add_walk_errors(secret);
  const absl::Status status = running->End(end, [](const v1::Report&) { return true; });
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_FALSE(IsInStore(folder_ + "/store", secret));
}

TEST(BusinessDaysTest, AreMondayToFridayWithoutHolidays) {
  const std::set<std::string> none;
  // 2026-11-25 is a Wednesday.
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-25", 1, none)), "2026-11-26");
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-25", 10, none)), "2026-12-09");
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-28", 1, none)), "2026-11-30");  // Saturday
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-25", 10, {"2026-11-26", "2026-11-29"})),
            "2026-12-10");  // a holiday on a Sunday costs nothing
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2028-02-28", 1, none)), "2028-02-29");
  EXPECT_FALSE(casework::BusinessDaysAfter("2026-02-30", 1, none).ok());
  EXPECT_FALSE(casework::BusinessDaysAfter("", 1, none).ok());
}

TEST_F(AlertTest, ThoseWhoWantToBeToldAreDueTenBusinessDaysLater) {
  AddEntry("known", "BLUE", 1);
  AddEntry("known", "RED", 2);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Check("LKA/2", {Picture("b.jpg", 2)});
  EXPECT_EQ(Must(engine_->ListNotifications({})).tasks_size(), 0);
  v1::EditSeriesRequest edit;
  edit.set_notification(v1::NOTIFICATION_OPT_IN);
  edit.set_notification_contact_id(contact_id_);
  for (const char* code : {"BLUE", "RED"}) {
    edit.set_code(code);
    Must(engine_->EditSeries(edit));
  }
  // RED is not identified yet: nobody can be told.
  auto tasks = Must(engine_->ListNotifications({}));
  ASSERT_EQ(tasks.tasks_size(), 1);
  EXPECT_EQ(tasks.tasks(0).series(), "BLUE");
  EXPECT_EQ(tasks.tasks(0).contact().name(), "A. Officer");
  EXPECT_EQ(tasks.tasks(0).due_on(),
            Must(casework::BusinessDaysAfter(tasks.tasks(0).since(), 10, {})));
  v1::IdentifySeriesRequest identify;
  identify.set_code("RED");
  identify.set_agency("LKA");
  identify.set_identified_on("2040-05-01");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->IdentifySeries(identify).status()));  // to come
  // Later than any sighting, and the latest day that it can be anywhere.
  const auto today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  const std::string tomorrow = absl::FormatCivilTime(today + 1);
  identify.set_identified_on(tomorrow);
  Must(engine_->IdentifySeries(identify));
  v1::SetHolidaysRequest holidays;
  holidays.mutable_signature()->set_who("J. Jansen");
  const std::string holiday = Must(casework::BusinessDaysAfter(tomorrow, 1, {}));
  holidays.add_days(holiday);
  holidays.add_days(holiday);
  EXPECT_EQ(Must(engine_->SetHolidays(holidays)).days(), 1);
  v1::ListNotificationsRequest paged;
  paged.set_page_size(2);
  tasks = Must(engine_->ListNotifications(paged));
  ASSERT_EQ(tasks.tasks_size(), 2);
  EXPECT_EQ(tasks.tasks(1).series(), "RED");
  EXPECT_EQ(tasks.tasks(1).case_name(), "LKA/1");
  EXPECT_EQ(tasks.tasks(1).since(), tomorrow);
  // The holiday would have been one of the ten.
  EXPECT_EQ(tasks.tasks(1).due_on(), Must(casework::BusinessDaysAfter(tomorrow, 11, {})));
  paged.set_page_token(tasks.next_page_token());
  tasks = Must(engine_->ListNotifications(paged));
  ASSERT_EQ(tasks.tasks_size(), 1);
  EXPECT_EQ(tasks.tasks(0).case_name(), "LKA/2");
  EXPECT_EQ(tasks.tasks(0).agency_desk(), "+49 711 1");
  v1::ListNotificationsRequest some;
  some.set_case_name("LKA/2");
  tasks = Must(engine_->ListNotifications(some));
  ASSERT_EQ(tasks.tasks_size(), 1);
  EXPECT_EQ(tasks.tasks(0).series(), "RED");
  some.set_series("BLUE");
  EXPECT_EQ(Must(engine_->ListNotifications(some)).tasks_size(), 0);
  some.clear_case_name();
  EXPECT_EQ(Must(engine_->ListNotifications(some)).tasks_size(), 1);
  some.set_series("GREEN");
  EXPECT_TRUE(absl::IsNotFound(engine_->ListNotifications(some).status()));
  some.clear_series();
  some.set_case_name("LKA/7");
  EXPECT_TRUE(absl::IsNotFound(engine_->ListNotifications(some).status()));
  v1::MarkNotifiedRequest mark;
  mark.set_series("RED");
  mark.set_case_name("LKA/2");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->MarkNotified(mark).status()));
  mark.mutable_signature()->set_who("J. Jansen");
  EXPECT_EQ(Must(engine_->MarkNotified(mark)).task().notified_by(), "J. Jansen");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->MarkNotified(mark).status()));
  mark.set_case_name("LKA/7");
  EXPECT_TRUE(absl::IsNotFound(engine_->MarkNotified(mark).status()));
  EXPECT_EQ(Must(engine_->ListNotifications({})).tasks_size(), 2);
  v1::ListNotificationsRequest all;
  all.set_done_too(true);
  EXPECT_EQ(Must(engine_->ListNotifications(all)).tasks_size(), 3);
  holidays.add_days("2040-02-30");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(holidays).status()));
}

// They were written and never read again, by nobody, and an empty file took all of them away.
TEST_F(AlertTest, HolidaysTellWhoSetThemAndHowFarTheyAreKnown) {
  const auto remark = [&] {
    v1::GetReportRequest request;
    request.set_kind(v1::REPORT_KIND_NOTIFICATIONS);
    v1::Report report;
    Must(engine_->GetReport(request, [&](v1::GetReportResponse response) {
      report.MergeFrom(response.report());
      return true;
    }));
    EXPECT_EQ(report.scope().remarks_size(), 1);
    return report.scope().remarks(0);
  };
  EXPECT_EQ(Must(engine_->ListHolidays({})).days_size(), 0);
  EXPECT_FALSE(Must(engine_->ListHolidays({})).has_set_by());
  EXPECT_THAT(remark(), ::testing::StartsWith("No holidays are known"));
  v1::SetHolidaysRequest request;
  for (const char* day : {"2026-12-26", "2026-12-25", "2026-12-26"}) request.add_days(day);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(request).status()));  // who?
  request.mutable_signature()->set_who("J. Jansen");
  request.mutable_signature()->set_why("gazette");
  EXPECT_EQ(Must(engine_->SetHolidays(request)).days(), 2U);
  for (int round = 0; round < 2; ++round, OpenEngine()) {
    const v1::ListHolidaysResponse known = Must(engine_->ListHolidays({}));
    EXPECT_THAT(known.days(), ElementsAre("2026-12-25", "2026-12-26"));
    EXPECT_EQ(known.set_by().who(), "J. Jansen");
    EXPECT_EQ(known.set_by().why(), "gazette");
    EXPECT_EQ(known.set_by().what(), "holidays set");
    EXPECT_EQ(known.set_by().subject(), "holidays, 0 before, 2 now");
  }
  EXPECT_THAT(remark(), ::testing::StartsWith(
                            "Due days are reckoned with 2 holidays, known up to 2026-12-26:"));
  const auto last_change = [&] { return *Must(engine_->ListChanges({})).changes().rbegin(); };
  EXPECT_EQ(last_change().what(), "holidays set");
  request.set_none(true);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(request).status()));  // either
  request.clear_days();
  request.set_none(false);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(request).status()));
  EXPECT_EQ(Must(engine_->ListHolidays({})).days_size(), 2);
  request.set_none(true);
  EXPECT_EQ(Must(engine_->SetHolidays(request)).days(), 0U);
  EXPECT_EQ(Must(engine_->ListHolidays({})).days_size(), 0);
  EXPECT_EQ(last_change().subject(), "holidays, 2 before, 0 now");
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
