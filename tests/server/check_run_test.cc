// SPDX-License-Identifier: Apache-2.0
//
// Runs of one case and of look-ups: what is told, what is recorded, what the report says.
#include "server/check_run.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <vector>

#include "server/casework/schema.h"
#include "tests/server/casework_fixture.h"
#include "tools/scan/walk.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using CheckRunTest = CaseworkTest;

TEST_F(CheckRunTest, AKilledRunBesideOneThatEndedLeavesNothingOut) {
  auto killed = Start("LKA/1");
  Send(*killed, {Picture("a", 1)});
  auto good = Start("LKA/1");
  Send(*good, {Picture("a", 1), Picture("b", 2)});
  const v1::Report report = End(*good, 2);
  killed.reset();
  EXPECT_TRUE(report.scope().complete());
  EXPECT_TRUE(GetCase("LKA/1").record().complete());
  Start("LKA/1");  // and one that begins later and is killed
  EXPECT_FALSE(GetCase("LKA/1").record().complete());
  EXPECT_FALSE(GetReport("LKA/1").scope().complete());
}

TEST_F(CheckRunTest, AnUnreadableFileIsReadBySecondRun) {
  Check("LKA/1", {Other("x.jpg", v1::DISPOSITION_UNREADABLE), Picture("y.jpg", 2)});
  const auto recorded = RecordedPaths("LKA/1");
  ASSERT_EQ(recorded.size(), 1U);  // the unreadable one is to be tried again
  EXPECT_EQ(recorded[0].path(), "y.jpg");
  const v1::Report report = Check("LKA/1", {Picture("x.jpg", 1)}, 1);
  const Sums sums = SumsOf(report);
  EXPECT_THAT(sums.dispositions, ElementsAre(Pair(v1::DISPOSITION_HASHED, 2)));
  EXPECT_THAT(sums.verdicts, ElementsAre(Pair(v1::VERDICT_UNRECOGNIZED, Pair(2, 2))));
  EXPECT_EQ(GetCase("LKA/1").record().files(), 2U);
  EXPECT_TRUE(report.scope().complete());
}

TEST_F(CheckRunTest, WhatWasFoundStandsWhenItCannotBeReadAnyMore) {
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("x.jpg", 1)});
  const v1::Report report = Check("LKA/1", {Other("x.jpg", v1::DISPOSITION_UNREADABLE)});
  const Sums sums = SumsOf(report);
  EXPECT_THAT(sums.verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(1, 1))));
  EXPECT_THAT(sums.dispositions, ElementsAre(Pair(v1::DISPOSITION_HASHED, 1)));
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("1 path that an earlier run read")));
}

TEST_F(CheckRunTest, AWorseReadingOfTheSameContentTakesNothingFromAPath) {
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("x.jpg", 1)});
  const v1::Report report = Check("LKA/1", {Other("x.jpg", v1::DISPOSITION_DECODER_CRASH, 1)});
  const Sums sums = SumsOf(report);
  EXPECT_THAT(sums.verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(1, 1))));
  EXPECT_THAT(sums.dispositions, ElementsAre(Pair(v1::DISPOSITION_HASHED, 1)));
  EXPECT_EQ(FileAt(report, "x.jpg").disposition(), v1::DISPOSITION_HASHED);
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("1 path that an earlier run read")));
}

TEST_F(CheckRunTest, OfTwoReadingsThatAreAsGoodTheLaterHolds) {
  AddEntry("known", "BLUE", 99);
  Check("LKA/1", {Other("x", v1::DISPOSITION_UNREADABLE)});
  const v1::Report report = Check("LKA/1", {Other("x", v1::DISPOSITION_NOT_REGULAR)});
  const Sums sums = SumsOf(report);
  EXPECT_THAT(sums.verdicts, ElementsAre(Pair(v1::VERDICT_NOT_APPLICABLE, Pair(1, 1))));
  EXPECT_THAT(sums.dispositions, ElementsAre(Pair(v1::DISPOSITION_NOT_REGULAR, 1)));
  EXPECT_EQ(FileAt(report, "x").disposition(), v1::DISPOSITION_NOT_REGULAR);
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
}

