// SPDX-License-Identifier: Apache-2.0
//
// The desk by itself, with a matcher that can be disturbed: what happens between the steps of a
// call.
#include "server/case_desk.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/casework/opinions.h"
#include "server/casework/schema.h"
#include "server/catalog/catalog.h"
#include "server/matcher.h"
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CaseDeskTest : public CaseworkTest {
 protected:
  ~CaseDeskTest() override { CloseDesk(); }

  // In the place of the engine.
  void OpenDesk() {
    engine_.reset();
    catalog_ = Must(catalog::Catalog::Open({.store_dir = folder_ + "/store",
                                            .create = false,
                                            .more_migrations = casework::CaseworkMigrations(),
                                            .progress = {}}));
    opinions_ = std::make_unique<casework::Opinions>();
    Must(opinions_->Load(catalog_->database()));
    matcher_ = std::make_unique<Matcher>(*catalog_, opinions_.get());
    desk_ = std::make_unique<CaseDesk>(
        catalog_.get(), opinions_.get(),
        [this](std::span<const v1::Fingerprint* const> queries,
               const v1::MatchOptions& options) -> absl::StatusOr<Matched> {
          if (const auto disturb = std::exchange(before_match_, nullptr)) {
            const absl::Status status = disturb();
            if (!status.ok()) return status;
          }
          const auto moment = catalog_->Now();
          if (!moment.ok()) return moment.status();
          auto results = matcher_->Match(queries, options, *moment, kMaxMatchesACheckBatch);
          if (!results.ok()) return results.status();
          return Matched{.results = *std::move(results), .change = moment->change};
        });
  }
  void CloseDesk() {
    desk_.reset();
    matcher_.reset();
    opinions_.reset();
    catalog_.reset();
    if (engine_ == nullptr) OpenEngine();
  }

  absl::Status IdentifyRed() {
    v1::IdentifySeriesRequest request;
    request.set_code("RED");
    request.set_agency("LKA");
    return catalog_->IdentifySeries(request).status();
  }
  static v1::GiveOpinionRequest OpinionOn(const v1::EvidenceFile& file, std::uint64_t entry,
                                          v1::OpinionKind kind) {
    v1::GiveOpinionRequest request;
    request.set_sha256(file.fingerprint().digests().sha256());
    request.set_entry_id(entry);
    request.set_kind(kind);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("looked at both");
    return request;
  }
  // "CASE: what: subject (files)"
  std::vector<std::string> Words() {
    const auto page = desk_ ? Must(desk_->ListAlerts({})) : Must(engine_->ListAlerts({}));
    std::vector<std::string> words;
    for (const v1::Alert& alert : page.alerts()) {
      words.push_back(alert.case_name() + ": " + alert.what() + ": " + alert.subject() + " (" +
                      std::to_string(alert.files()) + ")");
    }
    return words;
  }
  // So that reading the evidence fails: all of it, or that of one file.
  void DamageCodes(std::uint64_t file = 0) {
    auto write = Must(catalog_->database().BeginWrite());
    Must(write.Execute("UPDATE evidence_code SET codes = x'ff' WHERE ?1 IN (0, file)", file));
    Must(write.Commit());
  }

  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<casework::Opinions> opinions_;
  std::unique_ptr<Matcher> matcher_;
  std::unique_ptr<CaseDesk> desk_;
  std::function<absl::Status()> before_match_;  // once
};

TEST_F(CaseDeskTest, AChangeThatLandsDuringARefreshIsTold) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  AddEntry("known", "RED", 7);  // the case is stale
  OpenDesk();
  EXPECT_THAT(Words(), IsEmpty());
  before_match_ = [&] { return IdentifyRed(); };
  v1::RefreshCaseRequest request;
  request.set_name("LKA/1");
  EXPECT_EQ(Must(desk_->RefreshCase(request)).changed(), 1);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: series identified: series RED (1)"));
}

TEST_F(CaseDeskTest, AChangeThatLandsWhileAnOpinionIsGivenIsTold) {
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  Check("LKA/1", {lead});
  OpenDesk();
  EXPECT_THAT(Words(), IsEmpty());
  before_match_ = [&] { return IdentifyRed(); };
  const auto given = Must(desk_->GiveOpinion(OpinionOn(lead, entry, v1::OPINION_KIND_CONFIRMED)));
  ASSERT_EQ(given.verdicts_size(), 1);
  EXPECT_EQ(given.verdicts(0).before(), v1::VERDICT_RECOGNIZED);
  EXPECT_EQ(given.verdicts(0).now(), v1::VERDICT_IDENTIFIED);
  EXPECT_THAT(Words(), ElementsAre("LKA/1: series identified: series RED (1)"));
}

