// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "tests/server/engine_import_fixture.h"

namespace kith::server {
namespace {

TEST_F(EngineImportTest, ListEntersAllTogether) {
  AddSet("list");
  const std::string id = Begin();
  v1::Entry bad = PdqEntry("short");
  auto sent = Send(id, 0, {PdqEntry(Pdq(1), "a"), bad, PdqEntry(Pdq(2), "b")});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->staged(), 2);
  ASSERT_EQ(sent->refused_size(), 1);
  EXPECT_EQ(sent->refused(0).item(), 1);
  // A batch that came already is acknowledged as before and counts once.
  sent = Send(id, 0, {PdqEntry(Pdq(1), "a"), bad, PdqEntry(Pdq(2), "b")});
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->staged(), 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Send(id, 2, {PdqEntry(Pdq(9))}).status()));
  ASSERT_TRUE(Send(id, 1, {PdqEntry(Pdq(3), "c"), PdqEntry(Pdq(1), "a")}).ok());
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Commit(id, 3).status()));
  const auto committed = Commit(id, 2);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->added(), 3);
  EXPECT_EQ(committed->already_there(), 1);
  EXPECT_EQ(committed->refused(), 1);
  EXPECT_EQ(committed->index_version().change(), 1);
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 1);
  EXPECT_EQ(StagedFiles(), 0);
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(3))).matches(0).source_ref(), "c");
  EXPECT_TRUE(Verify().ok());
}

// A file that two names vouch for had one entry, which went with the first of them.
TEST_F(EngineImportTest, EachSourceRefHasItsEntryWhereTheImportSaysSo) {
  AddSet("list");
  const auto record = [](const std::string& ref, const std::string& md5, const std::string& sha1) {
    v1::Entry entry;
    entry.set_source_ref(ref);
    entry.mutable_digests()->set_md5(md5);
    entry.mutable_digests()->set_sha1(sha1);
    return entry;
  };
  const auto import = [&](bool by_source_ref, const std::vector<v1::Entry>& records) {
    v1::BeginImportRequest request;
    request.set_set("list");
    request.set_by_source_ref(by_source_ref);
    const auto begun = engine().BeginImport(request);
    EXPECT_TRUE(begun.ok() && Send(begun->import_id(), 0, records).ok());
    const auto committed = Commit(begun->import_id(), 1);
    EXPECT_TRUE(committed.ok()) << committed.status();
    return std::pair(committed->added(), committed->already_there());
  };
  const std::string one(16, '1');
  const std::string sha1(20, '1');
  const auto counts = [](std::uint64_t added, std::uint64_t there) {
    return std::pair(added, there);
  };
  EXPECT_EQ(import(true, {record("a", one, ""), record("b", one, ""), record("a", one, "")}),
            counts(2, 1));
  EXPECT_EQ(import(true, {record("b", one, ""), record("c", one, "")}), counts(1, 1));
  // More and less are something else.
  EXPECT_EQ(import(true, {record("a", one, sha1), record("a", one, ""), record("a", one, sha1)}),
            counts(1, 2));
  EXPECT_EQ(import(true, {record("d", one, sha1), record("d", one, "")}), counts(2, 0));
  // A list's record of the same file would be taken for the source's own, and go with it.
  v1::BeginImportRequest list;
  list.set_set("list");
  const absl::Status refused = engine().BeginImport(list).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("needs a set of its own"));
  v1::AddEntriesRequest add;
  add.set_set("list");
  *add.add_entries() = record("e", one, "");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().AddEntries(add).status()));
  Reopen();
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().BeginImport(list).status()));
}

