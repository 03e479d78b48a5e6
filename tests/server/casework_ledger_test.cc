// SPDX-License-Identifier: Apache-2.0
//
// The ledger and the report builder by themselves, over tables in memory.
#include "server/casework/ledger.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/deciding.h"
#include "server/casework/report_builder.h"
#include "server/casework/schema.h"
#include "server/catalog/schema.h"
#include "tests/server/casework_fixture.h"

namespace kith::casework {
namespace {

using server::testing::Must;
using server::testing::Other;
using server::testing::Picture;

class LedgerTest : public testing::Test {
 protected:
  LedgerTest()
      : database_(Must(catalog::Database::Open({.path = "test",
                                                .durability = catalog::Durability::kMemory,
                                                .migrations = CaseworkMigrations()}))),
        ledger_(database_.get(), &directory_) {
    v1::HashSet set;
    set.set_set_id(1);
    set.set_name("known");
    set.set_purpose(v1::PURPOSE_KNOWN);
    directory_.hash_sets.Put(1, "known", set);
    std::uint64_t next_id = 1;
    for (const char* code : {"BLUE", "RED"}) {
      v1::Series series;
      series.set_series_id(next_id++);
      series.set_code(code);
      series.set_status(v1::SERIES_STATUS_IDENTIFIED);
      directory_.series.Put(series.series_id(), code, series);
    }
  }

  casework::Run Start(const std::string& name = "LKA/1") {
    return Must(ledger_.StartRun(name, 1, "/seized", std::nullopt));
  }

  static v1::MatchResult Nothing() {
    v1::MatchResult result;
    result.set_verdict(v1::VERDICT_UNRECOGNIZED);
    result.set_rule("nothing matches");
    return result;
  }
  static v1::MatchResult Found(const std::string& series, std::vector<std::uint64_t> entries) {
    v1::MatchResult result;
    result.set_verdict(v1::VERDICT_IDENTIFIED);
    result.set_rule("a lead");
    result.set_total(entries.size());
    for (const std::uint64_t entry : entries) {
      v1::Match* match = result.add_matches();
      match->set_entry_id(entry);
      match->set_set("known");
      match->set_purpose(v1::PURPOSE_KNOWN);
      match->set_series(series);
      match->set_series_status(v1::SERIES_STATUS_IDENTIFIED);
      match->set_by("pdq");
      match->set_distance_bits(4);
    }
    return result;
  }

  std::vector<PathOutcome> Record(const casework::Run& run,
                                  const std::vector<v1::EvidenceFile>& files,
                                  const std::vector<v1::MatchResult>& results,
                                  std::uint64_t change) {
    std::vector<const v1::EvidenceFile*> pointers;
    for (const v1::EvidenceFile& file : files) pointers.push_back(&file);
    return Must(ledger_.Record(run, pointers, results, change));
  }

  std::int64_t Query(const std::string& sql) {
    auto read = Must(database_->BeginRead());
    auto rows = read.Prepare(sql);
    EXPECT_TRUE(Must(rows.Step()));
    return rows.Int(0);
  }

  static v1::GetReportRequest ReportOn(const std::string& name) {
    v1::GetReportRequest request;
    request.set_case_name(name);
    return request;
  }
  std::vector<v1::Report> Fragments(const std::string& name, std::size_t bytes = 512 << 10) {
    ReportOptions options;
    options.store_id = "store";
    options.current_change = 9;
    options.fragment_bytes = bytes;
    std::vector<v1::Report> fragments;
    Must(BuildReport(ledger_, ReportOn(name), options, [&](v1::Report fragment) {
      fragments.push_back(std::move(fragment));
      return true;
    }));
    return fragments;
  }
  static v1::Report Merged(const std::vector<v1::Report>& fragments) {
    v1::Report report;
    for (const v1::Report& fragment : fragments) report.MergeFrom(fragment);
    return report;
  }

