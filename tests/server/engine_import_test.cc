// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

class EngineImportTest : public StoreTest {
 protected:
  std::string Begin(const std::string& set = "list",
                    v1::SeriesNames names = v1::SERIES_NAMES_UNSPECIFIED) {
    v1::BeginImportRequest request;
    request.set_series_names(names);
    request.set_set(set);
    request.set_source("test list");
    const auto begun = engine().BeginImport(request);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.ok() ? begun->import_id() : "";
  }
  absl::StatusOr<v1::AddImportRecordsResponse> Send(const std::string& id, std::uint64_t batch,
                                                    const std::vector<v1::Entry>& records) {
    v1::AddImportRecordsRequest request;
    request.set_import_id(id);
    request.set_batch(batch);
    request.mutable_records()->Assign(records.begin(), records.end());
    return engine().AddImportRecords(request);
  }
  absl::StatusOr<v1::CommitImportResponse> Commit(const std::string& id, std::uint64_t batches) {
    v1::CommitImportRequest request;
    request.set_import_id(id);
    request.set_batches(batches);
    return engine().CommitImport(request);
  }
  [[nodiscard]] int StagedFiles() const {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(StoreDir())) {
      count += file.path().filename().string().rfind("import-", 0) == 0 ? 1 : 0;
    }
    return count;
  }
};

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

v1::Entry Said(int i, const std::string& series, const std::string& data) {
  v1::Entry entry = DigestEntry(Md5(Bytes(16, static_cast<char>(i))));
  entry.set_series(series);
  entry.mutable_carried()->set_format("vics");
  entry.mutable_carried()->set_data(data);
  return entry;
}

// What came is given back, in its order, whatever the size of the pages.
TEST_F(EngineImportTest, GivesBackWhatTheSourceSaid) {
  AddSet("list");
  AddSet("other");
  AddSeries("S1");
  const std::uint64_t before = AddOne("other", "", DigestEntry(Md5(Bytes(16, 99))));
  const std::string id = Begin("list", v1::SERIES_NAMES_CREATE);
  v1::Entry bare = DigestEntry(Md5(Bytes(16, 3)));
  const std::vector<v1::Entry> sent = {
      Said(1, "S1", R"({"n":1})"),
      Said(2, "new", R"({"n":2})"),
      Said(1, "S1", R"({"n":"1 again"})"),  // repeats the first, and says something else
      Said(1, "S1", R"({"n":1})"),          // and this nothing
      bare,
      Said(2, "new", R"({"n":"2 again"})"),
      Said(1, "S1", R"({"n":"1 once more"})")};
  ASSERT_TRUE(Send(id, 0, {sent.begin(), sent.begin() + 3}).ok());
  ASSERT_TRUE(Send(id, 1, {sent.begin() + 3, sent.end()}).ok());
  v1::CommitImportRequest request;
  request.set_import_id(id);
  request.set_batches(2);
  request.mutable_carried()->set_format("vics");
  request.mutable_carried()->set_data(R"({"list":"media"})");
  const auto committed = engine().CommitImport(request);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->added(), 3);
  EXPECT_EQ(committed->already_there(), 4);
  EXPECT_EQ(committed->repeats(), 3);
  EXPECT_EQ(committed->series_added(), 1);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (const std::uint32_t size : {1U, 2U, 3U, 100U}) {
      std::vector<std::string> data;
      v1::ListEntriesRequest list;
      list.set_set("list");
      list.set_as_imported(true);
      list.set_page_size(size);
      do {
        const auto page = engine().ListEntries(list);
        ASSERT_TRUE(page.ok()) << page.status();
        EXPECT_LE(page->entries_size(), static_cast<int>(size));
        for (const v1::Entry& entry : page->entries()) {
          data.push_back(entry.carried().data() + (entry.repeats() ? " repeats " : " of ") +
                         std::to_string(entry.entry_id() - before));
          EXPECT_EQ(entry.set(), "list");
        }
        list.set_page_token(page->next_page_token());
      } while (!list.page_token().empty());
      EXPECT_THAT(data, ::testing::ElementsAre(R"({"n":1} of 1)", R"({"n":2} of 2)",
                                               R"({"n":"1 again"} repeats 1)", " of 3",
                                               R"({"n":"2 again"} repeats 2)",
                                               R"({"n":"1 once more"} repeats 1)"))
          << size;
    }
    v1::ListImportsRequest imports;
    imports.set_set("list");
    const auto listed = engine().ListImports(imports);
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->imports_size(), 1);
    EXPECT_EQ(listed->imports(0).carried().data(), R"({"list":"media"})");
    EXPECT_EQ(listed->imports(0).first_entry(), before + 1);
    EXPECT_EQ(listed->imports(0).source(), "test list");
    // Lists of before do not show it, and a forged token gives nothing away.
    v1::ListEntriesRequest plain;
    EXPECT_EQ(engine().ListEntries(plain)->entries_size(), 4);
    EXPECT_FALSE(engine().ListEntries(plain)->entries(1).has_carried());
    v1::ListEntriesRequest forged;
    forged.set_as_imported(true);
    for (const char* token :
         {"imported-1.0.0", "imported-1", "imported-1.2", "imported-1.0.x", "imported-1.0.",
          "imported-1..0", ".0.0", "entries-1", "imported-1.0.-1", "imported-1.0.0.0",
          "imported-1.9223372036854775808.0"}) {
      forged.set_page_token(token);
      EXPECT_EQ(engine().ListEntries(forged).ok(), std::string(token) == "imported-1.0.0") << token;
    }
    EXPECT_TRUE(Verify().ok());
  }
}

