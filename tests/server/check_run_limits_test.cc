// SPDX-License-Identifier: Apache-2.0
//
// Runs of clients that send too much, or what cannot be.
#include "server/check_run.h"

#include <gmock/gmock.h>

#include <limits>

#include "server/casework/schema.h"
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using CheckRunTest = CaseworkTest;

TEST_F(CheckRunTest, BadNamesAndMessagesAreRefused) {
  std::string long_name("LKA/");
  long_name.append(200, 'x');
  for (const std::string& name :
       {std::string("LKA"), std::string("/1"), std::string("LKA/"), std::string(" LKA/1"),
        std::string("LKA /1"), std::string("LKA/ 1"), std::string("LKA/1 "), std::string("LKA/\n1"),
        std::string("LKA/\xff"), long_name}) {
    v1::MatchStreamOpen open;
    open.set_case_name(name);
    const auto run = engine_->StartCheck(open);
    EXPECT_EQ(run.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(run.status().message()), HasSubstr("AGENCY/NUMBER"));
  }
  EXPECT_EQ(Must(engine_->ListCases({})).cases_size(), 0);
  auto run = Start("LKA/1");
  v1::MatchStreamBatch batch;
  *batch.add_files() = Picture("fine", 1);
  *batch.add_files() = Picture("", 2);
  EXPECT_EQ(run->Batch(batch).status().code(), absl::StatusCode::kInvalidArgument);
  *batch.mutable_files(1) = Other("x", v1::DISPOSITION_UNSPECIFIED, 1);
  EXPECT_EQ(run->Batch(batch).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(End(*run, 0).summary().files(), 0U);  // nothing of a refused batch is kept
  EXPECT_EQ(run->Batch({}).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(run->End({}, [](v1::Report) { return true; }).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckRunTest, OnePathThatIsTooLongDoesNotEndTheRun) {
  AddEntry("known", "BLUE", 1);
  auto run = Start("LKA/1");
  const auto told = Send(*run, {Picture(std::string(kMaxPathBytes + 1, 'x'), 1),
                                Picture(std::string(kMaxPathBytes, 'y'), 2), Picture("z", 1)});
  ASSERT_EQ(told.results_size(), 3);
  EXPECT_EQ(told.results(0).verdict(), v1::VERDICT_IDENTIFIED);
  const v1::Report report = End(*run, 3);
  EXPECT_EQ(report.summary().entries_walked(), 2U);
  EXPECT_FALSE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("the walk met 3 entries, but 2"),
                                                     HasSubstr("longer than 64 KiB")));
}

TEST_F(CheckRunTest, WordsWithoutEndDoNotBrickTheReport) {
  AddEntry("known", "BLUE", 99);
  v1::EvidenceFile wordy = Picture("a", 1);
  wordy.mutable_fingerprint()->set_format(std::string(100, 'f'));
  std::string detail;
  while (detail.size() < (8U << 20)) detail += "\xe2\x82\xac";  // three bytes each
  wordy.mutable_fingerprint()->set_detail(detail);
  auto run = Start("LKA/1");
  Send(*run, {wordy, Picture("b", 2)});
  v1::Report report = End(*run, 2, 0, true, std::vector<std::string>(20, detail));
  EXPECT_EQ(FileAt(report, "a").format(), std::string(64, 'f'));
  EXPECT_EQ(FileAt(report, "a").detail(), detail.substr(0, 4095));
  ASSERT_EQ(report.scope().warnings_size(), 20);
  for (const std::string& warning : report.scope().warnings()) EXPECT_LT(warning.size(), 4200U);
  EXPECT_LT(GetReport("LKA/1").ByteSizeLong(), 1U << 20);
}

// Of 8 folders they made a message that no client could be sent.
TEST_F(CheckRunTest, FoldersFullOfPlacesNotSeenDoNotBrickTheReport) {
  AddEntry("known", "BLUE", 99);
  const std::vector<std::string> errors(1000, std::string(4096, 'e'));
  for (int root = 0; root < 8; ++root) {
    auto run = Start("LKA/1", std::string(60'000, '/') + std::to_string(root));
    Send(*run, {Picture("a", 1)});
    End(*run, 1, 0, true, errors);
  }
  v1::GetReportRequest request;
  request.set_case_name("LKA/1");
  for (const v1::ReportKind kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_METHOD}) {
    request.set_kind(kind);
    v1::Report report;
    Must(engine_->GetReport(request, [&](v1::GetReportResponse response) {
      EXPECT_LT(response.ByteSizeLong(), 2U << 20);
      report.MergeFrom(response.report());
      return true;
    }));
    EXPECT_EQ(report.method().runs_size(), kind == v1::REPORT_KIND_METHOD ? 8 : 0);
    const auto& warnings = report.scope().warnings();
    const int named = warnings.size() - 1;
    EXPECT_GT(named, 200);
    EXPECT_THAT(warnings.Get(0), HasSubstr("Not looked into: eee"));
    EXPECT_THAT(warnings.Get(named),
                HasSubstr("at least " + std::to_string(8000 - named) + " places"));
  }
}

TEST_F(CheckRunTest, NumbersOfAnySizeSurvive) {
  AddEntry("known", "BLUE", 99);
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  v1::EvidenceFile file = Picture("a", 1);
  file.set_device(kHuge);
  file.set_inode(kHuge - 1);
  file.mutable_fingerprint()->set_size_bytes(kHuge - 2);
  auto run = Start("LKA/1");
  Send(*run, {file});
  v1::Report report = End(*run, 1);
  EXPECT_TRUE(report.scope().complete());
  EXPECT_EQ(report.files(0).size_bytes(), kHuge - 2);
  const auto recorded = RecordedPaths("LKA/1");
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].device(), kHuge);
  EXPECT_EQ(recorded[0].inode(), kHuge - 1);
  EXPECT_EQ(recorded[0].size_bytes(), kHuge - 2);
  run = Start("LKA/1");
  report = End(*run, kHuge, kHuge);
  EXPECT_FALSE(report.scope().complete());
  EXPECT_EQ(report.scope().warnings_size(), 1);
}

