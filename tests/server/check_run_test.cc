// SPDX-License-Identifier: Apache-2.0
//
// Runs of one case and of look-ups: what is told, what is recorded, what the report says.
#include "server/check_run.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "server/casework/schema.h"
#include "tests/server/casework_fixture.h"
#include "tools/scan/walk.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

using Files = std::vector<v1::EvidenceFile>;
using CheckRunTest = CaseworkTest;
constexpr std::uint64_t kOne = 1;

// Each of the twelve dispositions, and each verdict but CONFLICT.
Files Seizure() {
  v1::EvidenceFile cut = Picture("c/cut.jpg", 52);
  cut.mutable_fingerprint()->set_disposition(v1::DISPOSITION_PARTIAL);
  return {Picture("a/blue.jpg", 1),
          Picture("a/blue again.jpg", 1),
          Picture("a/blue small.jpg", 1, 9),
          Picture("b/red.jpg", 2),
          Picture("b/harmless near.jpg", 3, 3),
          Picture("c/new.jpg", 50),
          Picture("c/new 2.jpg", 51),
          cut,
          Other("d/flat.png", v1::DISPOSITION_LOW_QUALITY, 60),
          Other("d/text.txt", v1::DISPOSITION_NOT_MEDIA, 61),
          Other("d/empty", v1::DISPOSITION_EMPTY, 62),
          Other("d/video.mp4", v1::DISPOSITION_UNSUPPORTED, 63),
          Other("d/denied.jpg", v1::DISPOSITION_UNREADABLE),
          Other("d/gone.jpg", v1::DISPOSITION_VANISHED),
          Other("d/huge.jpg", v1::DISPOSITION_OVER_LIMIT, 64),
          Other("d/crash.jpg", v1::DISPOSITION_DECODER_CRASH, 65),
          Other("d/slow.jpg", v1::DISPOSITION_DECODER_TIMEOUT, 66),
          Other("d/fifo", v1::DISPOSITION_NOT_REGULAR)};
}

class SeizureTest : public CaseworkTest {
 protected:
  SeizureTest() {
    AddEntry("known", "BLUE", 1);
    AddEntry("known", "RED", 2);
    AddEntry("harmless", "", 3);
    // A known picture that lies 10 bits from the harmless one.
    v1::AddEntriesRequest request;
    request.set_set("known");
    request.set_series("RED");
    v1::Fingerprint near;
    AddCode(near, PdqOf(3, 12));
    *request.add_entries()->mutable_codes() = near.codes();
    Must(engine_->AddEntries(request));
  }