// Of a record that is kept and matched by nobody.
v1::Entry Harmless(int i, const std::string& data) {
  v1::Entry entry = Said(i, "", data);
  entry.set_carried_only(true);
  return entry;
}

class CarriedOnlyTest : public EngineImportTest {
 protected:
  v1::CommitImportResponse Import(const std::string& set, const std::vector<v1::Entry>& records) {
    const std::string id = Begin(set);
    const auto sent = Send(id, 0, records);
    EXPECT_TRUE(sent.ok() && sent->refused_size() == 0);
    const auto done = Commit(id, 1);
    EXPECT_TRUE(done.ok()) << done.status();
    return done.ok() ? *done : v1::CommitImportResponse();
  }
  // What is carried, in its order; "-" before what made no entry.
  std::vector<std::string> Listed(const std::string& set, std::uint32_t page_size) {
    std::vector<std::string> data;
    v1::ListEntriesRequest list;
    list.set_set(set);
    list.set_as_imported(true);
    list.set_page_size(page_size);
    do {
      const auto page = engine().ListEntries(list);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Entry& entry : page->entries()) {
        data.push_back((entry.carried_only() ? "-" : "") + entry.carried().data());
        EXPECT_EQ(entry.set(), set);
        EXPECT_EQ(entry.repeats(), entry.carried_only());
        EXPECT_NE(entry.added_by_change(), 0);
      }
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());
    return data;
  }
};

// A harmless record was dropped on its way in, so that the list did not come back whole.
TEST_F(CarriedOnlyTest, ComesBackInItsPlaceAndIsNeverMatched) {
  AddSet("a");
  AddSet("b");
  v1::Entry photodna;  // nothing to match by
  photodna.mutable_carried()->set_format("vics");
  photodna.mutable_carried()->set_data("photodna");
  photodna.set_carried_only(true);
  v1::Entry of_nothing = Harmless(9, "empty");
  of_nothing.mutable_digests()->set_md5(
      std::string("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e", 16));
  // None but such, in an empty store.
  const auto alone = Import("b", {Harmless(7, "b1"), photodna});
  EXPECT_EQ(alone.added(), 0);
  EXPECT_EQ(alone.carried_only(), 2);
  EXPECT_EQ(alone.first_entry(), 0);
  // Before the first entry, between and behind them.
  const std::vector<v1::Entry> list = {Harmless(1, "a1"), Harmless(2, "a2"), Said(3, "", "a3"),
                                       Harmless(4, "a4"), Said(5, "", "a5"), of_nothing};
  const auto first = Import("a", list);
  EXPECT_EQ(first.added(), 2);
  EXPECT_EQ(first.carried_only(), 4);
  EXPECT_EQ(first.first_entry(), 1);
  Import("b", {Harmless(6, "b2"), Said(6, "", "b3")});
  // The same list once more, with more at its end.
  std::vector<v1::Entry> longer = list;
  longer.push_back(Harmless(8, "a6"));
  const auto again = Import("a", longer);
  EXPECT_EQ(again.added(), 0);
  EXPECT_EQ(again.carried_only(), 1);
  EXPECT_EQ(again.already_there(), 6);
  const auto change = again.index_version().change();
  EXPECT_EQ(Import("a", longer).index_version().change(), change);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (const std::uint32_t size : {1U, 2U, 3U, 100U}) {
      EXPECT_THAT(Listed("a", size),
                  ::testing::ElementsAre("-a1", "-a2", "a3", "-a4", "a5", "-empty", "-a6"))
          << size;
      EXPECT_THAT(Listed("b", size), ::testing::ElementsAre("-b1", "-photodna", "-b2", "b3"))
          << size;
    }
    for (const int i : {1, 2, 4, 7, 8}) {
      EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, static_cast<std::uint64_t>(i))))).total(), 0);
    }
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 3)))).total(), 1);
    EXPECT_TRUE(Verify().ok());
    EXPECT_EQ(Verify().entries(), 3);
    v1::ListImportsRequest imports;
    imports.set_set("b");
    const auto listed = engine().ListImports(imports);
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->imports_size(), 2);
    EXPECT_EQ(listed->imports(0).first_entry(), 0);
    EXPECT_EQ(listed->imports(1).first_entry(), 3);
  }
}