// A newer edition that judges a file otherwise changed nothing and said nothing.
TEST_F(EngineImportTest, WhatAnEditionSaysOtherwiseIsCounted) {
  AddSet("list");
  const auto record = [](char md5, const std::string& code, bool carried_only) {
    v1::Entry entry = DigestEntry(Md5(std::string(16, md5)));
    entry.mutable_category()->set_scheme("vics-us");
    entry.mutable_category()->set_code(code);
    entry.set_carried_only(carried_only);
    return entry;
  };
  std::string id = Begin();
  ASSERT_TRUE(Send(id, 0, {record('1', "1", false), record('2', "2", false)}).ok());
  auto committed = Commit(id, 1);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->other_category() + committed->still_matched(), 0u);
  id = Begin();
  ASSERT_TRUE(Send(id, 0,
                   {record('1', "1", false), record('2', "1", false), record('1', "5", true),
                    record('3', "5", true)})
                  .ok());
  committed = Commit(id, 1);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->already_there(), 2u);
  EXPECT_EQ(committed->other_category(), 1u);
  EXPECT_EQ(committed->carried_only(), 2u);
  EXPECT_EQ(committed->still_matched(), 1u);
}

// A newer edition that takes back that a victim is identified changed no answer and said nothing.
TEST_F(EngineImportTest, WhatAnEditionSaysOtherwiseOfTheVictimIsCounted) {
  AddSet("list");
  const auto record = [](char md5, v1::TriState victim, bool sha1) {
    v1::Entry entry = DigestEntry(Md5(std::string(16, md5)));
    if (sha1) entry.mutable_digests()->set_sha1(std::string(20, md5));
    entry.set_victim_identified(victim);
    return entry;
  };
  const auto import = [&](const std::vector<v1::Entry>& records) {
    const std::string id = Begin();
    EXPECT_TRUE(Send(id, 0, records).ok());
    const auto committed = Commit(id, 1);
    EXPECT_TRUE(committed.ok()) << committed.status();
    return std::pair(committed->added(), committed->other_victim());
  };
  const auto counts = [](std::uint64_t added, std::uint64_t other) {
    return std::pair(added, other);
  };
  constexpr auto kYes = v1::TRI_STATE_YES;
  constexpr auto kNo = v1::TRI_STATE_NO;
  EXPECT_EQ(import({record('1', kYes, false), record('2', v1::TRI_STATE_UNSPECIFIED, false),
                    record('3', kNo, false)}),
            counts(3, 0));
  // The third has a digest more, and the fourth contradicts its own file.
  EXPECT_EQ(import({record('1', kNo, false), record('2', kNo, false), record('3', kYes, true),
                    record('4', kYes, false), record('4', kNo, false)}),
            counts(5, 3));
  // Said before, both.
  EXPECT_EQ(import({record('1', kNo, false), record('1', kYes, false)}), counts(0, 0));
}

// Two imports begin while a set is empty; the second to commit would have mixed them.
TEST_F(EngineImportTest, ASetThatIsFedByListsTakesNoSourceThatNamesItsRecords) {
  AddSet("list");
  v1::BeginImportRequest named;
  named.set_set("list");
  named.set_by_source_ref(true);
  const auto early = engine().BeginImport(named);
  ASSERT_TRUE(early.ok()) << early.status();
  ASSERT_TRUE(Send(early->import_id(), 0, {PdqEntry(Pdq(1), "a")}).ok());
  const std::string list = Begin();
  ASSERT_TRUE(Send(list, 0, {PdqEntry(Pdq(2), "b")}).ok());
  ASSERT_TRUE(Commit(list, 1).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Commit(early->import_id(), 1).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().BeginImport(named).status()));
}

// The reply to a commit was lost; the client that asked again was told NOT_FOUND.
TEST_F(EngineImportTest, ACommitIsAnsweredAgain) {
  AddSet("list");
  std::vector<std::string> ids;
  for (std::uint64_t i = 0; i < 65; ++i) {
    ids.push_back(Begin());
    ASSERT_TRUE(Send(ids.back(), 0, {PdqEntry(Pdq(i), "a"), PdqEntry(Pdq(i), "a")}).ok());
    ASSERT_TRUE(Commit(ids.back(), 1).ok());
  }
  for (const std::string& id : {ids[1], ids[64]}) {
    const auto again = Commit(id, 1);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->added(), 1);
    EXPECT_EQ(again->already_there(), 1);
    EXPECT_EQ(again->index_version().change(), 65);
    EXPECT_TRUE(absl::IsFailedPrecondition(Commit(id, 2).status()));
  }
  // The 64 last ones are remembered, by this process.
  EXPECT_TRUE(absl::IsNotFound(Commit(ids[0], 1).status()));
  EXPECT_TRUE(absl::IsNotFound(Send(ids[64], 1, {PdqEntry(Pdq(99))}).status()));
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(Commit(ids[64], 1).status()));
}