  static void ExpectWhole(const v1::Report& report) {
    const Sums sums = SumsOf(report);
    EXPECT_THAT(sums.verdicts, ElementsAre(Pair(v1::VERDICT_IDENTIFIED, Pair(2, 3)),
                                           Pair(v1::VERDICT_RECOGNIZED, Pair(1, 1)),
                                           Pair(v1::VERDICT_UNRECOGNIZED, Pair(5, 5)),
                                           Pair(v1::VERDICT_UNDETERMINED, Pair(6, 6)),
                                           Pair(v1::VERDICT_NOT_APPLICABLE, Pair(3, 3))));
    EXPECT_EQ(sums.dispositions.size(), 12U);
    EXPECT_EQ(sums.dispositions.at(v1::DISPOSITION_HASHED), 7U);
    EXPECT_THAT(sums.distances, ElementsAre(Pair(9U, kOne)));
    EXPECT_EQ(report.summary().entries_walked(), 18U);
    EXPECT_EQ(report.summary().files(), 17U);
    EXPECT_EQ(report.summary().held_back_files(), 1U);
    ASSERT_EQ(report.summary().unsupported_formats_size(), 1);
    EXPECT_EQ(report.summary().unsupported_formats(0).paths(), 1U);
    ASSERT_EQ(report.series_size(), 2);
    EXPECT_EQ(report.series(0).series().code(), "BLUE");
    EXPECT_EQ(report.series(0).series().contact().phone(), "+49 711 2");
    EXPECT_EQ(report.series(0).agency_desk(), "+49 711 1");
    EXPECT_EQ(report.series(0).files(), 2U);
    EXPECT_EQ(report.series(0).files_by_digest(), 1U);
    EXPECT_TRUE(report.series(0).has_lead());
    EXPECT_EQ(report.series(0).nearest_lead_bits(), 9U);
    EXPECT_EQ(report.series(1).series().code(), "RED");
    EXPECT_EQ(report.series(1).files(), 1U);
    EXPECT_FALSE(report.series(1).has_lead());
    ASSERT_EQ(report.sets_size(), 2);
    EXPECT_EQ(report.sets(0).name(), "harmless");
    EXPECT_EQ(report.sets(0).entries(), 1U);
    EXPECT_EQ(report.sets(1).name(), "known");
    EXPECT_EQ(report.sets(1).entries(), 3U);
    const v1::ReportFile& blue = FileAt(report, "a/blue.jpg");
    EXPECT_THAT(blue.paths(), ElementsAre("a/blue again.jpg", "a/blue.jpg"));
    ASSERT_EQ(blue.matches_size(), 1);
    EXPECT_EQ(blue.matches(0).by(), "sha256");
    EXPECT_EQ(blue.sha256().size(), 64U);
    const v1::ReportFile& held = FileAt(report, "b/harmless near.jpg");
    EXPECT_TRUE(held.held_back());
    EXPECT_EQ(held.verdict(), v1::VERDICT_UNRECOGNIZED);
    ASSERT_EQ(held.matches_size(), 2);
    EXPECT_EQ(held.matches(0).distance_bits(), 3U);
    EXPECT_FALSE(held.matches(0).held_back());
    EXPECT_EQ(held.matches(1).distance_bits(), 9U);
    EXPECT_TRUE(held.matches(1).held_back());
  }
};

TEST_F(SeizureTest, TheReportHoldsEveryNumber) {
  auto run = Start("LKA/1");
  EXPECT_TRUE(run->Opened().new_case());
  EXPECT_FALSE(run->Opened().new_agency());
  EXPECT_EQ(run->Opened().recorded_paths(), 0U);
  const auto told = Send(*run, Seizure());
  ASSERT_EQ(told.results_size(), 18);
  EXPECT_EQ(told.results(0).verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(told.results(0).matches(0).contact().name(), "A. Officer");
  const v1::Report report = End(*run, 18);
  ExpectWhole(report);
  EXPECT_TRUE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  EXPECT_EQ(report.scope().case_name(), "LKA/1");
  EXPECT_EQ(report.scope().root(), "/seized");
  EXPECT_THAT(report.scope().method(), HasSubstr("is a lead at every distance"));
  EXPECT_THAT(report.run().program(), HasSubstr("kith "));
  EXPECT_EQ(GetReport("LKA/1").SerializeAsString(), report.SerializeAsString());
}

TEST_F(SeizureTest, ASecondRunCountsNothingTwice) {
  const v1::Report first = Check("LKA/1", Seizure());
  auto run = Start("LKA/1");
  EXPECT_FALSE(run->Opened().new_case());
  EXPECT_EQ(run->Opened().recorded_paths(), 18U);
  Send(*run, Seizure());
  Send(*run, Seizure());  // a batch that is sent again
  v1::Report second = End(*run, 18);
  ExpectWhole(second);
  *second.mutable_run() = first.run();
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  const auto record = GetCase("LKA/1");
  EXPECT_EQ(record.record().files(), 17U);
  EXPECT_EQ(record.record().paths(), 18U);
  EXPECT_TRUE(record.record().complete());
  ASSERT_EQ(record.sightings_size(), 2);
  EXPECT_EQ(record.sightings(0).series(), "BLUE");
  EXPECT_EQ(record.sightings(0).files(), 2U);
  EXPECT_EQ(record.sightings(1).series(), "RED");
  EXPECT_EQ(record.sightings(1).files(), 1U);
  EXPECT_FALSE(record.sightings(1).first_seen_at().empty());
}

TEST_F(SeizureTest, ALookUpAnswersTheSameAndLeavesNothing) {
  const auto bytes = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path().string()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    // The shared memory of readers is no part of the store: SQLite makes it anew.
    std::erase_if(files, [](const auto& file) { return file.first.ends_with("-shm"); });
    return files;
  };
  const auto before = bytes();
  ASSERT_FALSE(before.empty());
  auto run = Start("");
  EXPECT_FALSE(run->Opened().new_case());
  Send(*run, Seizure());
  const v1::Report report = End(*run, 18);
  ExpectWhole(report);
  EXPECT_TRUE(report.scope().complete());
  EXPECT_EQ(report.scope().case_name(), "");
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(Must(engine_->ListCases({})).cases_size(), 0);
}