// More than one block of them, before the first entry and behind the last.
TEST_F(CarriedOnlyTest, ManyFillBlocksOfTheirOwn) {
  AddSet("a");
  AddSet("b");
  AddOne("b", "", DigestEntry(Md5(Bytes(16, 99))));
  std::vector<v1::Entry> records;
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string data = std::to_string(i) + std::string(20'000, 'x');
    const bool known = i % 13 == 12;
    records.push_back(known ? Said(i, "", data) : Harmless(i, data));
    expected.push_back((known ? "" : "-") + data);
  }
  EXPECT_EQ(Import("a", records).added(), 3);
  AddOne("b", "", DigestEntry(Md5(Bytes(16, 98))));
  EXPECT_EQ(Listed("a", 7), expected);
  EXPECT_TRUE(Verify().ok());
  v1::AddEntriesRequest add;
  add.set_set("b");
  *add.add_entries() = Harmless(1, "x");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().AddEntries(add).status()));
}

google::protobuf::UnknownFieldSet& UnknownOf(google::protobuf::Message& message) {
  return *message.GetReflection()->MutableUnknownFields(&message);
}

// A hash of 5 MiB in a record that is never matched was stored, and nothing that stood behind it
// could be read any more, of no set.
TEST_F(CarriedOnlyTest, OneRecordCannotBarTheWayBack) {
  AddSet("a");
  AddSet("b");
  v1::Entry long_hash = Harmless(1, "long hash");
  *long_hash.add_codes() = MakeCode(std::string(5 << 20, 'x'));
  v1::Entry short_hash = Harmless(2, "short hash");
  *short_hash.add_codes() = MakeCode("x");
  v1::Entry of_later = Harmless(3, "a field of a later version");
  UnknownOf(of_later).AddLengthDelimited(1000, std::string(5 << 20, 'x'));
  v1::Entry of_later_too = of_later;
  of_later_too.clear_carried_only();
  const std::string id = Begin("a");
  const auto sent = Send(id, 0, {long_hash, short_hash, of_later, of_later_too});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->refused_size(), 4);
  ASSERT_TRUE(Commit(id, 1).ok());
  // What is small enough to be taken is not kept where nobody can tell what it is.
  v1::Entry unknown = Harmless(4, "kept");
  *unknown.add_codes() = MakeCode(Pdq(4));
  UnknownOf(*unknown.mutable_codes(0)).AddVarint(1000, 1);
  UnknownOf(unknown).AddLengthDelimited(1000, "x");
  Import("a", {unknown});
  Import("b", {Said(5, "", "behind it")});
  EXPECT_THAT(Listed("a", 10), ::testing::ElementsAre("-kept"));
  EXPECT_THAT(Listed("b", 10), ::testing::ElementsAre("behind it"));
  v1::ListEntriesRequest list;
  list.set_set("a");
  list.set_as_imported(true);
  auto page = engine().ListEntries(list);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(UnknownOf(*page->mutable_entries(0)).empty());
  EXPECT_TRUE(UnknownOf(*page->mutable_entries(0)->mutable_codes(0)).empty());
  EXPECT_EQ(page->entries(0).codes(0).pdq(), Pdq(4));
  EXPECT_TRUE(Verify().ok());
}

