// SPDX-License-Identifier: Apache-2.0
//
// A person's word on a lead: what it does to verdicts, in this case and the others, now and later.
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

class OpinionTest : public CaseworkTest {
 protected:
  absl::StatusOr<v1::GiveOpinionResponse> Give(const std::string& sha256, std::uint64_t entry,
                                               v1::OpinionKind kind,
                                               const std::string& who = "J. Jansen",
                                               const std::string& why = "looked at both") {
    v1::GiveOpinionRequest request;
    request.set_sha256(sha256);
    request.set_entry_id(entry);
    request.set_kind(kind);
    request.mutable_signature()->set_who(who);
    request.mutable_signature()->set_why(why);
    return engine_->GiveOpinion(request);
  }
  v1::ReportFile FileOf(const std::string& case_name, const std::string& path) {
    return FileAt(GetReport(case_name), path);
  }
  static std::string ShaOf(const v1::EvidenceFile& file) {
    return file.fingerprint().digests().sha256();
  }
};

// Whoever must explain a verdict in court asks why, long after.
TEST_F(OpinionTest, AnOpinionSaysWhoseItIsAndWhy) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  for (const auto kind :
       {v1::OPINION_KIND_CONFIRMED, v1::OPINION_KIND_REJECTED, v1::OPINION_KIND_WITHDRAWN}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Give(ShaOf(lead), entry, kind, "J. Jansen", "").status()));
    EXPECT_TRUE(absl::IsInvalidArgument(Give(ShaOf(lead), entry, kind, "", "alike").status()));
  }
  EXPECT_EQ(Must(engine_->ListOpinions({})).opinions_size(), 0);
}

TEST_F(OpinionTest, ARejectedPairDoesNotComeBackInAnyCase) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  Check("LKA/2", {lead, Picture("other.jpg", 1, 14)});
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").matches(0).nearness(), "very likely");
  const auto given = Must(Give(ShaOf(lead), entry, v1::OPINION_KIND_REJECTED));
  ASSERT_EQ(given.verdicts_size(), 2);
  for (const v1::VerdictChange& change : given.verdicts()) {
    EXPECT_EQ(change.before(), v1::VERDICT_RECOGNIZED);
    EXPECT_EQ(change.now(), v1::VERDICT_UNRECOGNIZED);
  }
  OpenEngine();
  Check("LKA/3", {lead});
  for (const char* name : {"LKA/1", "LKA/2", "LKA/3"}) {
    const v1::ReportFile file = FileOf(name, "a.jpg");
    EXPECT_EQ(file.verdict(), v1::VERDICT_UNRECOGNIZED) << name;
    EXPECT_EQ(file.matches_size(), 0) << name;
    EXPECT_EQ(file.rejected_matches(), 1) << name;
  }
  // The word is on that pair alone.
  EXPECT_EQ(FileOf("LKA/2", "other.jpg").verdict(), v1::VERDICT_RECOGNIZED);
  const std::uint64_t twin = AddEntry("known", "RED", 1);  // already there
  EXPECT_EQ(twin, entry);
  EXPECT_EQ(GetCase("LKA/1").sightings_size(), 0);
  // A look-up is judged as a case is.
  v1::MatchRequest look_up;
  *look_up.add_queries() = lead.fingerprint();
  EXPECT_EQ(Must(engine_->Match(look_up)).results(0).verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(Must(engine_->Match(look_up)).results(0).rejected(), 1);
  // Taken back, the lead is there again.
  Must(Give(ShaOf(lead), entry, v1::OPINION_KIND_WITHDRAWN));
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").rejected_matches(), 0);
}

