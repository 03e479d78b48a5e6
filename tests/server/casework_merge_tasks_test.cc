// SPDX-License-Identifier: Apache-2.0
//
// Whom to tell of series that are merged, and since when: a merge forgets nobody and no day.
#include <string>
#include <vector>

#include "tests/server/casework_merge_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(MergeTest, AMergeStartsNoClockAnewAndReopensNoTask) {
  AddSeries("GREEN");
  Identify("GREEN");  // on 2026-01-02, as BLUE
  Tell("GREEN", v1::NOTIFICATION_OPT_IN);
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  AddEntry("known", "GREEN", 1);
  for (const char* name : {"LKA/1", "LKA/2"}) Check(name, {Picture("a.jpg", 1)});
  Sql("UPDATE sighting SET first_seen_at = '2026-01-05T10:00:00Z'");
  Must(engine_->MarkNotified(Mark("GREEN", "LKA/1")));
  const std::string open = "LKA/2 since 2026-01-05";
  const std::string done = "LKA/1 since 2026-01-05, told by J. Jansen";
  EXPECT_THAT(Tasks(true), ElementsAre("GREEN " + done, "GREEN " + open));
  Must(Merge("GREEN", "BLUE"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Tasks(), ElementsAre("BLUE " + open));
    EXPECT_THAT(Tasks(true), ElementsAre("BLUE " + done, "BLUE " + open));
    for (const char* name : {"LKA/1", "LKA/2"}) Refresh(name);
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->MarkNotified(Mark("BLUE", "LKA/1")).status()));
  // Taken back: what holds is GREEN's again, with all that was said of it.
  Unmerge("GREEN");
  for (const char* name : {"LKA/1", "LKA/2"}) Refresh(name);
  EXPECT_THAT(Tasks(true), ElementsAre("GREEN " + done, "GREEN " + open));
}