// Imports of a source that takes back what it said.
class NamedImportTest : public EngineImportTest {
 protected:
  NamedImportTest() { AddSet("list"); }
  static v1::Entry Named(const std::string& ref, std::uint64_t md5) {
    v1::Entry entry = DigestEntry(Md5(Bytes(16, md5)), ref);
    entry.mutable_carried()->set_format("ncmec");
    entry.mutable_carried()->set_data("{\"of\":\"" + ref + "\"}");
    return entry;
  }
  std::string BeginNamed() {
    v1::BeginImportRequest request;
    request.set_set("list");
    request.set_by_source_ref(true);
    const auto begun = engine().BeginImport(request);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.ok() ? begun->import_id() : "";
  }
  absl::StatusOr<v1::CommitImportResponse> Import(
      const std::vector<v1::Entry>& records,
      const std::vector<std::pair<std::string, std::vector<std::uint64_t>>>& withdraw = {}) {
    v1::CommitImportRequest commit;
    commit.set_import_id(BeginNamed());
    if (!records.empty()) {
      EXPECT_TRUE(Send(commit.import_id(), 0, records).ok());
    }
    commit.set_batches(records.empty() ? 0 : 1);
    for (const auto& [why, ids] : withdraw) {
      v1::ImportWithdrawal& some = *commit.add_withdraw();
      some.set_why(why);
      some.mutable_entry_ids()->Add(ids.begin(), ids.end());
    }
    auto done = engine().CommitImport(commit);
    if (!done.ok()) {
      v1::AbortImportRequest abort;
      abort.set_import_id(commit.import_id());
      EXPECT_TRUE(engine().AbortImport(abort).ok());
    }
    return done;
  }
  // The entries of these names: their numbers, and what is carried.
  std::vector<std::string> Find(const std::vector<std::string>& names, std::uint32_t size = 100) {
    std::vector<std::string> found;
    v1::ListEntriesRequest list;
    list.set_set("list");
    list.set_page_size(size);
    list.set_as_imported(true);
    list.mutable_source_refs()->Assign(names.begin(), names.end());
    do {
      const auto page = engine().ListEntries(list);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Entry& entry : page->entries()) {
        found.push_back(std::to_string(entry.entry_id()) + (entry.withdrawn() ? " gone " : " ") +
                        entry.carried().data());
      }
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());
    return found;
  }
};

// What was replaced went on matching where the process died between two calls.
TEST_F(NamedImportTest, WhatIsTakenBackGoesWithWhatComes) {
  AddSet("other");
  const std::uint64_t of_other = AddOne("other", "", DigestEntry(Md5(Bytes(16, 50))));
  ASSERT_EQ(Import({Named("a", 1), Named("b", 2), Named("c", 3)})->added(), 3);
  const std::uint64_t before = Verify().index_version().change();
  const std::uint64_t first = of_other + 1;
  const auto done = Import({Named("a", 4)},
                           {{"replaced", {first}}, {"taken back", {first + 1, first + 1, first}}});
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->added(), 1);
  EXPECT_EQ(done->first_entry(), first + 3);
  EXPECT_EQ(done->withdrawn(), 2);
  // A change for what came, and one for each reason.
  EXPECT_EQ(done->index_version().change(), before + 3);
  v1::ListChangesRequest changes;
  const auto listed = engine().ListChanges(changes);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->changes(listed->changes_size() - 2).why(), "replaced");
  EXPECT_EQ(listed->changes(listed->changes_size() - 1).what(), "entries withdrawn");
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 1)))).total(), 0);
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 2)))).total(), 0);
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 3)))).total(), 1);
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 4)))).total(), 1);
    EXPECT_TRUE(Verify().ok());
  }
  // Nothing comes, and something goes; once more, and nothing is left to go.
  EXPECT_EQ(Import({}, {{"gone", {first + 2}}})->withdrawn(), 1);
  EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 3)))).total(), 0);
  const auto nothing = Import({}, {{"gone", {first + 2}}});
  EXPECT_EQ(nothing->withdrawn(), 0);
  EXPECT_EQ(nothing->index_version().change(), before + 4);
  // Of another set, of none, and of this very import: nothing happens at all.
  for (const std::uint64_t id : {of_other, std::uint64_t{0}, first + 4, std::uint64_t{99}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Import({Named("d", 7)}, {{"x", {first + 3, id}}}).status()))
        << id;
  }
  EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 7)))).total(), 0);
  EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 4)))).total(), 1);
  EXPECT_TRUE(Verify().ok());
}

