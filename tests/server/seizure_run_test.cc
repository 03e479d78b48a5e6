// SPDX-License-Identifier: Apache-2.0
//
// A whole seizure, checked in every way: each time every number is right.
#include <gmock/gmock.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using Files = std::vector<v1::EvidenceFile>;
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

}  // namespace
}  // namespace kith::server::testing
