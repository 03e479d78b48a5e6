// SPDX-License-Identifier: Apache-2.0
//
// The ledger by itself, over tables in memory.
#include "server/casework/ledger.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/deciding.h"
#include "server/casework/schema.h"
#include "server/catalog/schema.h"
#include "tests/server/casework_ledger_fixture.h"

namespace kith::casework {
namespace {

using server::testing::Picture;

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