TEST_F(EngineImportTest, WhatIsNotCommittedLeavesNothing) {
  AddSet("list");
  const std::string aborted = Begin();
  ASSERT_TRUE(Send(aborted, 0, {PdqEntry(Pdq(1))}).ok());
  EXPECT_GT(StagedFiles(), 0);
  v1::AbortImportRequest abort;
  abort.set_import_id(aborted);
  EXPECT_TRUE(engine().AbortImport(abort).ok());
  EXPECT_TRUE(absl::IsNotFound(engine().AbortImport(abort).status()));
  EXPECT_EQ(StagedFiles(), 0);
  const std::string left = Begin();
  ASSERT_TRUE(Send(left, 0, {PdqEntry(Pdq(1))}).ok());
  // As a killed process leaves it.
  std::filesystem::copy(StoreDir(), Dir() + "/killed");
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(Send(left, 1, {PdqEntry(Pdq(2))}).status()));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 0);
  const auto killed = Engine::Open({.store_dir = Dir() + "/killed", .progress = {}});
  ASSERT_TRUE(killed.ok()) << killed.status();
  for (const auto& file : std::filesystem::directory_iterator(Dir() + "/killed")) {
    EXPECT_NE(file.path().filename().string().rfind("import-", 0), 0) << file.path();
  }
}

TEST_F(EngineImportTest, NamesOfSeriesAreReadAsAsked) {
  AddAgency("NORTH");
  AddSeries("S1");
  ASSERT_TRUE(Identify("S1", "NORTH", 0).ok());
  v1::SetSeriesAliasRequest alias;
  alias.set_code("S1");
  alias.mutable_alias()->set_alias("their name");
  ASSERT_TRUE(engine().SetSeriesAlias(alias).ok());
  const auto run = [&](const std::string& set, v1::SeriesNames names) {
    AddSet(set);
    const std::string id = Begin(set, names);
    v1::Entry yes = Said(2, "new", "{}");
    yes.set_victim_identified(v1::TRI_STATE_YES);
    EXPECT_TRUE(Send(id, 0, {Said(1, "their name", "{}"), yes, Said(3, " no code ", "{}")}).ok());
    const auto done = Commit(id, 1);
    EXPECT_TRUE(done.ok()) << done.status();
    v1::ListEntriesRequest list;
    list.set_set(set);
    list.set_as_imported(true);
    std::vector<std::string> series;
    const auto page = engine().ListEntries(list);
    for (const v1::Entry& entry : page->entries()) {
      series.push_back(entry.series() + "|" + entry.carried().series());
    }
    return series;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(run("ignored", v1::SERIES_NAMES_UNSPECIFIED),
              ElementsAre("|their name", "|new", "| no code "));
  EXPECT_THAT(run("linked", v1::SERIES_NAMES_LINK),
              ElementsAre("S1|their name", "|new", "| no code "));
  v1::GetSeriesRequest get;
  get.set_code("new");
  EXPECT_TRUE(absl::IsNotFound(engine().GetSeries(get).status()));
  EXPECT_THAT(run("made", v1::SERIES_NAMES_CREATE),
              ElementsAre("S1|their name", "new|", "| no code "));
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    // Nobody has said of it whether it is identified: the record's word holds.
    const auto made = engine().GetSeries(get);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->series().status(), v1::SERIES_STATUS_UNSPECIFIED);
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 2)))).verdict(), v1::VERDICT_IDENTIFIED);
  }
  v1::UnidentifySeriesRequest correction;
  correction.set_code("new");
  correction.mutable_signature()->set_who("B. Brown");
  correction.mutable_signature()->set_why("another series");
  ASSERT_TRUE(engine().UnidentifySeries(correction).ok());
  v1::SetHashSetEnabledRequest off;
  for (const char* set : {"ignored", "linked"}) {
    off.set_name(set);
    ASSERT_TRUE(engine().SetHashSetEnabled(off).ok());
  }
  EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 2)))).verdict(), v1::VERDICT_RECOGNIZED);
}

