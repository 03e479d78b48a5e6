// SPDX-License-Identifier: Apache-2.0
//
// What is known changes: series merged, split, named otherwise and corrected, contacts superseded;
// nothing is lost.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/server/engine_change_fixture.h"

namespace kith::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace kith::server
