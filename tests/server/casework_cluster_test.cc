// SPDX-License-Identifier: Apache-2.0
//
// New files that lie near each other are linked.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/server/casework_alert_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;

TEST_F(AlertTest, NewFilesThatLieNearEachOtherAreLinkedTheMostWidespreadFirst) {
  AddEntry("known", "RED", 50);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2), Picture("known.jpg", 50),
                  Picture("alone.jpg", 7)});
  Check("LKA/2", {Picture("a2.jpg", 1, 20), Picture("b2.jpg", 2), Picture("c.jpg", 3)});
  Check("LKA/3", {Picture("a3.jpg", 1, 45), Picture("c3.jpg", 3, 9)});
  const auto clusters = [&] {
    return Paged(v1::ListClustersRequest(), &Engine::ListClusters,
                 &v1::ListClustersResponse::clusters);
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

// A case with one new file was told of four, of which three were another's.
TEST_F(AlertTest, TheWorklistOfACaseTellsItsOwnFilesApart) {
  Check("LKA/2", {Picture("b.jpg", 1, 3), Picture("c.jpg", 1, 6), Picture("d.jpg", 1, 9)});
  Check("LKA/1", {Picture("a.jpg", 1), Picture("alone.jpg", 2)});
  v1::GetReportRequest request;
  request.set_kind(v1::REPORT_KIND_WORKLIST);
  const auto clusters = [&](const std::string& case_name) {
    request.set_case_name(case_name);
    const v1::Report report = GetReport(request);
    EXPECT_EQ(report.clusters_size(), 2);
    return report.clusters();
  };
  auto found = clusters("LKA/1");
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found[0].files(), 4U);
  EXPECT_EQ(found[0].files_of_case(), 1U);
  EXPECT_EQ(found[0].listed(0).path(), "a.jpg");  // its own first
  EXPECT_EQ(found[1].files_of_case(), 1U);
  found = clusters("");
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found[0].files_of_case(), 0U);
  EXPECT_EQ(found[0].listed(0).path(), "b.jpg");
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

}  // namespace
}  // namespace kith::server::testing