TEST_F(CheckRunTest, EveryDigestThatWasToldOfAFileCounts) {
  const std::string md5(16, 'm');
  v1::AddEntriesRequest known;
  known.set_set("known");
  known.set_series("RED");
  known.add_entries()->mutable_digests()->set_md5(md5);
  const std::uint64_t entry = Must(engine_->AddEntries(known)).entries(0).entry_id();
  // One tool does not know its MD5, another does.
  EXPECT_EQ(FileAt(Check("LKA/1", {Picture("a", 1)}), "a").verdict(), v1::VERDICT_UNRECOGNIZED);
  v1::EvidenceFile with_md5 = Picture("a", 1);
  with_md5.mutable_fingerprint()->mutable_digests()->set_md5(md5);
  EXPECT_EQ(FileAt(Check("LKA/1", {with_md5}), "a").verdict(), v1::VERDICT_RECOGNIZED);
  // A third one knows a code more, and is answered without.
  v1::EvidenceFile more = Picture("a", 1);
  AddCode(*more.mutable_fingerprint(), PdqOf(2));
  more.mutable_fingerprint()->mutable_codes(1)->set_dialect(v1::DIALECT_CLI512);
  const v1::Report report = Check("LKA/1", {more});
  EXPECT_EQ(FileAt(report, "a").verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  AddEntry("known", "BLUE", 7);
  v1::RefreshCaseRequest refresh;
  refresh.set_name("LKA/1");
  EXPECT_EQ(Must(engine_->RefreshCase(refresh)).changed(), 0);
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a").matches(0).by(), "md5");
  // What comes later is looked for by it too.
  Withdraw(entry);
  Must(engine_->RefreshCase(refresh));
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a").verdict(), v1::VERDICT_UNRECOGNIZED);
  const int before = Must(engine_->ListAlerts({})).alerts_size();
  known.set_series("BLUE");
  Must(engine_->AddEntries(known));
  EXPECT_EQ(Must(engine_->ListAlerts({})).alerts_size(), before + 1);
}

TEST_F(CheckRunTest, AChangedPathDoesNotUndoWhatWasFoundThere) {
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("x.jpg", 1), Picture("y.jpg", 2)});
  v1::Report report = Check("LKA/1", {Picture("x.jpg", 3)}, 1);
  Sums sums = SumsOf(report);
  EXPECT_THAT(sums.verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(1, 1)),
                                         Pair(v1::VERDICT_UNRECOGNIZED, Pair(2, 2))));
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  EXPECT_THAT(report.scope().remarks(),
              ElementsAre(HasSubstr("1 path of an earlier run is counted here as found then")));
  ASSERT_EQ(report.series_size(), 1);
  EXPECT_EQ(report.series(0).files(), 1U);
  EXPECT_EQ(GetCase("LKA/1").sightings_size(), 1);
  EXPECT_EQ(RecordedPaths("LKA/1").size(), 3U);
  // And back again: what was on record is met once more, and nothing is counted twice.
  report = Check("LKA/1", {Picture("x.jpg", 1)}, 1);
  EXPECT_EQ(SumsOf(report).verdicts, sums.verdicts);
  EXPECT_EQ(GetCase("LKA/1").record().files(), 3U);
  EXPECT_EQ(GetCase("LKA/1").sightings(0).files(), 1U);
}

TEST_F(CheckRunTest, PathsOfAnyBytesSurvive) {
  const std::string hostile("a\nb\t\x1b[31m\xff\xfe\0c", 13);
  const std::string root("/sei\xffzed\n", 9);
  auto run = Start("LKA/1", root);
  Send(*run, {Picture(hostile, 1)});
  const v1::Report report = End(*run, 1);
  ASSERT_EQ(report.files_size(), 1);
  EXPECT_THAT(report.files(0).paths(), ElementsAre(hostile));
  EXPECT_EQ(report.scope().root(), root);
  ASSERT_EQ(RecordedPaths("LKA/1", root).size(), 1U);
  EXPECT_EQ(RecordedPaths("LKA/1", root)[0].path(), hostile);
  EXPECT_EQ(RecordedPaths("LKA/1", "/elsewhere").size(), 0U);
}