TEST_F(CaseDeskTest, AnOpinionThatWasCutOffIsSettledAtTheNextLook) {
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  Check("LKA/1", {lead});
  Check("LKA/2", {lead});
  OpenDesk();
  before_match_ = [] { return absl::UnavailableError("the power fails"); };
  const auto request = OpinionOn(lead, entry, v1::OPINION_KIND_REJECTED);
  EXPECT_TRUE(absl::IsUnavailable(desk_->GiveOpinion(request).status()));
  CloseDesk();
  EXPECT_EQ(Must(engine_->ListOpinions({})).opinions_size(), 1);
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a.jpg").verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_THAT(Words(), IsEmpty());  // who gave it knows
  for (const char* name : {"LKA/1", "LKA/2"}) {
    const v1::Report report = GetReport(name);
    EXPECT_EQ(FileAt(report, "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED) << name;
    EXPECT_EQ(FileAt(report, "a.jpg").rejected_matches(), 1) << name;
  }
}

// It ended the alerts of all cases, every check of one on record, and every further opinion.
TEST_F(CaseDeskTest, AnOpinionOnDamagedEvidenceHoldsNothingElseUp) {
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  const v1::EvidenceFile other = Picture("b.jpg", 2, 12);
  const std::uint64_t entry = AddEntry("known", "BLUE", 1);
  const std::uint64_t of_other = AddEntry("known", "RED", 2);
  Check("LKA/1", {lead});
  Check("LKA/2", {other});
  OpenDesk();
  EXPECT_THAT(Words(), IsEmpty());
  before_match_ = [] { return absl::UnavailableError("the power fails"); };
  auto request = OpinionOn(lead, entry, v1::OPINION_KIND_REJECTED);
  EXPECT_TRUE(absl::IsUnavailable(desk_->GiveOpinion(request).status()));
  DamageCodes(1);
  Must(IdentifyRed());
  EXPECT_THAT(Words(), ElementsAre("LKA/2: series identified: series RED (1)"));
  const auto given =
      Must(desk_->GiveOpinion(OpinionOn(other, of_other, v1::OPINION_KIND_CONFIRMED)));
  EXPECT_EQ(given.verdicts_size(), 1);
  EXPECT_EQ(Words().size(), 1U);
  // Who looks after the store is told, once.
  EXPECT_THAT(catalog_->Alarms(), ElementsAre(HasSubstr("could not be applied to all cases")));
  // Whose own opinion it is learns that it is on record and no more.
  request.set_kind(v1::OPINION_KIND_CONFIRMED);
  EXPECT_TRUE(absl::IsDataLoss(desk_->GiveOpinion(request).status()));
  EXPECT_EQ(catalog_->Alarms().size(), 2U);
}

// A check of the case matched all of it again, and so it does as long as the opinion waits.
TEST_F(CaseDeskTest, ACheckHeedsAnOpinionThatIsNotSettled) {
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  Check("LKA/1", {lead});
  OpenDesk();
  before_match_ = [] { return absl::UnavailableError("the power fails"); };
  const auto request = OpinionOn(lead, entry, v1::OPINION_KIND_REJECTED);
  EXPECT_TRUE(absl::IsUnavailable(desk_->GiveOpinion(request).status()));
  CloseDesk();
  const v1::Report report = Check("LKA/1", {}, 1);
  EXPECT_EQ(FileAt(report, "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
}

TEST_F(CaseDeskTest, NothingComesOnRecordBehindAWatchThatIsUnderWay) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  OpenDesk();
  EXPECT_THAT(Words(), IsEmpty());
  const std::uint64_t then = catalog_->Version().change();
  Must(IdentifyRed());
  // A batch that was matched before that, and had to wait for its turn to write.
  casework::Ledger ledger(&catalog_->database(), &catalog_->directory(), true);
  const casework::Run run = Must(ledger.StartRun("LKA/2", 0, "/seized", std::nullopt));
  const v1::EvidenceFile late = Picture("b.jpg", 1);
  v1::MatchResult result;
  result.set_verdict(v1::VERDICT_RECOGNIZED);
  before_match_ = [&] {
    EXPECT_TRUE(absl::IsAborted(
        ledger.Record(run, std::vector{&late}, std::vector{result}, then).status()));
    return absl::OkStatus();
  };
  EXPECT_THAT(Words(), ElementsAre("LKA/1: series identified: series RED (1)"));
  EXPECT_FALSE(before_match_);  // it was disturbed
}

// The alerts of all cases failed then, and with them a check of another case that was under way.
TEST_F(CaseDeskTest, ACaseThatIsPurgedMeanwhileTakesNoAlertOfAnotherAlong) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 1, 3)});
  Check("LKA/2", {Picture("a.jpg", 1)});
  OpenDesk();
  EXPECT_THAT(Words(), IsEmpty());
  Must(IdentifyRed());
  before_match_ = [&] {
    v1::PurgeCaseRequest purge;
    purge.set_name("LKA/1");
    purge.mutable_signature()->set_who("J. Jansen");
    purge.mutable_signature()->set_why("court order");
    return desk_->PurgeCase(purge).status();
  };
  EXPECT_THAT(Words(), ElementsAre("LKA/2: series identified: series RED (1)"));
  EXPECT_FALSE(before_match_);
}

TEST_F(CaseDeskTest, TheFirstWatchBeginsWhereTheFilesWereMatched) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  OpenDesk();
  DamageCodes();
  EXPECT_THAT(Words(), IsEmpty());  // no join, so nobody sees the damage
  Must(IdentifyRed());
  EXPECT_TRUE(absl::IsDataLoss(desk_->ListAlerts({}).status()));
}

TEST_F(CaseDeskTest, WordsOnAHashSetAreNoReasonToJoin) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  OpenDesk();
  DamageCodes();
  EXPECT_THAT(Words(), IsEmpty());
  v1::EditHashSetRequest edit;
  edit.set_name("known");
  edit.set_handling("for official use only");
  edit.set_radius_bits(31);  // as it is
  Must(catalog_->EditHashSet(edit));
  EXPECT_THAT(Words(), IsEmpty());
  edit.set_radius_bits(20);
  Must(catalog_->EditHashSet(edit));
  EXPECT_TRUE(absl::IsDataLoss(desk_->ListAlerts({}).status()));
}

}  // namespace
}  // namespace kith::server::testing
