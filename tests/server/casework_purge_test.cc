// SPDX-License-Identifier: Apache-2.0
//
// A case is expunged: its counts stay, and nothing else.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/server/casework_alert_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

}  // namespace
}  // namespace kith::server::testing
