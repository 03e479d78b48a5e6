// SPDX-License-Identifier: Apache-2.0
//
// Sources that name their records, and take back what they said.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/engine_import_fixture.h"

namespace kith::server {
namespace {

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

}  // namespace
}  // namespace kith::server
