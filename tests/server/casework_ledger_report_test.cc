// SPDX-License-Identifier: Apache-2.0
//
// What the ledger gives out, in pieces that can be read: reports and recorded paths.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/casework_ledger_fixture.h"

namespace kith::casework {
namespace {

using server::testing::Other;
using server::testing::Picture;

TEST_F(LedgerTest, TheReportOfManyFilesComesInPagesAndIsTheSameHoweverItWasRecorded) {
  constexpr std::size_t kFiles = 20'000;
  std::vector<v1::EvidenceFile> files;
  for (std::size_t i = 0; i < kFiles; ++i) {
    // Every tenth is a copy of the one before.
    files.push_back(Picture(absl::StrCat("dir", i % 97, "/f", i, ".jpg"), i % 10 == 9 ? i - 1 : i));
  }
  const auto record = [&](const std::string& name) {
    const casework::Run run = Start(name);
    for (std::size_t i = 0; i < kFiles; i += 1000) {
      std::vector<v1::EvidenceFile> batch(files.begin() + static_cast<std::ptrdiff_t>(i),
                                          files.begin() + static_cast<std::ptrdiff_t>(i + 1000));
      std::vector<v1::MatchResult> results;
      for (const v1::EvidenceFile& file : batch) {
        const std::uint64_t picture = file.fingerprint().size_bytes() - 1000;
        results.push_back(picture % 5 == 0 ? Found(picture % 2 == 0 ? "BLUE" : "RED", {picture + 1})
                                           : Nothing());
      }
      Record(run, batch, results, 9);
    }
    Must(ledger_.FinishRun(run, {.entries_walked = kFiles, .entries_sent = kFiles}));
  };
  record("LKA/1");
  std::mt19937 random(42);
  std::shuffle(files.begin(), files.end(), random);
  record("LKA/2");

  const std::vector<v1::Report> fragments = Fragments("LKA/1", 100'000);
  const v1::Report report = Merged(fragments);
  const server::testing::Sums sums = server::testing::SumsOf(report);
  EXPECT_EQ(report.summary().files(), 18'000U);
  EXPECT_EQ(report.summary().entries_walked(), kFiles);
  const std::pair<std::uint64_t, std::uint64_t> identified(4000, 4000);
  EXPECT_EQ(sums.verdicts.at(v1::VERDICT_IDENTIFIED), identified);
  EXPECT_EQ(sums.distances.at(4), 4000U);
  ASSERT_EQ(report.series_size(), 2);
  EXPECT_EQ(report.series(0).files(), 2000U);
  EXPECT_EQ(report.series(0).series().code(), "BLUE");
  ASSERT_GT(fragments.size(), 20U);
  EXPECT_TRUE(fragments[0].has_summary());
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    EXPECT_LT(fragments[i].ByteSizeLong(), 110'000U);
    EXPECT_EQ(fragments[i].has_run(), i == 0);
  }
  EXPECT_TRUE(std::is_sorted(report.files().begin(), report.files().end(),
                             [](const auto& a, const auto& b) { return a.paths(0) < b.paths(0); }));
  v1::Report other = Merged(Fragments("LKA/2", 100'000));
  EXPECT_EQ(other.scope().case_name(), "LKA/2");
  other.mutable_scope()->set_case_name("LKA/1");
  *other.mutable_run() = report.run();
  EXPECT_EQ(other.SerializeAsString(), report.SerializeAsString());
}

TEST_F(LedgerTest, AFileOfTooManyPathsIsContinued) {
  const casework::Run run = Start();
  std::vector<v1::EvidenceFile> files;
  for (int i = 0; i < 5000; ++i) {
    files.push_back(Other(absl::StrCat("empty", 10'000 + i), v1::DISPOSITION_EMPTY, 1));
  }
  v1::MatchResult result;
  result.set_verdict(v1::VERDICT_NOT_APPLICABLE);
  Record(run, files, std::vector(files.size(), result), 9);
  const std::vector<v1::Report> fragments = Fragments("LKA/1", 50'000);
  for (const v1::Report& fragment : fragments) EXPECT_LT(fragment.ByteSizeLong(), 60'000U);
  const v1::Report report = Merged(fragments);
  server::testing::SumsOf(report);
  EXPECT_EQ(report.summary().files(), 1U);
  EXPECT_EQ(report.summary().entries_walked(), 5000U);
  ASSERT_GT(report.files_size(), 1);
  std::vector<std::string> paths;
  for (int i = 0; i < report.files_size(); ++i) {
    EXPECT_EQ(report.files(i).continued(), i > 0);
    EXPECT_EQ(report.files(i).sha256(), report.files(0).sha256());
    paths.insert(paths.end(), report.files(i).paths().begin(), report.files(i).paths().end());
  }
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
  EXPECT_EQ(std::adjacent_find(paths.begin(), paths.end()), paths.end());
}

TEST_F(LedgerTest, AReaderWhoLeavesEndsTheReport) {
  const casework::Run run = Start();
  Record(run, {Picture("a", 1)}, {Nothing()}, 9);
  const std::size_t all = Fragments("LKA/1").size();
  for (std::size_t stop = 1; stop <= all; ++stop) {
    std::size_t calls = 0;
    Must(BuildReport(ledger_, ReportOn("LKA/1"), {}, [&](v1::Report) { return ++calls < stop; }));
    EXPECT_EQ(calls, stop);
  }
}

TEST_F(LedgerTest, RecordedPathsComeInPages) {
  const casework::Run run = Start();
  std::vector<v1::EvidenceFile> files;
  for (int i = 0; i < 2500; ++i) files.push_back(Picture(absl::StrCat("f", 10'000 + i), 1));
  files.push_back(Other("z", v1::DISPOSITION_UNREADABLE));
  Record(run, files, std::vector(files.size(), Nothing()), 9);
  std::vector<std::string> paths;
  int pages = 0;
  Must(ledger_.ListRecordedPaths("LKA/1", "/seized", [&](v1::ListRecordedPathsResponse page) {
    ++pages;
    for (const v1::RecordedPath& path : page.paths()) paths.push_back(path.path());
    return true;
  }));
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(paths.size(), 2500U);
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

TEST_F(LedgerTest, VeryLongRecordedPathsComeInMessagesThatCanBeRead) {
  const casework::Run run = Start();
  std::vector<v1::EvidenceFile> files;
  for (int i = 0; i < 600; ++i) {
    files.push_back(Picture(absl::StrCat(1000 + i, std::string(65'000, 'x')), 1));
  }
  Record(run, files, std::vector(files.size(), Nothing()), 9);
  int paths = 0;
  Must(ledger_.ListRecordedPaths("LKA/1", "/seized", [&](v1::ListRecordedPathsResponse page) {
    EXPECT_LT(page.ByteSizeLong(), 2U << 20);
    paths += page.paths_size();
    return true;
  }));
  EXPECT_EQ(paths, 600);
}

}  // namespace
}  // namespace kith::casework