TEST_F(CheckRunTest, TheEndMatchesAgainWhatIsOlderThanTheKnowledge) {
  const std::uint64_t blue = AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("a", 1), Picture("b", 2), Picture("c", 3)});
  Withdraw(blue);
  AddEntry("known", "RED", 2);
  AddEntry("harmless", "", 3);
  // Before a new run the report is that of then, and says so.
  v1::Report report = GetReport("LKA/1");
  EXPECT_THAT(SumsOf(report).verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(1, 1)),
                                                   Pair(v1::VERDICT_UNRECOGNIZED, Pair(2, 2))));
  EXPECT_THAT(report.scope().warnings(),
              ElementsAre(HasSubstr("2 files are known otherwise now: alerts 1 and 2. ")));
  const std::uint64_t then = report.scope().index_version().change();
  // A run that sends nothing new brings all of it up to date.
  report = Check("LKA/1", {}, 3);
  EXPECT_EQ(report.scope().index_version().change(), then + 3);
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  EXPECT_THAT(SumsOf(report).verdicts, ElementsAre(Pair(v1::VERDICT_RECOGNIZED, Pair(1, 1)),
                                                   Pair(v1::VERDICT_UNRECOGNIZED, Pair(2, 2))));
  EXPECT_EQ(FileAt(report, "a").matches_size(), 0);
  EXPECT_THAT(FileAt(report, "c").rule(), HasSubstr("benign"));
  EXPECT_EQ(FileAt(report, "c").total_matches(), 1U);
  ASSERT_EQ(report.series_size(), 1);
  EXPECT_EQ(report.series(0).series().code(), "RED");
  // Identified meanwhile.
  Identify("RED");
  report = Check("LKA/1", {}, 3);
  EXPECT_EQ(FileAt(report, "b").verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(FileAt(report, "b").matches(0).series_status(), v1::SERIES_STATUS_IDENTIFIED);
  EXPECT_EQ(report.summary().files(), 3U);
}

TEST_F(CheckRunTest, ALookUpIsOfOneIndexVersionToo) {
  auto run = Start("");
  EXPECT_EQ(Send(*run, {Picture("a", 1)}).results(0).verdict(), v1::VERDICT_UNRECOGNIZED);
  AddEntry("known", "BLUE", 1);
  EXPECT_EQ(Send(*run, {Picture("b", 1, 5)}).results(0).verdict(), v1::VERDICT_IDENTIFIED);
  const v1::Report report = End(*run, 2);
  EXPECT_THAT(SumsOf(report).verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(2, 2))));
}

TEST_F(CheckRunTest, TheReportIsOfOneRadius) {
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("a", 1, 20)});
  v1::MatchStreamOpen open;
  open.set_case_name("LKA/1");
  open.set_root("/seized");
  open.set_want_report(true);
  open.mutable_options()->set_radius_bits(10);
  auto run = Must(engine_->StartCheck(open));
  v1::Report report = End(*run, 1, 1);
  EXPECT_EQ(report.scope().radius_bits(), 10U);
  EXPECT_TRUE(report.scope().has_radius_bits());
  EXPECT_EQ(FileAt(report, "a").verdict(), v1::VERDICT_UNRECOGNIZED);
  report = Check("LKA/1", {}, 1);
  EXPECT_FALSE(report.scope().has_radius_bits());
  EXPECT_EQ(FileAt(report, "a").verdict(), v1::VERDICT_IDENTIFIED);
}

TEST_F(CheckRunTest, SumsThatDoNotAgreeAreTold) {
  AddEntry("known", "BLUE", 99);
  auto run = Start("LKA/1");
  Send(*run, {Picture("a", 1)});
  v1::Report report = End(*run, 3, 0, true, {"b: permission denied"});
  EXPECT_FALSE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("the walk met 3 entries, but 1"),
                                                     "Not looked into: b: permission denied"));
  // More resumed than there is.
  run = Start("LKA/1");
  report = End(*run, 2, 2);
  EXPECT_FALSE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("by 1.")));
  // A recorded path that is gone.
  run = Start("LKA/1");
  Send(*run, {Picture("b", 2)});
  report = End(*run, 1);
  EXPECT_TRUE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  EXPECT_THAT(report.scope().remarks(), ElementsAre(HasSubstr("1 path of an earlier run")));
  EXPECT_EQ(report.summary().entries_walked(), 2U);
}