// A list came once more with further digests: the same file stood beside the rejected entry as one
// of which nobody had said anything.
TEST_F(OpinionTest, ARejectedPairDoesNotComeBackWithMoreDigestsOfTheEntry) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  Must(Give(ShaOf(lead), entry, v1::OPINION_KIND_REJECTED));
  const auto add = [&](const std::string& set, const v1::Entry& added) {
    v1::AddEntriesRequest request;
    request.set_set(set);
    request.set_series("RED");
    *request.add_entries() = added;
    const auto response = Must(engine_->AddEntries(request));
    EXPECT_FALSE(response.entries(0).already_there());
    return response.entries(0).entry_id();
  };
  v1::Entry fuller = EntryOf(1);
  fuller.mutable_digests()->set_sha1(std::string(20, 's'));
  const std::uint64_t twin = add("known", fuller);
  EXPECT_NE(twin, entry);
  Check("LKA/2", {lead});
  v1::RefreshCaseRequest refresh;
  refresh.set_name("LKA/1");
  Must(engine_->RefreshCase(refresh));
  for (const char* name : {"LKA/1", "LKA/2"}) {
    EXPECT_EQ(FileOf(name, "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED) << name;
    EXPECT_EQ(FileOf(name, "a.jpg").matches_size(), 0) << name;
    EXPECT_EQ(FileOf(name, "a.jpg").rejected_matches(), 2) << name;
  }
  // In its place, as where the source replaces its own record.
  Withdraw(entry);
  v1::MatchRequest look_up;
  *look_up.add_queries() = lead.fingerprint();
  EXPECT_EQ(Must(engine_->Match(look_up)).results(0).rejected(), 1);
  EXPECT_EQ(Must(engine_->Match(look_up)).results(0).matches_size(), 0);
  // The word is on that picture of that list alone: not on others as near, nor on other lists.
  v1::Entry other = EntryOf(1);
  other.clear_digests();
  std::string pdq = PdqOf(1);
  pdq[31] = static_cast<char>(pdq[31] ^ 1);
  other.mutable_codes(0)->set_pdq(pdq);
  const std::uint64_t beside = add("known", other);
  AddSet("of another source", v1::PURPOSE_KNOWN);
  const std::uint64_t elsewhere = add("of another source", EntryOf(1));
  const v1::MatchResult now = Must(engine_->Match(look_up)).results(0);
  ASSERT_EQ(now.matches_size(), 2);
  EXPECT_EQ(now.matches(0).entry_id(), elsewhere);
  EXPECT_EQ(now.matches(1).entry_id(), beside);
  EXPECT_EQ(now.rejected(), 1);
  // Of another file nobody said anything.
  *look_up.mutable_queries(0) = Picture("b.jpg", 1, 13).fingerprint();
  EXPECT_EQ(Must(engine_->Match(look_up)).results(0).matches_size(), 3);
  // Taken back, it holds for neither.
  Must(Give(ShaOf(lead), entry, v1::OPINION_KIND_WITHDRAWN));
  *look_up.mutable_queries(0) = lead.fingerprint();
  EXPECT_EQ(Must(engine_->Match(look_up)).results(0).matches_size(), 3);
}

// Two films begin with the same title card. Once one was rejected, the other was no lead any more,
// though the file shows a frame of its own that nobody had looked at.
TEST_F(OpinionTest, ARejectionIsNotOfAnEntryThatSharesOneFrame) {
  v1::Entry card = EntryOf(1);
  v1::Entry film = card;
  film.mutable_digests()->set_sha256(Sha256Of(2));
  v1::Code& frame = *film.add_codes();
  frame = film.codes(0);
  frame.set_pdq(PdqOf(2));
  frame.mutable_view()->set_frame(1);
  v1::AddEntriesRequest add;
  add.set_set("known");
  *add.add_entries() = card;
  *add.add_entries() = film;
  const auto added = Must(engine_->AddEntries(add));
  v1::EvidenceFile lead = Picture("a.gif", 1, 0);
  lead.mutable_fingerprint()->mutable_digests()->set_sha256(Sha256Of(3));
  AddCode(*lead.mutable_fingerprint(), PdqOf(2));
  lead.mutable_fingerprint()->mutable_codes(1)->mutable_view()->set_frame(1);
  Check("LKA/1", {lead});
  EXPECT_EQ(FileOf("LKA/1", "a.gif").matches_size(), 2);
  Must(Give(ShaOf(lead), added.entries(0).entry_id(), v1::OPINION_KIND_REJECTED));
  const v1::ReportFile file = FileOf("LKA/1", "a.gif");
  EXPECT_EQ(file.verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_EQ(file.rejected_matches(), 1U);
  ASSERT_EQ(file.matches_size(), 1);
  EXPECT_EQ(file.matches(0).entry_id(), added.entries(1).entry_id());
  // The other way round: the first has no frame that was not looked at.
  Must(Give(ShaOf(lead), added.entries(0).entry_id(), v1::OPINION_KIND_WITHDRAWN));
  Must(Give(ShaOf(lead), added.entries(1).entry_id(), v1::OPINION_KIND_REJECTED));
  EXPECT_EQ(FileOf("LKA/1", "a.gif").matches_size(), 0);
  EXPECT_EQ(FileOf("LKA/1", "a.gif").rejected_matches(), 2U);
}

TEST_F(OpinionTest, AConfirmedPairConfirmsNoOther) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  Must(Give(ShaOf(lead), entry, v1::OPINION_KIND_CONFIRMED));
  v1::AddEntriesRequest request;
  request.set_set("known");
  *request.add_entries() = EntryOf(1);
  request.mutable_entries(0)->mutable_digests()->set_sha1(std::string(20, 's'));
  const std::uint64_t twin = Must(engine_->AddEntries(request)).entries(0).entry_id();
  Check("LKA/2", {lead});
  const v1::ReportFile file = FileOf("LKA/2", "a.jpg");
  ASSERT_EQ(file.matches_size(), 2);
  for (const v1::ReportMatch& match : file.matches()) {
    EXPECT_EQ(match.opinion(),
              match.entry_id() == twin ? v1::OPINION_KIND_UNSPECIFIED : v1::OPINION_KIND_CONFIRMED);
  }
  // What was said of the other one itself goes before what was said of its like.
  Must(Give(ShaOf(lead), twin, v1::OPINION_KIND_REJECTED));
  ASSERT_EQ(FileOf("LKA/2", "a.jpg").matches_size(), 1);
  EXPECT_EQ(FileOf("LKA/2", "a.jpg").matches(0).entry_id(), entry);
}

TEST_F(OpinionTest, AConfirmedLeadCountsAsCertain) {
  const std::uint64_t known = AddEntry("known", "BLUE", 1);
  AddEntry("harmless", "", 1);  // the very same picture
  v1::EvidenceFile lead = Picture("a.jpg", 1, 8);
  AddCode(*lead.mutable_fingerprint(), PdqOf(1, 8));
  Check("LKA/1", {lead});
  // As near as the benign one: not held back, but a lead only.
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").rule(), "a lead to an entry that is identified");
  Must(Give(ShaOf(lead), known, v1::OPINION_KIND_CONFIRMED));
  const v1::ReportFile file = FileOf("LKA/1", "a.jpg");
  EXPECT_EQ(file.verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(file.rule(), "confirmed by a person as an entry that is identified");
  ASSERT_EQ(file.matches_size(), 2);
  EXPECT_EQ(file.matches(0).opinion(), v1::OPINION_KIND_CONFIRMED);
  EXPECT_EQ(file.matches(0).nearness(), "same picture");
}

TEST_F(OpinionTest, WhatIsConfirmedIsNeverHeldBack) {
  const std::uint64_t known = AddEntry("known", "BLUE", 1);
  v1::Entry nearer = EntryOf(1);
  nearer.clear_digests();
  nearer.mutable_codes(0)->set_pdq(PdqOf(1, 10));
  v1::AddEntriesRequest request;
  request.set_set("harmless");
  *request.add_entries() = nearer;
  Must(engine_->AddEntries(request));
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").held_back_matches(), 1);
  Must(Give(ShaOf(lead), known, v1::OPINION_KIND_CONFIRMED));
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").held_back_matches(), 0);
}

TEST_F(OpinionTest, WhatCannotBeJudgedIsRefused) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile same = Picture("a.jpg", 1);
  Check("LKA/1", {same});
  // By digest it is certain.
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Give(ShaOf(same), entry, v1::OPINION_KIND_REJECTED).status()));
  EXPECT_TRUE(absl::IsNotFound(Give(Sha256Of(77), entry, v1::OPINION_KIND_REJECTED).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Give("short", entry, v1::OPINION_KIND_REJECTED).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Give(ShaOf(same), entry, v1::OPINION_KIND_UNSPECIFIED).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Give(ShaOf(same), entry, v1::OPINION_KIND_REJECTED, "").status()));
  EXPECT_EQ(Must(engine_->ListOpinions({})).opinions_size(), 0);
}