// The day of a lead that was no match any more made the other series due too early.
TEST_F(MergeTest, WhatWasRejectedMakesNothingDueEarlier) {
  AddSeries("GREEN");
  Identify("GREEN");
  Tell("GREEN", v1::NOTIFICATION_OPT_IN);
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  const std::uint64_t green = AddEntry("known", "GREEN", 1);
  AddEntry("known", "BLUE", 2);
  const v1::EvidenceFile lead = Picture("a.jpg", 1, 12);
  for (const char* name : {"LKA/1", "LKA/2"}) Check(name, {lead, Picture("b.jpg", 2)});
  Check("LKA/3", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Sql("UPDATE sighting SET first_seen_at = CASE series WHEN 1 THEN '2026-03-02T10:00:00Z'"
      " ELSE '2026-01-05T10:00:00Z' END");
  v1::GiveOpinionRequest word;
  word.set_sha256(lead.fingerprint().digests().sha256());
  word.set_entry_id(green);
  word.set_kind(v1::OPINION_KIND_REJECTED);
  word.mutable_signature()->set_who("J. Jansen");
  word.mutable_signature()->set_why("another room");
  Must(engine_->GiveOpinion(word));
  Must(Merge("GREEN", "BLUE"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Tasks(), ElementsAre("BLUE LKA/3 since 2026-01-05", "BLUE LKA/1 since 2026-03-02",
                                     "BLUE LKA/2 since 2026-03-02"))
        << round;
    for (const char* name : {"LKA/1", "LKA/2", "LKA/3"}) Refresh(name);
  }
  // What is expunged can be asked no more: it stays due on its day, and not later.
  Purge("LKA/3");
  EXPECT_EQ(Tasks().front(), "BLUE LKA/3 since 2026-01-05");
}

TEST_F(MergeTest, TheyCanBeToldOfACaseThatWasNotRefreshed) {
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Must(Merge("RED", "BLUE"));
  EXPECT_EQ(Tasks().size(), 1U);
  // The case has no sighting of BLUE itself.
  EXPECT_EQ(Must(engine_->MarkNotified(Mark("BLUE", "LKA/1"))).task().notified_by(), "J. Jansen");
  EXPECT_THAT(Tasks(), IsEmpty());
  Refresh("LKA/1");
  EXPECT_THAT(Tasks(), IsEmpty());
}

// The one that stands for both was identified later: that the first was known is not forgotten.
TEST_F(MergeTest, AnEarlierIdentificationStands) {
  AddSeries("GREEN");
  v1::IdentifySeriesRequest identify;
  identify.set_code("GREEN");
  identify.set_agency("LKA");
  Must(engine_->IdentifySeries(identify));  // today
  Tell("GREEN", v1::NOTIFICATION_OPT_IN);
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Sql("UPDATE sighting SET first_seen_at = '2026-01-05T10:00:00Z'");
  Must(Merge("BLUE", "GREEN"));
  EXPECT_THAT(Tasks(), ElementsAre("GREEN LKA/1 since 2026-01-05"));
  Refresh("LKA/1");
  EXPECT_THAT(Tasks(), ElementsAre("GREEN LKA/1 since 2026-01-05"));
}

// Until the merge nobody could be told of a series that nobody had identified.
TEST_F(MergeTest, WhatAMergeIdentifiesCountsFromThatDayOn) {
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  AddSeries("GREEN");
  AddEntry("known", "RED", 1);
  AddEntry("known", "BLUE", 2);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("LKA/2", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Sql("UPDATE sighting SET first_seen_at = '2026-01-05T10:00:00Z'");
  Must(Merge("RED", "GREEN"));
  Must(Merge("GREEN", "BLUE"));
  for (int round = 0; round < 2; ++round, Refresh("LKA/1")) {
    EXPECT_THAT(Tasks(), ElementsAre("BLUE LKA/2 since 2026-01-05", "BLUE LKA/1 since " + today_));
  }
}

TEST_F(MergeTest, AMergeDropsNoWishToBeTold) {
  AddSeries("GREEN");
  Identify("GREEN");
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  for (const auto preference : {v1::NOTIFICATION_UNSPECIFIED, v1::NOTIFICATION_OPT_OUT}) {
    Tell("GREEN", preference);
    const absl::Status refused = Merge("BLUE", "GREEN");
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("kith series edit"));
  }
  Tell("GREEN", v1::NOTIFICATION_OPT_IN);
  Must(Merge("BLUE", "GREEN"));
  Must(Merge("RED", "GREEN"));  // who said nothing loses nothing
}

// The task was there, of the series that stands for both, and told nobody whom to tell.
TEST_F(MergeTest, AMergeLosesNobodyWhoIsToBeTold) {
  AddSeries("GREEN");
  Identify("GREEN");
  v1::AddContactRequest add;
  add.mutable_contact()->set_agency("LKA");
  add.mutable_contact()->set_name("B. Brown");
  const std::uint64_t other = Must(engine_->AddContact(add)).contact().contact_id();
  const auto edit = [&](const std::string& code, std::uint64_t tell, std::uint64_t restitution) {
    v1::EditSeriesRequest request;
    request.set_code(code);
    request.set_notification_contact_id(tell);
    request.set_restitution_contact_id(restitution);
    return engine_->EditSeries(request).status();
  };
  const auto refused = [](const absl::Status& status, const std::string& words) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
  };
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  Tell("GREEN", v1::NOTIFICATION_OPT_IN);
  Must(edit("BLUE", contact_id_, 0));
  refused(Merge("BLUE", "GREEN"),
          "new cases of series \"BLUE\", would be lost, as \"GREEN\" names "
          "nobody: set both alike first");
  Must(edit("GREEN", other, 0));
  refused(Merge("BLUE", "GREEN"), "names another");
  Must(edit("BLUE", other, contact_id_));
  refused(Merge("BLUE", "GREEN"), "restitution");
  Must(edit("GREEN", other, contact_id_));
  Must(Merge("BLUE", "GREEN"));
  // Nor may what stands for both forget it later.
  refused(edit("GREEN", 0, contact_id_), "kith series unmerge");
  refused(edit("GREEN", other, other), "kith series unmerge");
  v1::EditSeriesRequest request;
  request.set_code("GREEN");
  request.set_notification(v1::NOTIFICATION_OPT_OUT);
  refused(engine_->EditSeries(request).status(), "kith series unmerge");
  request.clear_notification();
  request.set_note("of another flat");
  Must(engine_->EditSeries(request).status());
  // Who stands in the place of a contact is who is to be told.
  v1::SupersedeContactRequest supersede;
  supersede.set_contact_id(other);
  supersede.set_by_contact_id(contact_id_);
  Must(engine_->SupersedeContact(supersede).status());
  Must(edit("GREEN", other, contact_id_));
  Must(edit("GREEN", contact_id_, contact_id_));
  Unmerge("BLUE");
  Must(edit("GREEN", 0, 0));
}