// A mistyped store answered every check with "unrecognized", complete and without a doubt.
TEST_F(CheckRunTest, ThatNothingIsKnownIsTold) {
  AddEntry("harmless", "", 3);
  for (const std::string case_name : {"LKA/1", ""}) {
    auto run = Start(case_name);
    Send(*run, {Picture("a", 1)});
    EXPECT_THAT(End(*run, 1).scope().warnings(),
                ElementsAre(HasSubstr("there is nothing to compare with")));
  }
  const std::uint64_t entry = AddEntry("known", "BLUE", 99);
  auto run = Start("");
  Send(*run, {Picture("a", 1)});
  EXPECT_THAT(End(*run, 1).scope().warnings(), IsEmpty());
  Withdraw(entry);
  run = Start("");
  Send(*run, {Picture("a", 1)});
  EXPECT_EQ(End(*run, 1).scope().warnings_size(), 1);
}

TEST_F(CheckRunTest, SeveralRootsStandSideBySide) {
  auto run = Start("LKA/1", "/disk1");
  Send(*run, {Picture("a", 1), Picture("b", 2)});
  End(*run, 2);
  run = Start("LKA/1", "/disk2/");
  Send(*run, {Picture("a", 2)});
  const v1::Report report = End(*run, 1);
  SumsOf(report);
  EXPECT_EQ(report.scope().root(), "");
  ASSERT_EQ(report.files_size(), 2);
  EXPECT_THAT(report.files(0).paths(), ElementsAre("/disk1/a"));
  EXPECT_THAT(report.files(1).paths(), ElementsAre("/disk1/b", "/disk2/a"));
  EXPECT_TRUE(report.scope().complete());
}

TEST_F(CheckRunTest, ABetterReadingOfTheSameContentIsKept) {
  AddEntry("known", "BLUE", 1);
  v1::EvidenceFile slow = Other("a", v1::DISPOSITION_DECODER_TIMEOUT, 1);
  slow.mutable_fingerprint()->mutable_digests()->set_sha256(Bytes32(1, 105));
  Check("LKA/1", {slow});
  v1::Report report = Check("LKA/1", {Picture("b", 1, 5), slow});
  EXPECT_THAT(SumsOf(report).verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(1, 2))));
  EXPECT_THAT(SumsOf(report).dispositions, ElementsAre(Pair(v1::DISPOSITION_HASHED, 1),
                                                       Pair(v1::DISPOSITION_DECODER_TIMEOUT, 1)));
}

TEST_F(CheckRunTest, TheClientIsToldTheNearestAndTheLedgerKeepsAll) {
  for (int i = 0; i < 5; ++i) AddEntry("known", "BLUE", 1);
  v1::AddEntriesRequest request;
  request.set_set("known");
  for (int i = 0; i < 5; ++i) {
    v1::Fingerprint near;
    AddCode(near, PdqOf(1, i + 1));
    *request.add_entries()->mutable_codes() = near.codes();
  }
  Must(engine_->AddEntries(request));
  v1::MatchStreamOpen open;
  open.set_case_name("LKA/1");
  open.set_root("/seized");
  open.set_want_report(true);
  open.mutable_options()->set_limit(2);
  auto run = Must(engine_->StartCheck(open));
  const auto told = Send(*run, {Picture("a", 1)});
  EXPECT_EQ(told.results(0).matches_size(), 2);
  EXPECT_EQ(told.results(0).total(), 6U);
  EXPECT_TRUE(told.results(0).truncated());
  const v1::Report report = End(*run, 1);
  EXPECT_EQ(report.files(0).total_matches(), 6U);
  ASSERT_EQ(report.files(0).matches_size(), 6);
  EXPECT_EQ(report.files(0).matches(0).by(), "sha256");
  EXPECT_EQ(report.files(0).matches(5).distance_bits(), 5U);
}