TEST_F(SeizureTest, AnInterruptedRunSaysSoAndIsResumed) {
  const Files all = Seizure();
  auto run = Start("LKA/1");
  Send(*run, Files(all.begin(), all.begin() + 5));
  v1::Report report = End(*run, 9, 0, /*complete=*/false);
  EXPECT_FALSE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("was interrupted")));
  EXPECT_EQ(report.summary().entries_walked(), 5U);
  EXPECT_FALSE(GetCase("LKA/1").record().complete());

  const auto recorded = RecordedPaths("LKA/1");
  ASSERT_EQ(recorded.size(), 5U);
  EXPECT_EQ(recorded[0].path(), "a/blue again.jpg");
  EXPECT_EQ(recorded[0].device(), 7U);
  EXPECT_EQ(recorded[0].size_bytes(), 1001U);
  EXPECT_EQ(recorded[0].mtime_ns(), 1'700'000'000'000'000'000);
  EXPECT_EQ(recorded[0].inode(), all[1].inode());

  auto again = Start("LKA/1");
  EXPECT_EQ(again->Opened().recorded_paths(), 5U);
  Send(*again, Files(all.begin() + 5, all.end()));
  report = End(*again, 18, 5);
  ExpectWhole(report);
  EXPECT_TRUE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
}

TEST_F(SeizureTest, AnInterruptedLookUpDoesNotPromiseToGoOn) {
  auto run = Start("");
  Send(*run, {Picture("a", 1)});
  const v1::Report report = End(*run, 9, 0, /*complete=*/false);
  EXPECT_THAT(report.scope().warnings(),
              ElementsAre(::testing::AllOf(HasSubstr("look-up was interrupted"),
                                           HasSubstr("begins from the start"),
                                           ::testing::Not(HasSubstr("goes on where it was")))));
}

TEST_F(SeizureTest, AKilledRunLeavesTheCaseIncompleteAndLosesNothing) {
  const Files all = Seizure();
  {
    auto run = Start("LKA/1");
    Send(*run, Files(all.begin(), all.begin() + 5));
  }
  OpenEngine();
  v1::Report report = GetReport("LKA/1");
  EXPECT_FALSE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), ElementsAre(HasSubstr("did not end")));
  EXPECT_EQ(report.summary().entries_walked(), 5U);
  report = Check("LKA/1", Files(all.begin() + 5, all.end()), 5);
  ExpectWhole(report);
  EXPECT_TRUE(report.scope().complete());
}

TEST_F(SeizureTest, TwoRunsOfOneCaseAtOnceCountOnce) {
  const Files all = Seizure();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      auto run = Start("LKA/1");
      Files order = all;
      if (t == 1) std::reverse(order.begin(), order.end());
      for (std::size_t i = 0; i < order.size(); i += 3) {
        Send(*run,
             Files(order.begin() + static_cast<std::ptrdiff_t>(i),
                   order.begin() + static_cast<std::ptrdiff_t>(std::min(i + 3, order.size()))));
      }
      End(*run, 18);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const v1::Report report = GetReport("LKA/1");
  ExpectWhole(report);
  EXPECT_TRUE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(), IsEmpty());
  EXPECT_EQ(GetCase("LKA/1").record().paths(), 18U);
  EXPECT_EQ(GetCase("LKA/1").record().files(), 17U);
}

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
  const std::string hostile("a\nb\t\x1b[31m\xff\xfe\0c", 14);
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

// The walker leaves out what the service would not take.
static_assert(scan::kMaxPathBytes == kMaxPathBytes);

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
