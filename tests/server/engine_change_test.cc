// SPDX-License-Identifier: Apache-2.0
//
// What is known changes: series merged, split, named otherwise and corrected, contacts superseded,
// sets edited; nothing is lost, and all of it is in the change sequence.
#include <string>
#include <vector>

#include "tests/server/store.h"

namespace kith::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EngineChangeTest : public StoreTest {
 protected:
  v1::Series GetSeries(const std::string& code, std::uint64_t* entries = nullptr) {
    v1::GetSeriesRequest request;
    request.set_code(code);
    const auto got = engine().GetSeries(request);
    EXPECT_TRUE(got.ok()) << got.status();
    if (!got.ok()) return {};
    if (entries != nullptr) *entries = got->entries();
    return got->series();
  }
  absl::Status Merge(const std::string& code, const std::string& into) {
    v1::MergeSeriesRequest request;
    request.set_code(code);
    request.set_into(into);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("same room");
    return engine().MergeSeries(request).status();
  }
  absl::Status Alias(const std::string& code, const std::string& alias) {
    v1::SetSeriesAliasRequest request;
    request.set_code(code);
    request.mutable_alias()->set_alias(alias);
    request.mutable_alias()->set_scheme("VICS");
    return engine().SetSeriesAlias(request).status();
  }
  absl::StatusOr<v1::SupersedeContactResponse> Supersede(std::uint64_t id, std::uint64_t by) {
    v1::SupersedeContactRequest request;
    request.set_contact_id(id);
    request.set_by_contact_id(by);
    return engine().SupersedeContact(request);
  }
  std::vector<std::string> History(const std::string& code) {
    v1::GetSeriesHistoryRequest request;
    request.set_code(code);
    const auto history = engine().GetSeriesHistory(request);
    EXPECT_TRUE(history.ok()) << history.status();
    std::vector<std::string> what;
    if (!history.ok()) return what;
    for (const auto& event : history->events()) what.push_back(event.change().what());
    return what;
  }
};

TEST_F(EngineChangeTest, ASeriesTellsWhereTheRecordOfItsVictimsIsKept) {
  AddAgency("DPD", "desk");
  const auto add = [&](const std::string& code, const std::string& agency,
                       const std::string& locator) {
    v1::AddSeriesRequest request;
    request.mutable_series()->set_code(code);
    request.mutable_series()->set_agency(agency);
    request.mutable_series()->set_locator(locator);
    request.mutable_series()->set_victims(2);
    request.mutable_signature()->set_who("J. Jansen");
    return engine().AddSeries(request).status();
  };
  ASSERT_TRUE(add("Bluebell", "DPD", "NCMEC-2019-4711").ok());
  ASSERT_TRUE(add("Harebell", "", "ICSE 12").ok());
  AddSeries("Primrose");
  EXPECT_TRUE(absl::IsInvalidArgument(add("Bramble", "", "two\nlines")));
  v1::EditSeriesRequest edit;
  edit.set_code("Primrose");
  edit.set_victims(3);
  ASSERT_TRUE(engine().EditSeries(edit).ok());
  edit.set_code("Bluebell");
  edit.set_locator("NCMEC-2020-1");
  edit.clear_victims();
  ASSERT_TRUE(engine().EditSeries(edit).ok());
  edit.set_locator(std::string(201, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(engine().EditSeries(edit).status()));
  for (int round = 0; round < 2; ++round, Reopen()) {
    EXPECT_EQ(GetSeries("Bluebell").locator(), "NCMEC-2020-1");
    EXPECT_EQ(GetSeries("Bluebell").victims(), 2U);
    EXPECT_EQ(GetSeries("Bluebell").status(), v1::SERIES_STATUS_IDENTIFIED);
    EXPECT_EQ(GetSeries("Harebell").locator(), "ICSE 12");
    EXPECT_EQ(GetSeries("Harebell").status(), v1::SERIES_STATUS_UNIDENTIFIED);
    EXPECT_EQ(GetSeries("Primrose").victims(), 3U);
  }
  // What was said before is in the history, with who said it.
  v1::GetSeriesHistoryRequest history;
  history.set_code("Bluebell");
  const auto events = engine().GetSeriesHistory(history);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->events_size(), 3);
  EXPECT_EQ(events->events(1).series().locator(), "NCMEC-2019-4711");
  EXPECT_EQ(events->events(1).change().who(), "J. Jansen");
  EXPECT_EQ(events->events(2).series().locator(), "NCMEC-2020-1");
  EXPECT_THAT(History("Harebell"), ElementsAre("series added", "series edited"));
}