TEST_F(OpinionTest, OpinionsAreListedInPagesAndNeverLost) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  for (const auto kind :
       {v1::OPINION_KIND_REJECTED, v1::OPINION_KIND_WITHDRAWN, v1::OPINION_KIND_CONFIRMED}) {
    Must(Give(ShaOf(lead), entry, kind));
  }
  OpenEngine();
  v1::ListOpinionsRequest request;
  request.set_page_size(2);
  request.set_sha256(ShaOf(lead));
  const auto first = Must(engine_->ListOpinions(request));
  ASSERT_EQ(first.opinions_size(), 2);
  EXPECT_EQ(first.opinions(0).who(), "J. Jansen");
  request.set_page_token(first.next_page_token());
  const auto second = Must(engine_->ListOpinions(request));
  ASSERT_EQ(second.opinions_size(), 1);
  EXPECT_EQ(second.opinions(0).kind(), v1::OPINION_KIND_CONFIRMED);
  EXPECT_EQ(second.next_page_token(), "");
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").rule(),
            "confirmed by a person as a known entry, none identified");
}

TEST_F(OpinionTest, RefreshBringsACaseUpToDateWithoutReadingAFile) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Withdraw(entry);
  AddEntry("known", "BLUE", 2);
  v1::RefreshCaseRequest request;
  request.set_name("LKA/1");
  const auto done = Must(engine_->RefreshCase(request));
  EXPECT_EQ(done.files(), 2);
  EXPECT_EQ(done.changed(), 2);
  EXPECT_EQ(FileOf("LKA/1", "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(FileOf("LKA/1", "b.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(Must(engine_->RefreshCase(request)).files(), 0);
  request.set_name("LKA/9");
  EXPECT_TRUE(absl::IsNotFound(engine_->RefreshCase(request).status()));
}

// The ledger of a look-up is no case: the opinion does not give its verdicts anew.
TEST_F(OpinionTest, ALookUpHeedsAnOpinionThatCameWhileItRan) {
  const std::uint64_t entry = AddEntry("known", "RED", 1);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  Check("LKA/1", {lead});
  auto run = Start("");
  EXPECT_EQ(Send(*run, {lead}).results(0).verdict(), v1::VERDICT_RECOGNIZED);
  Must(Give(ShaOf(lead), entry, v1::OPINION_KIND_REJECTED));
  EXPECT_EQ(FileAt(End(*run, 1), "a.jpg").verdict(), v1::VERDICT_UNRECOGNIZED);
}

}  // namespace
}  // namespace kith::server::testing
