// SPDX-License-Identifier: Apache-2.0
//
// Codes with a margin: what they rule out, and what has to be asked again with exact ones.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/server/store.h"

namespace kith::server {
namespace {

using ::testing::HasSubstr;

class EngineMarginTest : public StoreTest {
 protected:
  static constexpr std::uint32_t kMargin = 6;

  static v1::Fingerprint Near(const std::string& pdq) {
    v1::Fingerprint query = PdqQuery(pdq, kFull);
    query.set_margin_bits(kMargin);
    query.set_disposition(v1::DISPOSITION_HASHED);
    return query;
  }
  bool ExactWanted(const std::string& pdq, const v1::MatchOptions& options = {}) {
    const v1::MatchResult result = MatchOne(Near(pdq), options);
    EXPECT_EQ(result.total(), 0);  // a margin tells no match
    return result.exact_wanted();
  }
  static constexpr CodeOptions kFull = {.dialect = v1::DIALECT_FULL};
};

TEST_F(EngineMarginTest, WhatLiesWithinRadiusAndMarginIsAskedAgain) {
  AddSet("wide");
  AddSet("tight", {.radius_bits = 10});
  AddOne("wide", "", PdqEntry(Pdq(1), "", kFull));
  AddOne("tight", "", PdqEntry(Pdq(2), "", kFull));
  EXPECT_TRUE(ExactWanted(Pdq(1)));
  EXPECT_TRUE(ExactWanted(Flipped(Pdq(1), 37)));
  EXPECT_FALSE(ExactWanted(Flipped(Pdq(1), 38)));
  EXPECT_TRUE(ExactWanted(Flipped(Pdq(2), 16)));
  EXPECT_FALSE(ExactWanted(Flipped(Pdq(2), 17)));
  v1::MatchOptions options;
  options.set_radius_bits(4);
  EXPECT_TRUE(ExactWanted(Flipped(Pdq(1), 10), options));
  EXPECT_FALSE(ExactWanted(Flipped(Pdq(1), 11), options));
  const v1::MatchResult none = MatchOne(Near(Flipped(Pdq(1), 38)));
  EXPECT_EQ(none.verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(none.rule(), "compared by PDQ and digest; nothing matches");
}

// A benign entry may hold a lead back, so it counts as any other; what is withdrawn or switched off
// does not.
TEST_F(EngineMarginTest, EntriesThatCountForAnAnswerCount) {
  AddSet("benign", {.purpose = v1::PURPOSE_BENIGN});
  AddSet("off");
  AddOne("benign", "", PdqEntry(Pdq(1), "", kFull));
  const std::uint64_t gone = AddOne("benign", "", PdqEntry(Pdq(2), "", kFull));
  AddOne("off", "", PdqEntry(Pdq(3), "", kFull));
  Withdraw(gone);
  Switch("off", false);
  EXPECT_TRUE(ExactWanted(Flipped(Pdq(1), 33)));
  EXPECT_FALSE(ExactWanted(Pdq(2)));
  EXPECT_FALSE(ExactWanted(Pdq(3)));
  v1::MatchOptions known;
  known.set_purpose(v1::PURPOSE_KNOWN);
  EXPECT_FALSE(ExactWanted(Pdq(1), known));
  Switch("off", true);
  EXPECT_TRUE(ExactWanted(Pdq(3)));
}

TEST_F(EngineMarginTest, NothingIsRuledOutWhereOtherDialectsAre) {
  AddSet("full");
  AddSet("list");
  AddOne("full", "", PdqEntry(Pdq(1), "", kFull));
  EXPECT_FALSE(ExactWanted(Pdq(9)));
  AddOne("list", "", PdqEntry(Pdq(2)));  // nobody knows its dialect
  EXPECT_TRUE(ExactWanted(Pdq(9)));
  Switch("list", false);
  EXPECT_FALSE(ExactWanted(Pdq(9)));
  AddOne("full", "", PdqEntry(Pdq(3), "", {.dialect = v1::DIALECT_CLI512}));
  EXPECT_TRUE(ExactWanted(Pdq(9)));
}

TEST_F(EngineMarginTest, DigestsAreToldAllTheSameAndOthersOfTheBatchAreNotDisturbed) {
  AddSet("list");
  const std::uint64_t known = AddOne("list", "", DigestEntry(Md5(Bytes(16, 1))));
  const std::uint64_t lead = AddOne("list", "", PdqEntry(Pdq(1), "", kFull));
  v1::MatchRequest request;
  *request.add_queries() = Near(Flipped(Pdq(1), 30));
  *request.mutable_queries(0)->mutable_digests() = Md5(Bytes(16, 1));
  *request.add_queries() = PdqQuery(Flipped(Pdq(1), 31), kFull);
  *request.add_queries() = PdqQuery(Flipped(Pdq(1), 32), kFull);
  const auto response = engine().Match(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results(0).matches_size(), 1);
  EXPECT_EQ(response->results(0).matches(0).entry_id(), known);
  EXPECT_TRUE(response->results(0).exact_wanted());
  ASSERT_EQ(response->results(1).matches_size(), 1);
  EXPECT_EQ(response->results(1).matches(0).entry_id(), lead);
  EXPECT_FALSE(response->results(1).exact_wanted());
  EXPECT_EQ(response->results(2).total(), 0);
}

TEST_F(EngineMarginTest, WhatIsNoMarginIsRefused) {
  v1::MatchRequest request;
  *request.add_queries() = Near(Pdq(1));
  request.mutable_queries(0)->set_margin_bits(17);
  EXPECT_THAT(engine().Match(request).status().ToString(), HasSubstr("a margin of 17 bits"));
  *request.mutable_queries(0) = Near(Pdq(1));
  request.mutable_queries(0)->mutable_codes(0)->set_dialect(v1::DIALECT_CLI512);
  EXPECT_THAT(engine().Match(request).status().ToString(), HasSubstr("not of dialect full"));
}

class MarginRunTest : public EngineMarginTest {
 protected:
  static v1::MatchStreamBatch BatchOf(const std::string& path, const v1::Fingerprint& fingerprint,
                                      std::uint64_t seed) {
    v1::MatchStreamBatch batch;
    v1::EvidenceFile& file = *batch.add_files();
    file.set_path(path);
    *file.mutable_fingerprint() = fingerprint;
    file.mutable_fingerprint()->mutable_digests()->set_sha256(Bytes(32, seed));
    return batch;
  }
  std::unique_ptr<CheckRun> Start(const std::string& case_name) {
    v1::MatchStreamOpen open;
    open.set_case_name(case_name);
    open.set_root("/exhibit");
    open.set_want_report(true);
    auto run = engine().StartCheck(open);
    EXPECT_TRUE(run.ok()) << run.status();
    return run.ok() ? *std::move(run) : nullptr;
  }
  static bool IsUnsettled(const v1::Report& report) {
    const auto& warnings = report.scope().warnings();
    return std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
      return warning.find("may match what was entered while the check ran") != std::string::npos;
    });
  }
  static v1::Report End(CheckRun& run) {
    v1::MatchStreamEnd end;
    end.set_complete(true);
    end.set_entries_walked(1);
    v1::Report report;
    const absl::Status ended = run.End(end, [&](v1::Report fragment) {
      report.MergeFrom(fragment);
      return true;
    });
    EXPECT_TRUE(ended.ok()) << ended;
    return report;
  }
};

TEST_F(MarginRunTest, ARecordedRunTakesNone) {
  AddSet("list");
  AddOne("list", "", PdqEntry(Pdq(1), "", kFull));
  const auto run = Start("NORTH/1");
  EXPECT_FALSE(run->Opened().takes_margins());
  EXPECT_THAT(run->Batch(BatchOf("a.jpg", Near(Pdq(9)), 1)).status().ToString(),
              HasSubstr("hashed exactly"));
  EXPECT_TRUE(Start("")->Opened().takes_margins());
  AddOne("list", "", PdqEntry(Pdq(2)));
  EXPECT_FALSE(Start("")->Opened().takes_margins());
}

// What is entered while a look-up runs, and may match a file that a margin had ruled out, is told.
TEST_F(MarginRunTest, KnowledgeThatComesMeanwhileIsNotMissed) {
  AddSet("list");
  AddOne("list", "", PdqEntry(Pdq(1), "", kFull));
  for (const bool near : {false, true}) {
    const std::uint64_t seed = near ? 20 : 30;
    const auto run = Start("");
    const auto answer = run->Batch(BatchOf("a.jpg", Near(Pdq(seed)), seed));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_FALSE(answer->results(0).exact_wanted());
    AddOne("list", "", PdqEntry(near ? Flipped(Pdq(seed), 35) : Pdq(seed + 1), "", kFull));
    const v1::Report report = End(*run);
    EXPECT_EQ(IsUnsettled(report), near);
  }
}

TEST_F(MarginRunTest, AFileThatIsSentOnceMoreExactlyHasNoMargin) {
  AddSet("list");
  AddOne("list", "", PdqEntry(Pdq(1), "", kFull));
  const auto run = Start("");
  v1::Fingerprint exact = Near(Flipped(Pdq(5), 2));
  exact.clear_margin_bits();
  for (const v1::Fingerprint& fingerprint : {Near(Pdq(5)), exact, Near(Pdq(5))}) {
    ASSERT_TRUE(run->Batch(BatchOf("a.jpg", fingerprint, 5)).ok());
  }
  // Within 31 bits of the exact code, and beyond them of the other.
  AddOne("list", "", PdqEntry(Flipped(Pdq(5), 33), "", kFull));
  const v1::Report report = End(*run);
  EXPECT_FALSE(IsUnsettled(report));
  ASSERT_EQ(report.files_size(), 1);
  EXPECT_EQ(report.files(0).verdict(), v1::VERDICT_RECOGNIZED);
  ASSERT_EQ(report.files(0).matches_size(), 1);
  EXPECT_EQ(report.files(0).matches(0).distance_bits(), 31);
}

// The same where it comes between the client's question and its batch.
TEST_F(MarginRunTest, AFileThatWantsExactCodesIsNotSettled) {
  AddSet("list");
  AddOne("list", "", PdqEntry(Pdq(1), "", kFull));
  const auto run = Start("");
  const auto answer = run->Batch(BatchOf("a.jpg", Near(Flipped(Pdq(1), 34)), 5));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->results(0).exact_wanted());
  EXPECT_TRUE(IsUnsettled(End(*run)));
}

}  // namespace
}  // namespace kith::server