// A client that withdraws all that it said before and says it again lost what was the same: the
// record was already there, as the entry that went.
TEST_F(NamedImportTest, WhatIsSaidAgainOutlivesWhatIsWithdrawn) {
  ASSERT_EQ(Import({Named("a", 1), Named("b", 2)})->added(), 2);
  const auto done = Import({Named("a", 1), Named("b", 2)}, {{"replaced", {2}}});
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->already_there(), 1);
  EXPECT_EQ(done->added(), 1);
  EXPECT_EQ(done->withdrawn(), 1);
  EXPECT_THAT(MatchIds(DigestQuery(Md5(Bytes(16, 2)))), ::testing::ElementsAre(3));
  EXPECT_THAT(Find({"b"}), ::testing::ElementsAre(R"(2 gone {"of":"b"})", R"(3 {"of":"b"})"));
  // Where entries are told apart by content as well.
  AddSet("by content");
  const auto send = [&](std::uint64_t going) {
    const std::string id = Begin("by content");
    EXPECT_TRUE(Send(id, 0, {DigestEntry(Md5(Bytes(16, 5)))}).ok());
    v1::CommitImportRequest commit;
    commit.set_import_id(id);
    commit.set_batches(1);
    if (going != 0) commit.add_withdraw()->add_entry_ids(going);
    return engine().CommitImport(commit);
  };
  ASSERT_EQ(send(0)->first_entry(), 4);
  EXPECT_EQ(send(4)->first_entry(), 5);
  EXPECT_THAT(MatchIds(DigestQuery(Md5(Bytes(16, 5)))), ::testing::ElementsAre(5));
  EXPECT_TRUE(Verify().ok());
}

// More than 64 records of one digest were doubled by the same file once more.
TEST_F(NamedImportTest, ManyNamesOfOneFileAreEachFound) {
  std::vector<v1::Entry> records;
  for (int i = 0; i < 200; ++i) records.push_back(Named("name " + std::to_string(i), 1));
  EXPECT_EQ(Import(records)->added(), 200);
  EXPECT_EQ(Import(records)->already_there(), 200);
  Reopen();
  EXPECT_EQ(Import(records)->already_there(), 200);
}

TEST_F(NamedImportTest, NamesAreLookedUpWithoutTheWholeSet) {
  std::vector<v1::Entry> records;
  for (int i = 0; i < 300; ++i) {
    records.push_back(Named(std::to_string(i), static_cast<std::uint64_t>(i)));
  }
  ASSERT_EQ(Import(records)->added(), 300);
  ASSERT_EQ(Import({Named("7", 1007)}, {{"replaced", {8}}})->added(), 1);
  const std::vector<std::string> names = {"299", "none", "7", "7", "0"};
  for (const std::uint32_t size : {1U, 2U, 100U}) {
    EXPECT_THAT(Find(names, size),
                ::testing::ElementsAre(R"(1 {"of":"0"})", R"(8 gone {"of":"7"})",
                                       R"(300 {"of":"299"})", R"(301 {"of":"7"})"))
        << size;
  }
  v1::ListEntriesRequest list;
  list.add_source_refs("7");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().ListEntries(list).status()));  // of no set
  list.set_set("list");
  EXPECT_FALSE(engine().ListEntries(list)->entries(0).has_carried());
  list.set_page_token("imported-1");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().ListEntries(list).status()));
  list.clear_page_token();
  for (int i = 0; i < 10'000; ++i) list.add_source_refs("x");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().ListEntries(list).status()));
  AddSet("lists");
  AddOne("lists", "", DigestEntry(Md5(Bytes(16, 1)), "7"));
  v1::ListEntriesRequest by_content;
  by_content.set_set("lists");
  by_content.add_source_refs("7");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().ListEntries(by_content).status()));
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