// One client that sent files of a thousand matches each took all the memory of the service.
TEST_F(CheckRunTest, LookUpsHoldNoMoreThanTheirShareOfMemory) {
  auto catalog = Must(catalog::Catalog::Open({.store_dir = folder_ + "/other",
                                              .more_migrations = casework::CaseworkMigrations(),
                                              .progress = {}}));
  CaseworkOptions options;
  options.look_up_bytes = 1U << 20;
  options.match = [](std::span<const v1::Fingerprint* const> queries, const v1::MatchOptions&) {
    Matched matched;
    matched.change = 1;
    matched.results.resize(queries.size());
    for (v1::MatchResult& result : matched.results) result.set_verdict(v1::VERDICT_UNRECOGNIZED);
    return absl::StatusOr<Matched>(std::move(matched));
  };
  Casework casework(catalog.get(), options);
  const auto start = [&](bool want_report) {
    v1::MatchStreamOpen open;
    open.set_root("/seized");
    open.set_want_report(want_report);
    return Must(casework.StartCheck(open));
  };
  // Batches until one is refused, but no more than 50.
  const auto fill = [](CheckRun& run) -> absl::Status {
    for (std::uint64_t batch = 0; batch < 50; ++batch) {
      v1::MatchStreamBatch message;
      for (std::uint64_t i = 0; i < 100; ++i) {
        const std::uint64_t file = batch * 100 + i;
        *message.add_files() = Picture("file " + std::to_string(file), file);
      }
      if (const auto answer = run.Batch(message); !answer.ok()) return answer.status();
    }
    return absl::OkStatus();
  };
  auto large = start(true);
  const absl::Status refused = fill(*large);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--case"));
  EXPECT_EQ(fill(*start(true)).code(), absl::StatusCode::kResourceExhausted) << "it is of all";
  EXPECT_TRUE(fill(*start(false)).ok()) << "without a report nothing is kept";
  large.reset();
  auto next = start(true);
  Send(*next, {Picture("a", 1)});
  EXPECT_EQ(End(*next, 1).summary().files(), 1U);
}

}  // namespace
}  // namespace kith::server::testing
