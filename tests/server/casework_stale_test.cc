// SPDX-License-Identifier: Apache-2.0
//
// After which changes the files of a case are matched again.
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

class StaleTest : public CaseworkTest {
 protected:
  StaleTest() {
    entry_ = AddEntry("known", "RED", 1);
    Check("LKA/1", {lead_, Picture("b.jpg", 2)});
  }
  // How many files a refresh matched again.
  std::uint64_t Refresh() {
    v1::RefreshCaseRequest request;
    request.set_name("LKA/1");
    return Must(engine_->RefreshCase(request)).files();
  }
  std::uint64_t MatchedAt(const v1::Report& report) const {
    return report.scope().index_version().change();
  }
  std::uint64_t ChangeNow() { return Must(engine_->GetCapabilities({})).index_version().change(); }
  static void Sign(v1::Signature& signature) {
    signature.set_who("J. Jansen");
    signature.set_why("for the test");
  }
  template <typename Request>
  static Request Signed(Request request = {}) {
    Sign(*request.mutable_signature());
    return request;
  }
  void Alias() {
    auto request = Signed<v1::SetSeriesAliasRequest>();
    request.set_code("RED");
    request.mutable_alias()->set_alias("ROUGE");
    Must(engine_->SetSeriesAlias(request));
  }
  void VerifyContact() {
    auto request = Signed<v1::VerifyContactRequest>();
    request.set_contact_id(contact_id_);
    request.set_verified_at("2026-01-03");
    Must(engine_->VerifyContact(request));
  }
  void GiveOpinion() {
    auto request = Signed<v1::GiveOpinionRequest>();
    request.set_sha256(lead_.fingerprint().digests().sha256());
    request.set_entry_id(entry_);
    request.set_kind(v1::OPINION_KIND_CONFIRMED);
    Must(engine_->GiveOpinion(request));
  }
  void EditSet(const std::function<void(v1::EditHashSetRequest&)>& edit) {
    v1::EditHashSetRequest request;
    request.set_name("known");
    edit(request);
    Must(engine_->EditHashSet(request));
  }

  const v1::EvidenceFile lead_ = Picture("a.jpg", 1, 12);
  std::uint64_t entry_ = 0;
};

// Each of these made the next check or refresh match the whole case again.
TEST_F(StaleTest, WhatTellsOnNoVerdictMatchesNoFileAgain) {
  const std::uint64_t then = ChangeNow();
  v1::AddContactRequest contact;
  contact.mutable_contact()->set_agency("LKA");
  contact.mutable_contact()->set_name("B. Officer");
  Must(engine_->AddContact(contact));
  VerifyContact();
  Alias();
  NoteOn("BLUE");
  MoveDesk("LKA");
  EXPECT_EQ(ChangeNow(), then + 4);
  EXPECT_EQ(Refresh(), 0U);
  const v1::Report report = Check("LKA/1", {}, 2);
  EXPECT_EQ(MatchedAt(report), then);
  EXPECT_EQ(report.scope().warnings_size(), 0);
  // An opinion gave the verdict on its file itself, and says nothing of the others.
  GiveOpinion();
  EXPECT_EQ(Refresh(), 0U);
  EXPECT_EQ(FileAt(Check("LKA/1", {}, 2), "a.jpg").rule(),
            "confirmed by a person as a known entry, none identified");
  // A purge of another case.
  Check("LKA/2", {Picture("c.jpg", 3)});
  auto purge = Signed<v1::PurgeCaseRequest>();
  purge.set_name("LKA/2");
  Must(engine_->PurgeCase(purge));
  EXPECT_EQ(Refresh(), 0U);
}

TEST_F(StaleTest, WhatMayTellOnAVerdictMatchesAllAgain) {
  const std::uint64_t moved = AddEntry("known", "", 7);
  EXPECT_EQ(Refresh(), 2U);
  Identify("RED");
  EXPECT_EQ(Refresh(), 2U);
  auto unidentify = Signed<v1::UnidentifySeriesRequest>();
  unidentify.set_code("RED");
  Must(engine_->UnidentifySeries(unidentify));
  EXPECT_EQ(Refresh(), 2U);
  auto merge = Signed<v1::MergeSeriesRequest>();
  merge.set_code("RED");
  merge.set_into("BLUE");
  Must(engine_->MergeSeries(merge));
  EXPECT_EQ(Refresh(), 2U);
  auto unmerge = Signed<v1::UnmergeSeriesRequest>();
  unmerge.set_code("RED");
  Must(engine_->UnmergeSeries(unmerge));
  EXPECT_EQ(Refresh(), 2U);
  auto move = Signed<v1::MoveEntriesRequest>();
  move.add_entry_ids(moved);
  move.set_series("RED");
  Must(engine_->MoveEntries(move));
  EXPECT_EQ(Refresh(), 2U);
  for (const bool enabled : {false, true}) {
    auto request = Signed<v1::SetHashSetEnabledRequest>();
    request.set_name("known");
    request.set_enabled(enabled);
    Must(engine_->SetHashSetEnabled(request));
    EXPECT_EQ(Refresh(), 2U);
  }
  EditSet([](auto& request) { request.set_radius_bits(16); });
  EXPECT_EQ(Refresh(), 2U);
  // What came behind it changes nothing of that.
  Withdraw(entry_);
  VerifyContact();
  const v1::Report report = Check("LKA/1", {}, 2);
  EXPECT_EQ(MatchedAt(report), ChangeNow());
  EXPECT_EQ(FileAt(report, "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(Refresh(), 0U);
}

// A report tells the version of a set that the files were matched with.
TEST_F(StaleTest, AnotherVersionOfASetIsTold) {
  EditSet([](auto& request) { request.set_version("2026-11"); });
  const v1::Report report = Check("LKA/1", {}, 2);
  ASSERT_EQ(report.sets_size(), 2);
  EXPECT_EQ(report.sets(1).name(), "known");
  EXPECT_EQ(report.sets(1).version(), "2026-11");
}

}  // namespace
}  // namespace kith::server::testing
