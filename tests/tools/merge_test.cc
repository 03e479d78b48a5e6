// SPDX-License-Identifier: Apache-2.0
#include "tools/report/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kith::report {
namespace {

using testing::ElementsAre;

v1::ReportFile File(const std::string& sha256, const std::vector<std::string>& paths,
                    bool continued) {
  v1::ReportFile file;
  file.set_sha256(sha256);
  file.set_continued(continued);
  if (!continued) file.set_verdict(v1::VERDICT_RECOGNIZED);
  for (const std::string& path : paths) file.add_paths(path);
  return file;
}

v1::Report Fragment(const std::vector<v1::ReportFile>& files) {
  v1::Report fragment;
  for (const v1::ReportFile& file : files) *fragment.add_files() = file;
  return fragment;
}

TEST(Merge, PathsOfAContinuedFileJoinItWithinAMessageAndAcross) {
  v1::Report report;
  v1::Report head;
  head.mutable_scope()->set_case_name("NORTH/1");
  MergeFragment(head, report);
  MergeFragment(Fragment({File("aa", {"1"}, false), File("aa", {"2", "3"}, true)}), report);
  MergeFragment(Fragment({File("aa", {"4"}, true), File("bb", {"5"}, false)}), report);
  MergeFragment(Fragment({File("bb", {"6"}, true)}), report);
  EXPECT_EQ(report.scope().case_name(), "NORTH/1");
  ASSERT_EQ(report.files_size(), 2);
  EXPECT_THAT(report.files(0).paths(), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(report.files(1).paths(), ElementsAre("5", "6"));
  EXPECT_EQ(report.files(1).verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_FALSE(report.files(0).continued());
}

TEST(Merge, PathsOfAnotherFileThanTheLastAreKeptApart) {
  v1::Report report;
  MergeFragment(Fragment({File("aa", {"1"}, true)}), report);
  MergeFragment(Fragment({File("bb", {"2"}, true)}), report);
  EXPECT_EQ(report.files_size(), 2);
}

}  // namespace
}  // namespace kith::report