  catalog::Directory directory_;
  std::unique_ptr<catalog::Database> database_;
  Ledger ledger_;
};

TEST_F(LedgerTest, WhatNoLongerMatchesStaysOnRecord) {
  const casework::Run run = Start();
  Record(run, {Picture("a", 1)}, {Found("BLUE", {1, 2})}, 5);
  auto stale = Must(ledger_.StaleFiles(run, 6, 0, 10));
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_EQ(stale[0].fingerprint.codes_size(), 1);
  EXPECT_EQ(stale[0].fingerprint.digests().sha256(), server::testing::Sha256Of(1));
  EXPECT_EQ(stale[0].fingerprint.disposition(), v1::DISPOSITION_HASHED);
  v1::MatchResult now = Found("BLUE", {2, 3});
  now.mutable_matches(0)->set_distance_bits(3);
  Must(ledger_.RecordAgain(run, stale, std::vector{now}, 6));
  EXPECT_EQ(Query("SELECT count(*) FROM match WHERE superseded_at IS NULL"), 2);
  EXPECT_EQ(Query("SELECT count(*) FROM match WHERE superseded_at = 6"), 2);
  EXPECT_EQ(Query("SELECT found_at FROM match WHERE entry = 1"), 5);
  EXPECT_EQ(Must(ledger_.StaleFiles(run, 6, 0, 10)).size(), 0U);
  // The same again changes nothing.
  Must(ledger_.RecordAgain(run, stale, std::vector{now}, 6));
  EXPECT_EQ(Query("SELECT count(*) FROM match"), 4);
  EXPECT_EQ(Query("SELECT count(*) FROM sighting"), 1);
}

TEST_F(LedgerTest, OlderKnowledgeNeverReplacesNewer) {
  const casework::Run run = Start();
  Record(run, {Picture("a", 1)}, {Found("BLUE", {1})}, 7);
  Record(run, {Picture("b", 1)}, {Nothing()}, 6);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(Query("SELECT matched_at FROM evidence_file"), 7);
  EXPECT_EQ(Query("SELECT paths FROM evidence_file"), 2);
  const std::vector<StoredFile> stored(1, StoredFile{.file_id = 1, .fingerprint = {}});
  Must(ledger_.RecordAgain(run, stored, std::vector{Nothing()}, 6));
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
}

TEST_F(LedgerTest, WhatSaysLessOfTheSameContentIsMatchedAgainAtTheEnd) {
  const casework::Run run = Start();
  v1::EvidenceFile both = Picture("a", 1);
  server::testing::AddCode(*both.mutable_fingerprint(), server::testing::PdqOf(2));
  Record(run, {both}, {Found("BLUE", {1})}, 5);
  Record(run, {Picture("b", 1)}, {Nothing()}, 8);
  EXPECT_EQ(Query("SELECT codes FROM evidence_file"), 2);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(Must(ledger_.StaleFiles(run, 8, 0, 10)).size(), 1U);
  // What says more replaces at once, whatever it matches.
  v1::EvidenceFile three = both;
  server::testing::AddCode(*three.mutable_fingerprint(), server::testing::PdqOf(3));
  Record(run, {three}, {Nothing()}, 8);
  EXPECT_EQ(Query("SELECT codes FROM evidence_file"), 3);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(Must(ledger_.StaleFiles(run, 8, 0, 10)).size(), 0U);
}

TEST_F(LedgerTest, AReadingOfAnotherDialectAddsToTheFirst) {
  const casework::Run run = Start();
  const v1::EvidenceFile full = Picture("a", 1);
  v1::EvidenceFile cli512 = full;
  cli512.mutable_fingerprint()->mutable_codes(0)->set_dialect(v1::DIALECT_CLI512);
  Record(run, {full}, {Found("BLUE", {1})}, 5);
  Record(run, {cli512}, {Nothing()}, 5);  // as many codes, and none of them on record
  const auto stale = Must(ledger_.StaleFiles(run, 5, 0, 10));
  ASSERT_EQ(stale.size(), 1U);  // its matches were not those of all codes
  ASSERT_EQ(stale[0].fingerprint.codes_size(), 2);
  EXPECT_EQ(stale[0].fingerprint.codes(0).dialect(), v1::DIALECT_CLI512);
  EXPECT_EQ(stale[0].fingerprint.codes(1).dialect(), v1::DIALECT_FULL);
  // A code of no one dialect tells both: nothing is new.
  Must(ledger_.RecordAgain(run, stale, std::vector{Found("BLUE", {1})}, 5));
  v1::EvidenceFile small = full;
  small.mutable_fingerprint()->mutable_codes(0)->set_dialect(v1::DIALECT_UNSPECIFIED);
  Record(run, {small}, {Nothing()}, 5);
  EXPECT_EQ(Query("SELECT codes FROM evidence_file"), 2);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
}

TEST_F(LedgerTest, ADigestThatOneReadingTellsIsKeptWhateverTheOthersTell) {
  const casework::Run run = Start();
  const v1::EvidenceFile bare = Picture("a", 1);
  v1::EvidenceFile with_md5 = bare;
  with_md5.mutable_fingerprint()->mutable_digests()->set_md5(std::string(16, 'm'));
  Record(run, {bare}, {Nothing()}, 5);
  // It tells all that is on record, and more: its answer holds.
  Record(run, {with_md5}, {Found("BLUE", {1})}, 5);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(Query("SELECT count(*) FROM evidence_replaced"), 1);
  EXPECT_TRUE(Must(ledger_.StaleFiles(run, 5, 0, 10)).empty());
  // It tells less: what was found stands, until the end matches it again.
  Record(run, {bare}, {Nothing()}, 6);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
  // It tells a code more and a digest less.
  v1::EvidenceFile both = bare;
  server::testing::AddCode(*both.mutable_fingerprint(), server::testing::PdqOf(2));
  Record(run, {both}, {Nothing()}, 6);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
  const auto stale = Must(ledger_.StaleFiles(run, 6, 0, 10));
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_EQ(stale[0].fingerprint.codes_size(), 2);
  EXPECT_EQ(stale[0].fingerprint.digests().md5(), std::string(16, 'm'));
  EXPECT_EQ(stale[0].matched_at, 0U);
}

TEST_F(LedgerTest, AnotherMd5AtAPathIsAnotherContent) {
  const casework::Run run = Start();
  v1::EvidenceFile file = Picture("a", 1);
  v1::Digests& digests = *file.mutable_fingerprint()->mutable_digests();
  digests.clear_sha256();
  digests.set_md5(std::string(16, 'm'));
  Record(run, {file}, {Nothing()}, 5);
  *file.mutable_fingerprint()->mutable_codes() = Picture("a", 2).fingerprint().codes();
  digests.set_md5(std::string(16, 'n'));
  Record(run, {file}, {Found("BLUE", {1})}, 5);
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
  const auto stale = Must(ledger_.StaleFiles(run, 6, 0, 10));
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_EQ(stale[0].fingerprint.digests().md5(), std::string(16, 'n'));
  ASSERT_EQ(stale[0].fingerprint.codes_size(), 1);
  EXPECT_EQ(stale[0].fingerprint.codes(0).pdq(), server::testing::PdqOf(2));
}

TEST_F(LedgerTest, NoVerdictGivesWayBeforeTheAlertsAreRaised) {
  Ledger watched(database_.get(), &directory_, true);
  const casework::Run run = Start();
  const v1::EvidenceFile file = Picture("a.jpg", 1);
  const std::vector<const v1::EvidenceFile*> files = {&file};
  const std::vector<v1::MatchResult> nothing = {Nothing()};
  const std::vector<v1::MatchResult> found = {Found("BLUE", {1})};
  Must(watched.Record(run, files, nothing, 5));  // nobody was told anything of it before
  EXPECT_TRUE(absl::IsAborted(watched.Record(run, files, found, 6).status()));
  const auto stale = Must(watched.StaleFiles(run, 6, 0, 10));
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_TRUE(absl::IsAborted(watched.RecordAgain(run, stale, found, 6)));
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_UNRECOGNIZED);
  Must(watched.AddAlerts(6, {}));
  Must(watched.Record(run, files, found, 6));
  EXPECT_EQ(Query("SELECT verdict FROM evidence_file"), v1::VERDICT_IDENTIFIED);
}

TEST_F(LedgerTest, WhatWasMatchedBeforeAChangeThatIsAnnouncedIsMatchedAgain) {
  const casework::Run run = Start();
  const v1::EvidenceFile file = Picture("a.jpg", 1);
  const std::vector<const v1::EvidenceFile*> files = {&file};
  const std::vector<v1::MatchResult> results = {Nothing()};
  Must(ledger_.Announce(5));
  EXPECT_TRUE(absl::IsAborted(ledger_.Record(run, files, results, 4).status()));
  EXPECT_EQ(Must(ledger_.LastWatched()), 0U);
  Must(ledger_.Record(run, files, results, 5));
}

TEST_F(LedgerTest, CasesDoNotShareFilesButShareSeries) {
  const casework::Run one = Start("LKA/1");
  const casework::Run two = Start("LKA/2");
  Record(one, {Picture("a", 1)}, {Found("BLUE", {1})}, 5);
  Record(two, {Picture("a", 1), Picture("b", 2)}, {Found("BLUE", {1}), Found("RED", {2})}, 5);
  EXPECT_EQ(Query("SELECT count(*) FROM evidence_file"), 3);
  EXPECT_EQ(Query("SELECT count(*) FROM sighting WHERE series = 1"), 2);
  EXPECT_EQ(Must(ledger_.GetCase("LKA/1")).sightings_size(), 1);
  EXPECT_EQ(Must(ledger_.GetCase("LKA/2")).sightings_size(), 2);
  EXPECT_EQ(Must(ledger_.GetCase("LKA/2")).record().files(), 2U);
}

TEST_F(LedgerTest, AHeldBackMatchIsNoSighting) {
  const casework::Run run = Start();
  v1::MatchResult held = Found("BLUE", {1});
  held.set_verdict(v1::VERDICT_UNRECOGNIZED);
  held.mutable_matches(0)->set_held_back(true);
  held.set_held_back(1);
  Record(run, {Picture("a", 1)}, {held}, 5);
  EXPECT_EQ(Query("SELECT count(*) FROM sighting"), 0);
  EXPECT_EQ(Must(ledger_.GetCase("LKA/1")).sightings_size(), 0);
  EXPECT_EQ(Merged(Fragments("LKA/1")).summary().held_back_files(), 1U);
}

// What a verdict rests on was cut off by the ledger's limit, or kept and never found again among
// what is matched later: then every change of anything was an alert.
TEST_F(LedgerTest, WhatAVerdictRestsOnIsKeptWhateverTheLimitOfTheAnswer) {
  std::vector<std::uint64_t> entries(1100);
  std::iota(entries.begin(), entries.end(), 1);
  v1::MatchResult all = Found("RED", entries);
  for (v1::Match& match : *all.mutable_matches()) {
    match.set_series_status(v1::SERIES_STATUS_UNIDENTIFIED);
  }
  all.mutable_matches(1049)->set_series("BLUE");
  all.mutable_matches(1049)->set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  v1::MatchResult short_one = all;
  casework::Shorten(short_one, 1000);
  ASSERT_EQ(short_one.deciding_size(), 1);
  for (const v1::MatchResult& result : {all, short_one}) {
    const casework::Run run = Start();
    Record(run, {Picture("a", 1)}, {result}, 9);
    const auto file = static_cast<std::uint64_t>(Query("SELECT id FROM evidence_file"));
    EXPECT_EQ(Query("SELECT count(*) FROM match WHERE superseded_at IS NULL"), 1001);
    EXPECT_EQ(Query("SELECT count(*) FROM match WHERE superseded_at IS NULL AND entry = 1050"), 1);
    EXPECT_EQ(Must(ledger_.MatchWords(file)), ledger_.WordsOf(all));
    EXPECT_EQ(Must(ledger_.MatchWords(file)), ledger_.WordsOf(short_one));
    EXPECT_EQ(Query("SELECT count(*) FROM sighting"), 2);
  }
}

TEST_F(LedgerTest, MatchesBeyondThoseKeptAreTold) {
  const casework::Run run = Start();
  v1::MatchResult many = Found("BLUE", {1, 2});
  many.set_total(12'345);
  many.set_truncated(true);
  Record(run, {Picture("a", 1)}, {many}, 9);
  Must(ledger_.FinishRun(run, {.entries_walked = 1, .entries_sent = 1}));
  const v1::Report report = Merged(Fragments("LKA/1"));
  EXPECT_EQ(report.scope().warnings_size(), 0);
  ASSERT_EQ(report.scope().remarks_size(), 1);
  EXPECT_NE(report.scope().remarks(0).find("more matches than are kept"), std::string::npos);
  EXPECT_EQ(report.files(0).total_matches(), 12'345U);
}

TEST_F(LedgerTest, AnInspectionFindsWhatDoesNotAgree) {
  const casework::Run run = Start();
  Record(run, {Picture("a", 1), Picture("b", 1), Picture("c", 2)},
         {Found("BLUE", {1}), Found("BLUE", {1}), Nothing()}, 5);
  Record(run, {Picture("c", 3)}, {Nothing()}, 5);  // "c" has changed
  EXPECT_EQ(Must(ledger_.Inspect()), std::vector<std::string>());
  const std::vector<const char*> damages = {
      "UPDATE case_record SET files = files + 1",
      "UPDATE evidence_file SET total_matches = 0",
      "DELETE FROM evidence_code WHERE file = 1",
      "DELETE FROM sighting",
      "UPDATE evidence_file SET paths = paths + 1 WHERE id = 1",
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    {
      auto write = Must(database_->BeginWrite());
      Must(write.Execute(damages[i]));
      Must(write.Commit());
    }
    EXPECT_EQ(Must(ledger_.Inspect()).size(), i + 1) << damages[i];
  }
}

TEST_F(LedgerTest, ARunEndsOnce) {
  const casework::Run run = Start();
  Must(ledger_.FinishRun(run, RunEnd()));
  EXPECT_EQ(ledger_.FinishRun(run, RunEnd()).code(), absl::StatusCode::kFailedPrecondition);
}

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

TEST_F(LedgerTest, WhatWasMatchedBeforeAChangeThatIsWatchedIsMatchedAgain) {
  const casework::Run run = Start();
  const v1::EvidenceFile file = Picture("a.jpg", 1);
  const std::vector<const v1::EvidenceFile*> files = {&file};
  const std::vector<v1::MatchResult> results = {Nothing()};
  Must(ledger_.AddAlerts(5, {}));
  EXPECT_TRUE(absl::IsAborted(ledger_.Record(run, files, results, 4).status()));
  EXPECT_EQ(Query("SELECT count(*) FROM evidence_file"), 0);
  Must(ledger_.Record(run, files, results, 5));
  Must(ledger_.AddAlerts(7, {}));
  const auto stale = Must(ledger_.StaleFiles(run, 6, 0, 10));
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_TRUE(absl::IsAborted(ledger_.RecordAgain(run, stale, results, 6)));
  EXPECT_EQ(Query("SELECT matched_at FROM evidence_file"), 5);
  Must(ledger_.RecordAgain(run, stale, results, 7));
  EXPECT_EQ(Query("SELECT matched_at FROM evidence_file"), 7);
}

TEST_F(LedgerTest, WhatIsRecordedAgainOfAPurgedCaseSaysThatItWasPurged) {
  const casework::Run run = Start();
  Record(run, {Picture("a.jpg", 1)}, {Nothing()}, 1);
  const auto stale = Must(ledger_.StaleFiles(run, 2, 0, 10));
  {
    catalog::Transaction write = Must(database_->BeginWrite());
    Must(ledger_.Purge(write, "LKA/1", 2));
    Must(write.Commit());
  }
  const absl::Status status = ledger_.RecordAgain(run, stale, std::vector(1, Nothing()), 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

// The steps that bring a store to `version`.
std::vector<catalog::Migration> StepsTo(int version) {
  std::vector<catalog::Migration> steps;
  for (const auto& all : {catalog::CatalogMigrations(), CaseworkMigrations()}) {
    for (const catalog::Migration& step : all) {
      if (step.version <= version) steps.push_back(step);
    }
  }
  return steps;
}

std::string Value(catalog::Database& database, const std::string& sql) {
  catalog::Transaction read = Must(database.BeginRead());
  catalog::Statement row = read.Prepare(sql);
  return Must(row.Step()) ? std::string(row.Text(0)) : "none";
}

TEST_F(LedgerTest, AnUpgradeKeepsTheFilesAndNumbersAreNotGivenAgain) {
  const std::string folder = testing::TempDir() + "kith-upgrade-XXXXXX";
  std::string path = folder;
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  const std::string kept =
      "SELECT group_concat(f.id || hex(f.identity) || f.verdict || f.rule || f.paths ||"
      " f.held_back_matches || length(c.codes) || p.path) FROM evidence_file f"
      " JOIN evidence_code c ON c.file = f.id JOIN evidence_path p ON p.file = f.id";
  std::string before;
  {
    const auto steps = StepsTo(5);
    const auto database =
        Must(catalog::Database::Open({.path = path + "/kith.db", .migrations = steps}));
    Ledger old(database.get(), &directory_);
    const std::vector<v1::EvidenceFile> files = {Picture("a.jpg", 1), Picture("b.jpg", 2)};
    const std::vector<const v1::EvidenceFile*> pointers = {&files[0], &files[1]};
    // The ledger of today asks for columns that came later.
    const auto alter = [&](const std::string& sql) {
      auto write = Must(database->BeginWrite());
      Must(write.Execute("ALTER TABLE " + sql));
      Must(write.Commit());
    };
    alter("watch ADD COLUMN announced INTEGER NOT NULL DEFAULT 0");
    alter("run ADD COLUMN libraries TEXT NOT NULL DEFAULT ''");
    const casework::Run run = Must(old.StartRun("LKA/1", 0, "/seized", std::nullopt));
    Must(old.Record(run, pointers, std::vector(2, Nothing()), 0));
    alter("watch DROP COLUMN announced");
    alter("run DROP COLUMN libraries");
    before = Value(*database, kept);
    EXPECT_GT(before.size(), 100U);
  }
  const auto steps = StepsTo(catalog::kSchemaVersion);
  const auto database =
      Must(catalog::Database::Open({.path = path + "/kith.db", .migrations = steps}));
  EXPECT_EQ(Value(*database, kept), before);
  EXPECT_EQ(Value(*database, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
  EXPECT_EQ(Value(*database, "SELECT * FROM pragma_integrity_check"), "ok");
  Ledger now(database.get(), &directory_);
  EXPECT_TRUE(Must(now.Inspect()).empty());
  {
    catalog::Transaction write = Must(database->BeginWrite());
    Must(now.Purge(write, "LKA/1", 1));
    Must(write.Commit());
  }
  const casework::Run run = Must(now.StartRun("LKA/2", 0, "/seized", std::nullopt));
  const v1::EvidenceFile file = Picture("c.jpg", 3);
  const std::vector<const v1::EvidenceFile*> pointers = {&file};
  Must(now.Record(run, pointers, std::vector(1, Nothing()), 1));
  EXPECT_EQ(Value(*database, "SELECT group_concat(id) FROM evidence_file"), "3");
  std::filesystem::remove_all(path);
}

TEST(CaseNameTest, TheAgencyEndsAtTheFirstSlash) {
  const CaseName name = Must(ParseCaseName("LKA BW/2026/17-a"));
  EXPECT_EQ(name.agency, "LKA BW");
  EXPECT_EQ(name.number, "2026/17-a");
}

}  // namespace
}  // namespace kith::casework