TEST_F(EngineChangeTest, AMergedSeriesCountsAsTheOtherOneAndComesBack) {
  AddAgency("DPD", "desk");
  AddSet("known");
  AddSeries("Bluebell");
  AddSeries("Harebell");
  const std::uint64_t first = AddOne("known", "Bluebell", PdqEntry(Pdq(1)));
  AddOne("known", "Harebell", PdqEntry(Pdq(2)));
  ASSERT_TRUE(Identify("Bluebell", "DPD", 0).ok());
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(2))).verdict(), v1::VERDICT_RECOGNIZED);
  // Whom to call would be lost.
  EXPECT_TRUE(absl::IsFailedPrecondition(Merge("Bluebell", "Harebell")));
  ASSERT_TRUE(Merge("Harebell", "Bluebell").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Merge("Harebell", "Bluebell")));
  EXPECT_TRUE(absl::IsFailedPrecondition(Merge("Bluebell", "Harebell")));  // no circle
  for (int round = 0; round < 2; ++round, Reopen()) {
    const v1::MatchResult result = MatchOne(PdqQuery(Pdq(2)));
    EXPECT_EQ(result.verdict(), v1::VERDICT_IDENTIFIED);
    EXPECT_EQ(result.matches(0).series(), "Bluebell");
    EXPECT_EQ(result.matches(0).agency_desk(), "desk");
    std::uint64_t entries = 0;
    EXPECT_EQ(GetSeries("Bluebell", &entries).merged_into(), "");
    EXPECT_EQ(entries, 2);
    EXPECT_EQ(GetSeries("Harebell", &entries).merged_into(), "Bluebell");
    v1::ListEntriesRequest list;
    list.set_series("Bluebell");
    EXPECT_EQ(engine().ListEntries(list)->entries_size(), 2);
  }
  // What is added to it counts as of the other one, and is there already.
  EXPECT_EQ(AddOne("known", "Harebell", PdqEntry(Pdq(1))), first);
  v1::UnmergeSeriesRequest back;
  back.set_code("Harebell");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().UnmergeSeries(back).status()));  // who and why
  back.mutable_signature()->set_who("J. Jansen");
  back.mutable_signature()->set_why("two children");
  ASSERT_TRUE(engine().UnmergeSeries(back).ok());
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(2))).verdict(), v1::VERDICT_RECOGNIZED);
  EXPECT_THAT(History("Harebell"),
              ElementsAre("series added", "series merged", "merge taken back"));
  EXPECT_TRUE(Verify().ok());
}

TEST_F(EngineChangeTest, ASeriesIsSplitByMovingEntries) {
  AddSet("known");
  AddSeries("Bluebell");
  AddSeries("Harebell");
  const std::uint64_t first = AddOne("known", "Bluebell", PdqEntry(Pdq(1)));
  const std::uint64_t second = AddOne("known", "Bluebell", PdqEntry(Pdq(2)));
  v1::MoveEntriesRequest request;
  request.add_entry_ids(second);
  request.add_entry_ids(99);
  request.set_series("Harebell");
  EXPECT_TRUE(absl::IsNotFound(engine().MoveEntries(request).status()));
  request.mutable_entry_ids()->Truncate(1);
  EXPECT_EQ(engine().MoveEntries(request)->moved(), 1);
  EXPECT_EQ(engine().MoveEntries(request)->moved(), 0);
  for (int round = 0; round < 2; ++round, Reopen()) {
    EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).matches(0).series(), "Bluebell");
    EXPECT_EQ(MatchOne(PdqQuery(Pdq(2))).matches(0).series(), "Harebell");
    std::uint64_t entries = 0;
    GetSeries("Bluebell", &entries);
    EXPECT_EQ(entries, 1);
    GetSeries("Harebell", &entries);
    EXPECT_EQ(entries, 1);
    v1::GetEntryRequest get;
    get.set_entry_id(second);
    EXPECT_EQ(engine().GetEntry(get)->entry().series(), "Harebell");
    EXPECT_TRUE(Verify().ok()) << Verify().ShortDebugString();
  }
  EXPECT_NE(first, second);
  EXPECT_THAT(History("Harebell"), ElementsAre("series added", "entries moved"));
}

