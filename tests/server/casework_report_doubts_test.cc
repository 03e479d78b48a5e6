// SPDX-License-Identifier: Apache-2.0
//
// What makes a report doubtful is told in it, and nothing else is.
#include <string>
#include <vector>

#include "tests/server/casework_reports_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every word on a series, a contact or a set, and every opinion, made all reports doubt themselves.
TEST_F(ReportsTest, WordsAndOpinionsRaiseNoDoubt) {
  NoteOn("BLUE");
  v1::EditHashSetRequest set;
  set.set_name("known");
  set.set_version("2026-11");
  Must(engine_->EditHashSet(set));
  MoveDesk("LKA");
  const std::uint64_t entry =
      FileAt(Get(v1::REPORT_KIND_INITIAL, "DPD/3"), "x").matches(0).entry_id();
  Say(v1::OPINION_KIND_CONFIRMED, Picture("x", 11, 15), entry, "same room");
  for (const char* name : {"LKA/1", "DPD/2", "DPD/3"}) {
    EXPECT_THAT(WarningsOf(name), ElementsAre()) << name;
  }
  // An entry may tell on any file; a smaller radius too.
  AddEntry("known", "RED", 99);
  EXPECT_THAT(WarningsOf("DPD/3"),
              ElementsAre(HasSubstr("bring the answer up to date, run `kith case refresh DPD/3`")));
  v1::RefreshCaseRequest refresh;
  refresh.set_name("DPD/3");
  Must(engine_->RefreshCase(refresh));
  EXPECT_THAT(WarningsOf("DPD/3"), ElementsAre());
  set.clear_version();
  set.set_radius_bits(16);
  Must(engine_->EditHashSet(set));
  EXPECT_THAT(WarningsOf("DPD/3"), ElementsAre(HasSubstr("kith case refresh DPD/3")));
}

// A report told of an identified series and of no identified file, and said only that "what is
// known has changed".
TEST_F(ReportsTest, FilesThatAreKnownOtherwiseAreNamedByTheirAlerts) {
  Identify("RED");
  EXPECT_THAT(WarningsOf("LKA/1"), ElementsAre(HasSubstr("1 file is known otherwise now: alert ")));
  // Of a case that no alert concerns there is less to say.
  EXPECT_THAT(WarningsOf("DPD/3"), ElementsAre(HasSubstr("has changed since")));
  AddEntry("known", "BLUE", 31);
  EXPECT_THAT(WarningsOf("LKA/1"),
              ElementsAre(AllOf(HasSubstr("2 files are known otherwise now: alerts "),
                                HasSubstr("run `kith case refresh LKA/1`"))));
  // The alerts stay open, as somebody has the old report; this one is up to date.
  v1::RefreshCaseRequest refresh;
  refresh.set_name("LKA/1");
  Must(engine_->RefreshCase(refresh));
  EXPECT_THAT(WarningsOf("LKA/1"), ElementsAre());
}

// Circulation of a series and leads of all cases counted as before a change, without a word.
TEST_F(ReportsTest, CirculationAndLeadsSayWhichCasesAreInDoubt) {
  EXPECT_THAT(Get(v1::REPORT_KIND_CIRCULATION, "", "BLUE").scope().warnings(), ElementsAre());
  v1::ListEntriesRequest list;
  list.set_series("BLUE");
  v1::MoveEntriesRequest move;
  move.add_entry_ids(Must(engine_->ListEntries(list)).entries(0).entry_id());
  move.set_series("RED");
  Must(engine_->MoveEntries(move));
  // Nobody has listed the alerts.
  const v1::Report blue = Get(v1::REPORT_KIND_CIRCULATION, "", "BLUE");
  ASSERT_EQ(blue.sightings_size(), 3);
  for (const v1::ReportSighting& sighting : blue.sightings()) {
    EXPECT_EQ(sighting.open_alerts(), 1U) << sighting.case_name();
    EXPECT_FALSE(sighting.incomplete());
  }
  EXPECT_THAT(blue.scope().warnings(),
              ElementsAre(HasSubstr("3 cases is in doubt: 3 have open alerts. ")));
  // The series that the entry came to: two cases had met it, and DPD/3 has it now.
  const v1::Report red = Get(v1::REPORT_KIND_CIRCULATION, "", "RED");
  EXPECT_THAT(Cases(red), ElementsAre("RED DPD/2", "RED LKA/1"));
  EXPECT_THAT(red.scope().warnings(),
              ElementsAre(AllOf(HasSubstr("2 cases is in doubt: 2 have open alerts. "),
                                HasSubstr("1 other case has open alerts that may concern"))));
  EXPECT_THAT(Get(v1::REPORT_KIND_LEADS).scope().warnings(),
              ElementsAre(HasSubstr("3 cases is in doubt")));
  for (const char* name : {"LKA/1", "DPD/2", "DPD/3"}) {
    v1::RefreshCaseRequest refresh;
    refresh.set_name(name);
    Must(engine_->RefreshCase(refresh));
  }
  EXPECT_THAT(Get(v1::REPORT_KIND_CIRCULATION, "", "RED").scope().warnings(), ElementsAre());
  EXPECT_THAT(Cases(Get(v1::REPORT_KIND_CIRCULATION, "", "RED")),
              ElementsAre("RED DPD/2", "RED DPD/3", "RED LKA/1"));
}

TEST_F(ReportsTest, ACaseThatWasNotCheckedToTheEndIsInDoubt) {
  auto killed = Start("DPD/6");
  Send(*killed, {Picture("a", 21)});
  const v1::Report report = Get(v1::REPORT_KIND_CIRCULATION, "", "RED");
  for (const v1::ReportSighting& sighting : report.sightings()) {
    EXPECT_EQ(sighting.incomplete(), sighting.case_name() == "DPD/6");
    EXPECT_EQ(sighting.open_alerts(), 0U);
  }
  EXPECT_FALSE(report.scope().complete());
  EXPECT_THAT(report.scope().warnings(),
              ElementsAre(HasSubstr("1 case is in doubt: 1 was not checked to the end. ")));
  End(*killed, 1);
  EXPECT_TRUE(Get(v1::REPORT_KIND_LEADS).scope().complete());
}

}  // namespace
}  // namespace kith::server::testing
