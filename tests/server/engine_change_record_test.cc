// SPDX-License-Identifier: Apache-2.0
//
// Sets are edited and entries withdrawn; who did what, and when, is in the change sequence.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/server/engine_change_fixture.h"

namespace kith::server {
namespace {

using ::testing::ElementsAre;

TEST_F(EngineChangeTest, AnEntryTellsWhoWithdrewItAndWhy) {
  AddSet("known");
  const std::uint64_t id = AddOne("known", "", PdqEntry(Pdq(1)));
  v1::GetEntryRequest get;
  get.set_entry_id(id);
  EXPECT_FALSE(engine().GetEntry(get)->entry().has_withdrawal());
  v1::WithdrawEntriesRequest withdraw;
  withdraw.add_entry_ids(id);
  withdraw.mutable_signature()->set_who("J. Jansen");
  withdraw.mutable_signature()->set_why("a landscape");
  ASSERT_TRUE(engine().WithdrawEntries(withdraw).ok());
  for (int round = 0; round < 2; ++round, Reopen()) {
    const v1::Entry entry = engine().GetEntry(get)->entry();
    EXPECT_TRUE(entry.withdrawn());
    EXPECT_EQ(entry.withdrawal().number(), 2U);
    EXPECT_EQ(entry.withdrawal().what(), "entries withdrawn");
    EXPECT_EQ(entry.withdrawal().who(), "J. Jansen");
    EXPECT_EQ(entry.withdrawal().why(), "a landscape");
  }
}

TEST_F(EngineChangeTest, ASetIsEditedAndItsRadiusHoldsAtOnce) {
  AddSet("known");
  AddOne("known", "", PdqEntry(Pdq(1)));
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), 20))).matches_size(), 1);
  v1::EditHashSetRequest edit;
  edit.set_name("known");
  edit.set_radius_bits(32);
  EXPECT_TRUE(absl::IsInvalidArgument(engine().EditHashSet(edit).status()));
  edit.set_radius_bits(10);
  edit.set_version("2026-12");
  edit.set_handling("police use only");
  ASSERT_TRUE(engine().EditHashSet(edit).ok());
  for (int round = 0; round < 2; ++round, Reopen()) {
    EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), 20))).matches_size(), 0);
    v1::GetHashSetRequest get;
    get.set_name("known");
    EXPECT_EQ(engine().GetHashSet(get)->hash_set().version(), "2026-12");
    EXPECT_EQ(engine().GetHashSet(get)->hash_set().handling(), "police use only");
    EXPECT_TRUE(engine().GetHashSet(get)->hash_set().enabled());
  }
}

TEST_F(EngineChangeTest, AnEntryKeepsTheCategoryOfItsSource) {
  AddSet("known");
  v1::Entry entry = PdqEntry(Pdq(1));
  entry.mutable_category()->set_code("1");
  EXPECT_TRUE(absl::IsInvalidArgument(Add("known", "", {entry}).status()));  // of what scheme?
  entry.mutable_category()->set_scheme("VICS-US");
  const std::uint64_t id = AddOne("known", "", entry);
  AddOne("known", "", PdqEntry(Pdq(2)));
  Reopen();  // checks the digest of the batch
  v1::GetEntryRequest get;
  get.set_entry_id(id);
  EXPECT_EQ(engine().GetEntry(get)->entry().category().scheme(), "VICS-US");
  EXPECT_EQ(engine().GetEntry(get)->entry().category().code(), "1");
  get.set_entry_id(id + 1);
  EXPECT_FALSE(engine().GetEntry(get)->entry().has_category());
}

TEST_F(EngineChangeTest, TheChangeSequenceIsListedInPages) {
  AddSet("known");
  AddSeries("Bluebell");
  AddOne("known", "Bluebell", PdqEntry(Pdq(1)));
  Switch("known", false);
  Withdraw(1);
  v1::ListChangesRequest request;
  request.set_page_size(2);
  std::vector<std::string> what;
  do {
    const auto page = engine().ListChanges(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Change& change : page->changes()) {
      EXPECT_EQ(change.number(), what.size() + 1);
      what.push_back(change.what() + ": " + change.subject());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(
      what, ElementsAre("entries added: set known, entries 1 to 1",
                        "hash set switched: set known, off", "entries withdrawn: 1 from entry 1"));
}

TEST_F(EngineChangeTest, WhoAddsWhatIsOnRecord) {
  AddSet("known");
  AddAgency("DPD");
  v1::AddSeriesRequest series;
  series.mutable_series()->set_code("Bluebell");
  series.mutable_series()->set_agency("DPD");
  series.mutable_signature()->set_who("A. Officer");
  series.mutable_signature()->set_why("trial");
  ASSERT_TRUE(engine().AddSeries(series).ok());
  v1::AddEntriesRequest entries;
  entries.set_set("known");
  *entries.add_entries() = PdqEntry(Pdq(1));
  entries.set_who("B. Clerk");
  ASSERT_TRUE(engine().AddEntries(entries).ok());
  v1::BeginImportRequest begin;
  begin.set_set("known");
  begin.set_who("C. Clerk");
  begin.set_source("list.txt");
  v1::AddImportRecordsRequest records;
  records.set_import_id(engine().BeginImport(begin)->import_id());
  *records.add_records() = PdqEntry(Pdq(2));
  ASSERT_TRUE(engine().AddImportRecords(records).ok());
  v1::CommitImportRequest commit;
  commit.set_import_id(records.import_id());
  commit.set_batches(1);
  ASSERT_TRUE(engine().CommitImport(commit).ok());
  std::vector<std::string> signatures;
  const auto listed = engine().ListChanges({});
  ASSERT_TRUE(listed.ok()) << listed.status();
  for (const v1::Change& change : listed->changes()) {
    signatures.push_back(change.what() + ": " + change.who() + ", " + change.why());
  }
  EXPECT_THAT(signatures,
              ElementsAre("series identified: A. Officer, trial", "entries added: B. Clerk, ",
                          "entries added: C. Clerk, list.txt"));
  entries.set_who(std::string(201, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(engine().AddEntries(entries).status()));
  begin.set_who("a\nb");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().BeginImport(begin).status()));
  series.mutable_series()->set_code("Bramble");
  series.mutable_series()->set_identified_on("2999-01-01");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().AddSeries(series).status()));
}

TEST_F(EngineChangeTest, AnEntryNamesTheChangeThatAddedIt) {
  AddSet("known");
  std::uint64_t next = 1;
  std::vector<std::uint64_t> change_of = {0};
  for (const std::uint64_t count : {1U, 3U, 2U}) {
    std::vector<v1::Entry> entries;
    for (std::uint64_t i = 0; i < count; ++i) entries.push_back(PdqEntry(Pdq(next++)));
    const auto added = Add("known", "", entries);
    ASSERT_TRUE(added.ok()) << added.status();
    change_of.resize(next, added->index_version().change());
    Switch("known", count != 1);  // changes that add nothing lie between
  }
  const auto listed = engine().ListEntries({});
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->entries_size(), 6);
  for (const v1::Entry& entry : listed->entries()) {
    EXPECT_EQ(entry.added_by_change(), change_of.at(entry.entry_id())) << entry.entry_id();
  }
}

}  // namespace
}  // namespace kith::server