TEST_F(CheckRunTest, TheLedgerKeepsTheNearestThousandMatchesOfAFile) {
  v1::AddEntriesRequest request;
  request.set_set("known");
  for (int i = 0; i < 1200; ++i) {
    std::string pdq = PdqOf(1, 1 + i / 200);
    // All of them different codes: two bits more somewhere behind the first byte.
    const auto place = static_cast<std::size_t>(2 + i % 200 / 8);
    pdq[place] = static_cast<char>(pdq[place] ^ (1 << (i % 8)));
    pdq[30] = static_cast<char>(pdq[30] ^ 1);
    v1::Fingerprint near;
    AddCode(near, pdq);
    *request.add_entries()->mutable_codes() = near.codes();
  }
  Must(engine_->AddEntries(request));
  const v1::Report report = Check("LKA/1", {Picture("a", 1)});
  ASSERT_EQ(report.files(0).total_matches(), 1200U);
  EXPECT_EQ(report.files(0).matches_size(), 1000);
  EXPECT_EQ(report.files(0).matches(999).distance_bits(), 7U);
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  EXPECT_THAT(report.scope().remarks(), ElementsAre(HasSubstr("more matches than are kept")));
  // Who asks for more is told more.
  v1::MatchStreamOpen open;
  open.set_case_name("LKA/2");
  open.set_root("/seized");
  open.mutable_options()->set_limit(1100);
  auto run = Must(engine_->StartCheck(open));
  EXPECT_EQ(Send(*run, {Picture("a", 1)}).results(0).matches_size(), 1100);
}

TEST_F(CheckRunTest, ANewAgencyIsToldLoudly) {
  auto run = Start("Somewhere/7/b");
  EXPECT_TRUE(run->Opened().new_agency());
  EXPECT_TRUE(run->Opened().new_case());
  End(*run, 0);
  run = Start("Somewhere/8");
  EXPECT_FALSE(run->Opened().new_agency());
  v1::GetAgencyRequest request;
  request.set_name("Somewhere");
  Must(engine_->GetAgency(request));
  // A slip became a second agency, with cases of its own.
  v1::MatchStreamOpen open;
  open.set_case_name("SOMEWHERE/8");
  const absl::Status slip = engine_->StartCheck(open).status();
  EXPECT_TRUE(absl::IsAlreadyExists(slip)) << slip;
  EXPECT_THAT(std::string(slip.message()), HasSubstr("did you mean \"Somewhere\"?"));
  v1::GetCaseRequest of_slip;
  of_slip.set_name("SOMEWHERE/8");
  EXPECT_TRUE(absl::IsNotFound(engine_->GetCase(of_slip).status()));
}

// The walker leaves out what the service would not take.
static_assert(scan::kMaxPathBytes == kMaxPathBytes);

TEST_F(CheckRunTest, AnUnknownCaseIsNotFound) {
  v1::GetCaseRequest request;
  request.set_name("LKA/404");
  EXPECT_EQ(engine_->GetCase(request).status().code(), absl::StatusCode::kNotFound);
  v1::GetReportRequest report;
  report.set_case_name("LKA/404");
  EXPECT_EQ(engine_->GetReport(report, [](auto) { return true; }).code(),
            absl::StatusCode::kNotFound);
  v1::ListRecordedPathsRequest paths;
  paths.set_case_name("LKA/404");
  EXPECT_EQ(engine_->ListRecordedPaths(paths, [](auto) { return true; }).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(CheckRunTest, CasesAreListedInPages) {
  for (const char* name : {"LKA/3", "LKA/1", "B/2"}) End(*Start(name), 0);
  v1::ListCasesRequest request;
  request.set_page_size(2);
  const auto first = Must(engine_->ListCases(request));
  ASSERT_EQ(first.cases_size(), 2);
  EXPECT_EQ(first.cases(0).name(), "LKA/3");
  EXPECT_EQ(first.cases(1).name(), "LKA/1");
  request.set_page_token(first.next_page_token());
  const auto second = Must(engine_->ListCases(request));
  ASSERT_EQ(second.cases_size(), 1);
  EXPECT_EQ(second.cases(0).name(), "B/2");
  EXPECT_TRUE(second.next_page_token().empty());
  request.set_page_token("nonsense");
  EXPECT_EQ(engine_->ListCases(request).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kith::server::testing