// A list that was imported anew brought entries back into the series from which a person had moved
// them.
TEST_F(EngineImportTest, AMoveHoldsAgainstTheSameListOnceMore) {
  AddSet("list");
  AddSeries("S1");
  AddSeries("S2");
  const auto import = [&] {
    const std::string id = Begin("list", v1::SERIES_NAMES_LINK);
    EXPECT_TRUE(Send(id, 0, {Said(1, "S1", "{}")}).ok());
    return Commit(id, 1);
  };
  ASSERT_EQ(import()->added(), 1);
  v1::MoveEntriesRequest move;
  move.add_entry_ids(1);
  move.set_series("S2");
  ASSERT_TRUE(engine().MoveEntries(move).ok());
  const auto again = import();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->already_there(), 1);
  EXPECT_EQ(again->repeats(), 0);
  EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 1)))).matches(0).series(), "S2");
}

TEST_F(EngineImportTest, TooMuchIsRefusedOneByOne) {
  AddSet("list");
  const std::string id = Begin();
  v1::Entry format = Said(2, "", "{}");
  format.mutable_carried()->set_format(std::string(33, 'f'));
  const auto sent = Send(id, 0,
                         {Said(1, "", std::string(128 << 10, 'x')),
                          Said(3, "", std::string((128 << 10) + 1, 'x')), format});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->staged(), 1);
  EXPECT_EQ(sent->refused_size(), 2);
  v1::CommitImportRequest request;
  request.set_import_id(id);
  request.set_batches(1);
  request.mutable_carried()->set_data(std::string((1 << 20) + 1, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(engine().CommitImport(request).status()));
  EXPECT_EQ(Commit(id, 1)->added(), 1);
}

// It was staged, and no commit of its list could succeed any more.
TEST_F(EngineImportTest, ARecordThatTheSetsDialectForbidsIsRefusedAlone) {
  AddSet("list", {.dialect = v1::DIALECT_FULL});
  const std::string id = Begin();
  v1::Entry twice = PdqEntry(Pdq(1));
  *twice.add_codes() = MakeCode(Pdq(2), {.dialect = v1::DIALECT_FULL});
  v1::Entry both = PdqEntry(Pdq(3));
  *both.add_codes() = MakeCode(Pdq(4), {.dialect = v1::DIALECT_CLI512});
  const auto sent = Send(id, 0, {twice, both});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->staged(), 1);
  ASSERT_EQ(sent->refused_size(), 1);
  EXPECT_EQ(sent->refused(0).item(), 0);
  const auto committed = Commit(id, 1);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->added(), 1);
}

TEST_F(EngineImportTest, OpenImportsAreLimited) {
  AddSet("list");
  v1::BeginImportRequest request;
  request.set_set("none");
  EXPECT_TRUE(absl::IsNotFound(engine().BeginImport(request).status()));
  std::string last;
  for (int i = 0; i < catalog::kMaxOpenImports; ++i) last = Begin();
  request.set_set("list");
  EXPECT_TRUE(absl::IsResourceExhausted(engine().BeginImport(request).status()));
  v1::AbortImportRequest abort;
  abort.set_import_id(last);
  EXPECT_TRUE(engine().AbortImport(abort).ok());
  EXPECT_TRUE(engine().BeginImport(request).ok());
}

TEST_F(ImportsTest, AnIdleImportEnds) {
  catalog::Imports imports(*catalog_, /*idle_seconds=*/0);
  const auto id = imports.Begin("list", "", {}, v1::SERIES_NAMES_IGNORE);
  ASSERT_TRUE(id.ok()) << id.status();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_TRUE(absl::IsNotFound(imports.Add(*id, 0, {}).status()));
}

}  // namespace
}  // namespace kith::server