TEST_F(EngineChangeTest, AnAliasNamesItsSeriesEverywhereAndNoOther) {
  AddSet("known");
  AddSeries("Bluebell");
  AddSeries("Harebell");
  ASSERT_TRUE(Alias("Bluebell", "BB-2019").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Alias("Harebell", "BB-2019")));
  EXPECT_TRUE(absl::IsAlreadyExists(Alias("Harebell", "Bluebell")));
  v1::AddSeriesRequest same;
  same.mutable_series()->set_code("BB-2019");
  EXPECT_TRUE(absl::IsAlreadyExists(engine().AddSeries(same).status()));
  for (int round = 0; round < 2; ++round, Reopen()) {
    const v1::Series series = GetSeries("BB-2019");
    EXPECT_EQ(series.code(), "Bluebell");
    ASSERT_EQ(series.aliases_size(), 1);
    EXPECT_EQ(series.aliases(0).scheme(), "VICS");
  }
  AddOne("known", "BB-2019", PdqEntry(Pdq(1)));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).matches(0).series(), "Bluebell");
  ASSERT_TRUE(Alias("", "BB-2019").ok());
  EXPECT_TRUE(absl::IsNotFound(Alias("", "BB-2019")));
  EXPECT_TRUE(absl::IsNotFound(Alias("", "Bluebell")));  // its own name
  Reopen();
  v1::GetSeriesRequest gone;
  gone.set_code("BB-2019");
  EXPECT_TRUE(absl::IsNotFound(engine().GetSeries(gone).status()));
  EXPECT_THAT(History("Bluebell"), ElementsAre("series added", "series alias changed"));
}

TEST_F(EngineChangeTest, AnIdentificationIsTakenBackWithReasonAndStaysInTheHistory) {
  AddAgency("DPD");
  AddSet("known");
  AddSeries("Bluebell");
  AddOne("known", "Bluebell", PdqEntry(Pdq(1)));
  ASSERT_TRUE(Identify("Bluebell", "DPD", 0).ok());
  v1::UnidentifySeriesRequest request;
  request.set_code("Bluebell");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().UnidentifySeries(request).status()));
  request.mutable_signature()->set_who("J. Jansen");
  request.mutable_signature()->set_why("another child");
  const auto taken_back = engine().UnidentifySeries(request);
  ASSERT_TRUE(taken_back.ok()) << taken_back.status();
  EXPECT_EQ(taken_back->index_version().change(), 3);
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().UnidentifySeries(request).status()));
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).verdict(), v1::VERDICT_RECOGNIZED);
  ASSERT_TRUE(Identify("Bluebell", "DPD", 0).ok());
  v1::GetSeriesHistoryRequest ask;
  ask.set_code("Bluebell");
  const auto history = engine().GetSeriesHistory(ask);
  ASSERT_EQ(history->events_size(), 4);
  EXPECT_EQ(history->events(1).series().agency(), "DPD");
  EXPECT_EQ(history->events(2).series().status(), v1::SERIES_STATUS_UNIDENTIFIED);
  EXPECT_EQ(history->events(2).change().who(), "J. Jansen");
  EXPECT_EQ(history->events(2).change().why(), "another child");
}

TEST_F(EngineChangeTest, TheHistoryOfASeriesBeginsWithWhoAddedIt) {
  v1::AddSeriesRequest add;
  add.mutable_series()->set_code("Bluebell");
  add.mutable_signature()->set_who("J. Jansen");
  add.mutable_signature()->set_why("letter of 3 May");
  ASSERT_TRUE(engine().AddSeries(add).ok());
  AddSeries("Harebell");  // nobody signs
  for (int round = 0; round < 2; ++round, Reopen()) {
    v1::GetSeriesHistoryRequest ask;
    ask.set_code("Bluebell");
    const auto history = engine().GetSeriesHistory(ask);
    ASSERT_TRUE(history.ok()) << history.status();
    ASSERT_EQ(history->events_size(), 1);
    const v1::Change& change = history->events(0).change();
    EXPECT_EQ(change.number(), 0U);  // no change of what is known
    EXPECT_EQ(change.what(), "series added");
    EXPECT_EQ(change.who(), "J. Jansen");
    EXPECT_EQ(change.why(), "letter of 3 May");
    EXPECT_EQ(change.at().size(), 20U);
    EXPECT_EQ(history->events(0).series().code(), "Bluebell");
    EXPECT_EQ(history->events(0).series().status(), v1::SERIES_STATUS_UNIDENTIFIED);
    EXPECT_THAT(History("Harebell"), ElementsAre("series added"));
  }
}

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