// The case held the files before: the victim's side waits since then, not since the split.
TEST_F(MergeTest, ASplitStartsNoClockAnew) {
  AddSeries("GREEN");
  Identify("GREEN");
  for (const char* code : {"BLUE", "GREEN"}) Tell(code, v1::NOTIFICATION_OPT_IN);
  const std::uint64_t old_entry = AddEntry("known", "BLUE", 1);
  const std::uint64_t later_entry = AddEntry("known", "BLUE", 2);
  const std::uint64_t bare = AddEntry("known", "", 3);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("LKA/1", {Picture("b.jpg", 2), Picture("c.jpg", 3)});
  Sql("UPDATE sighting SET first_seen_at = '2026-03-05T10:00:00Z'");
  Sql("UPDATE run SET started_at = '2026-03-05T09:00:00Z' WHERE id = 1");
  Sql("UPDATE run SET started_at = '2026-04-07T09:00:00Z' WHERE id = 2");
  const auto move = [&](std::uint64_t entry) {
    v1::MoveEntriesRequest request;
    request.add_entry_ids(entry);
    request.set_series("GREEN");
    Must(engine_->MoveEntries(request));
    Refresh("LKA/1");
  };
  // This one matched no series before: the case meets it now.
  move(bare);
  EXPECT_THAT(Circulation("GREEN"), ElementsAre("GREEN LKA/1: 1, 1 by digest, " + today_));
  move(later_entry);
  EXPECT_THAT(Circulation("GREEN"), ElementsAre("GREEN LKA/1: 2, 2 by digest, 2026-04-07"));
  move(old_entry);
  EXPECT_THAT(Circulation("GREEN"), ElementsAre("GREEN LKA/1: 3, 3 by digest, 2026-03-05"));
  EXPECT_THAT(Tasks(), ElementsAre("GREEN LKA/1 since 2026-03-05"));
}

TEST_F(MergeTest, PagesSkipNoTaskWhileTasksAreDone) {
  Tell("BLUE", v1::NOTIFICATION_OPT_IN);
  AddEntry("known", "BLUE", 1);
  for (int i = 0; i < 7; ++i) Check(absl::StrCat("LKA/", i), {Picture("a.jpg", 1)});
  v1::ListNotificationsRequest request;
  request.set_page_size(3);
  std::vector<std::string> cases;
  int pages = 0;
  for (; pages == 0 || !request.page_token().empty(); ++pages) {
    const auto page = Must(engine_->ListNotifications(request));
    EXPECT_LE(page.tasks_size(), 3);
    for (const v1::NotificationTask& task : page.tasks()) {
      cases.push_back(task.case_name());
      Must(engine_->MarkNotified(Mark(task.series(), task.case_name())));
    }
    request.set_page_token(page.next_page_token());
  }
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(cases, ElementsAre("LKA/0", "LKA/1", "LKA/2", "LKA/3", "LKA/4", "LKA/5", "LKA/6"));
  for (const char* token : {"notifications-3", "notifications-", "notifications-QQpC", "alerts-3",
                            "notifications-QQpCCkM="}) {
    request.set_page_token(token);
    EXPECT_TRUE(absl::IsInvalidArgument(engine_->ListNotifications(request).status())) << token;
  }
}

TEST_F(MergeTest, AnIdentificationWithoutADayIsOfToday) {
  AddEntry("known", "RED", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Sql("UPDATE sighting SET first_seen_at = '2025-01-05T10:00:00Z'");
  v1::IdentifySeriesRequest request;
  request.set_code("RED");
  request.set_agency("LKA");
  request.set_identified_on("2999-01-01");
  const absl::Status refused = engine_->IdentifySeries(request).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("give the day on which it happened"));
  request.clear_identified_on();
  EXPECT_EQ(Must(engine_->IdentifySeries(request)).series().identified_on(), today_);
  Tell("RED", v1::NOTIFICATION_OPT_IN);
  EXPECT_THAT(Tasks(), ElementsAre("RED LKA/1 since " + today_));
}

// Whom to call now says nothing of the day, which older versions did not ask for.
TEST_F(MergeTest, AnotherContactGivesAnOldIdentificationNoDay) {
  Sql("DROP TRIGGER IF EXISTS series_version_stays;"
      "UPDATE series_version SET identified_on = ''");
  v1::EditSeriesRequest edit;
  edit.set_code("BLUE");
  edit.set_contact_id(contact_id_);
  EXPECT_EQ(Must(engine_->EditSeries(edit)).series().identified_on(), "");
}

}  // namespace
}  // namespace kith::server::testing