TEST(ImportsTest, AnIdleImportEnds) {
  TempDir dir;
  auto catalog = catalog::Catalog::Open(
      {.store_dir = dir.path() + "/store", .more_migrations = {}, .progress = {}});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  v1::HashSet set;
  set.set_name("list");
  ASSERT_TRUE((*catalog)->AddHashSet(set).ok());
  catalog::Imports imports(**catalog, /*idle_seconds=*/0);
  const auto id = imports.Begin("list", "", {}, v1::SERIES_NAMES_IGNORE);
  ASSERT_TRUE(id.ok()) << id.status();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_TRUE(absl::IsNotFound(imports.Add(*id, 0, {}).status()));
}

// Where all records of a list stand behind one entry, each page began with the first of them.
TEST(ImportsTest, APageOfWhatIsCarriedReadsNoBlockBeforeIt) {
  TempDir dir;
  auto catalog = catalog::Catalog::Open(
      {.store_dir = dir.path() + "/store", .more_migrations = {}, .progress = {}});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  v1::HashSet set;
  set.set_name("list");
  const auto added = (*catalog)->AddHashSet(set);
  ASSERT_TRUE(added.ok()) << added.status();
  catalog::Imports imports(**catalog);
  const auto id = imports.Begin("list", "", {}, v1::SERIES_NAMES_IGNORE);
  ASSERT_TRUE(id.ok()) << id.status();
  std::vector<std::string> sent;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(std::to_string(i) + std::string(20'000, 'x'));
    const v1::Entry record = Harmless(i, sent.back());
    const std::array<const v1::Entry*, 1> records = {&record};
    ASSERT_TRUE(imports.Add(*id, static_cast<std::uint64_t>(i), records).ok());
  }
  ASSERT_TRUE(imports.Commit(*id, sent.size()).ok());
  const auto damage_before = [&](std::uint64_t block) {
    auto write = (*catalog)->database().BeginWrite();
    ASSERT_TRUE(write.ok());
    ASSERT_TRUE(write->Execute("DROP TRIGGER IF EXISTS carried_block_stays").ok());
    ASSERT_TRUE(write->Execute("UPDATE carried_block SET data = x'00' WHERE id < ?1", block).ok());
    ASSERT_TRUE(write->Commit().ok());
  };
  catalog::ImportedPlace from;
  std::vector<std::string> given;
  for (bool more = true; more;) {
    const auto page = (*catalog)->ListImported(from, 7, added->set_id(), 0);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Entry& entry : page->entries) given.push_back(entry.carried().data());
    more = page->more;
    from = page->next;
    damage_before(from.block);
  }
  EXPECT_EQ(given, sent);
  EXPECT_GT(from.block, 3U);
}

// A thousand of them, of a MiB each, were read into memory and then cut to a page.
TEST(ImportsTest, APageOfImportsIsReadNoFurtherThanItGoes) {
  TempDir dir;
  auto catalog = catalog::Catalog::Open(
      {.store_dir = dir.path() + "/store", .more_migrations = {}, .progress = {}});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  v1::HashSet set;
  set.set_name("list");
  const auto added = (*catalog)->AddHashSet(set);
  ASSERT_TRUE(added.ok()) << added.status();
  catalog::Imports imports(**catalog);
  v1::Carried file;
  file.set_format("VICS");
  file.set_data(std::string(900'000, 'x'));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto id = imports.Begin("list", "", {}, v1::SERIES_NAMES_IGNORE);
    ASSERT_TRUE(id.ok()) << id.status();
    const v1::Entry entry = PdqEntry(Pdq(i));
    const std::array<const v1::Entry*, 1> records = {&entry};
    ASSERT_TRUE(imports.Add(*id, 0, records).ok());
    const auto imported = imports.Commit(*id, 1, file);
    ASSERT_TRUE(imported.ok()) << imported.status();
  }
  const std::uint64_t set_id = added->set_id();
  for (const auto& [max_bytes, count] : {std::pair(std::size_t{0}, 2U),
                                         {std::size_t{2'000'000}, 3U},
                                         {std::size_t{9'000'000}, 5U}}) {
    const auto page = (*catalog)->ListImports(set_id, 0, 1000, max_bytes);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->size(), count) << max_bytes;
  }
}

}  // namespace
}  // namespace kith::server