// Without a person to call, an answer told of no way to reach the agency.
TEST_F(EngineChangeTest, ASeriesTellsTheDeskOfItsAgency) {
  AddAgency("DPD", "desk of DPD");
  AddSeries("Bluebell");
  EXPECT_EQ(GetSeries("Bluebell").agency_desk(), "");
  const auto identified = Identify("Bluebell", "DPD", 0);
  ASSERT_TRUE(identified.ok());
  v1::EditAgencyRequest edit;
  edit.set_name("DPD");
  edit.set_desk("+31 88");
  ASSERT_TRUE(engine().EditAgency(edit).ok());
  EXPECT_EQ(GetSeries("Bluebell").agency_desk(), "+31 88");
  EXPECT_EQ(engine().ListSeries({})->series(0).agency_desk(), "+31 88");
  v1::EditSeriesRequest note;
  note.set_code("Bluebell");
  note.set_note("boat");
  EXPECT_EQ(engine().EditSeries(note)->series().agency_desk(), "+31 88");
}

TEST_F(EngineChangeTest, ASupersededContactIsReplacedWhereverItIsNamed) {
  AddAgency("DPD", "desk of DPD");
  AddSet("known");
  const std::uint64_t old_one = AddContact("DPD", "A. Adams");
  const std::uint64_t new_one = AddContact("DPD", "B. Brown");
  AddSeries("Bluebell");
  ASSERT_TRUE(Identify("Bluebell", "DPD", old_one).ok());
  AddOne("known", "Bluebell", PdqEntry(Pdq(1)));
  v1::EditSeriesRequest edit;
  edit.set_code("Bluebell");
  edit.set_notification(v1::NOTIFICATION_OPT_IN);
  edit.set_notification_contact_id(old_one);
  edit.set_sensitivity("national only");
  ASSERT_TRUE(engine().EditSeries(edit).ok());
  ASSERT_TRUE(Supersede(old_one, new_one).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Supersede(old_one, new_one).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Supersede(new_one, old_one).status()));  // no circle
  EXPECT_TRUE(absl::IsNotFound(Supersede(new_one, 77).status()));
  for (int round = 0; round < 2; ++round, Reopen()) {
    EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).matches(0).contact().name(), "B. Brown");
    EXPECT_EQ(GetSeries("Bluebell").notification_contact().name(), "B. Brown");
    EXPECT_EQ(GetSeries("Bluebell").notification(), v1::NOTIFICATION_OPT_IN);
    EXPECT_EQ(GetSeries("Bluebell").sensitivity(), "national only");
    v1::GetContactRequest get;
    get.set_contact_id(old_one);
    EXPECT_EQ(engine().GetContact(get)->contact().superseded_by(), new_one);
    EXPECT_EQ(engine().GetContact(get)->contact().name(), "A. Adams");
  }
  v1::VerifyContactRequest verify;
  verify.set_contact_id(new_one);
  verify.set_verified_at("2026-11-25");
  ASSERT_TRUE(engine().VerifyContact(verify).ok());
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).matches(0).contact().verified_at(), "2026-11-25");
  // Nobody stands in its place: the desk is left.
  ASSERT_TRUE(Supersede(new_one, 0).ok());
  Reopen();
  EXPECT_FALSE(MatchOne(PdqQuery(Pdq(1))).matches(0).has_contact());
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).matches(0).agency_desk(), "desk of DPD");
}

// A contact of another agency was taken: its number would have stood under the wrong name.
TEST_F(EngineChangeTest, OnlyAContactOfTheSameAgencyStandsInForOne) {
  AddAgency("NORTH", "desk");
  AddAgency("SOUTH", "desk");
  const std::uint64_t north = AddContact("NORTH", "A. Adams");
  const std::uint64_t south = AddContact("SOUTH", "B. Brown");
  const absl::Status other = Supersede(north, south).status();
  EXPECT_TRUE(absl::IsInvalidArgument(other));
  EXPECT_EQ(std::string(other.message()),
            "contact " + std::to_string(south) + " is of agency \"SOUTH\", not of \"NORTH\"");
  const absl::Status itself = Supersede(north, north).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(itself));
  EXPECT_THAT(std::string(itself.message()), HasSubstr("in its own place"));
  v1::GetContactRequest get;
  get.set_contact_id(north);
  EXPECT_EQ(engine().GetContact(get)->contact().superseded_by(), 0U);
}

TEST_F(EngineChangeTest, AnEditThatNamesNothingIsRefusedAndLeavesNoRecord) {
  AddAgency("DPD", "desk");
  AddSet("known");
  AddSeries("Bluebell");
  v1::EditAgencyRequest agency;
  agency.set_name("DPD");
  v1::EditHashSetRequest set;
  set.set_name("known");
  v1::EditSeriesRequest series;
  series.set_code("Bluebell");
  for (const absl::Status& status :
       {engine().EditAgency(agency).status(), engine().EditHashSet(set).status(),
        engine().EditSeries(series).status()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("say what to change"));
  }
  EXPECT_TRUE(engine().ListChanges(v1::ListChangesRequest()).value().changes().empty());
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
