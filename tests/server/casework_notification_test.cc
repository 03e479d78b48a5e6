// SPDX-License-Identifier: Apache-2.0
//
// Who is to be told of what, by when, and the holidays that move it.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "server/casework/business_days.h"
#include "tests/server/casework_alert_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;

TEST(BusinessDaysTest, AreMondayToFridayWithoutHolidays) {
  const std::set<std::string> none;
  // 2026-11-25 is a Wednesday.
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-25", 1, none)), "2026-11-26");
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-25", 10, none)), "2026-12-09");
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-28", 1, none)), "2026-11-30");  // Saturday
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2026-11-25", 10, {"2026-11-26", "2026-11-29"})),
            "2026-12-10");  // a holiday on a Sunday costs nothing
  EXPECT_EQ(Must(casework::BusinessDaysAfter("2028-02-28", 1, none)), "2028-02-29");
  EXPECT_FALSE(casework::BusinessDaysAfter("2026-02-30", 1, none).ok());
  EXPECT_FALSE(casework::BusinessDaysAfter("", 1, none).ok());
}

TEST_F(AlertTest, ThoseWhoWantToBeToldAreDueTenBusinessDaysLater) {
  AddEntry("known", "BLUE", 1);
  AddEntry("known", "RED", 2);
  Check("LKA/1", {Picture("a.jpg", 1), Picture("b.jpg", 2)});
  Check("LKA/2", {Picture("b.jpg", 2)});
  EXPECT_EQ(Must(engine_->ListNotifications({})).tasks_size(), 0);
  v1::EditSeriesRequest edit;
  edit.set_notification(v1::NOTIFICATION_OPT_IN);
  edit.set_notification_contact_id(contact_id_);
  for (const char* code : {"BLUE", "RED"}) {
    edit.set_code(code);
    Must(engine_->EditSeries(edit));
  }
  // RED is not identified yet: nobody can be told.
  auto tasks = Must(engine_->ListNotifications({}));
  ASSERT_EQ(tasks.tasks_size(), 1);
  EXPECT_EQ(tasks.tasks(0).series(), "BLUE");
  EXPECT_EQ(tasks.tasks(0).contact().name(), "A. Officer");
  EXPECT_EQ(tasks.tasks(0).due_on(),
            Must(casework::BusinessDaysAfter(tasks.tasks(0).since(), 10, {})));
  v1::IdentifySeriesRequest identify;
  identify.set_code("RED");
  identify.set_agency("LKA");
  identify.set_identified_on("2040-05-01");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->IdentifySeries(identify).status()));  // to come
  // Later than any sighting, and the latest day that it can be anywhere.
  const auto today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  const std::string tomorrow = absl::FormatCivilTime(today + 1);
  identify.set_identified_on(tomorrow);
  Must(engine_->IdentifySeries(identify));
  v1::SetHolidaysRequest holidays;
  holidays.mutable_signature()->set_who("J. Jansen");
  const std::string holiday = Must(casework::BusinessDaysAfter(tomorrow, 1, {}));
  holidays.add_days(holiday);
  holidays.add_days(holiday);
  EXPECT_EQ(Must(engine_->SetHolidays(holidays)).days(), 1);
  v1::ListNotificationsRequest paged;
  paged.set_page_size(2);
  tasks = Must(engine_->ListNotifications(paged));
  ASSERT_EQ(tasks.tasks_size(), 2);
  EXPECT_EQ(tasks.tasks(1).series(), "RED");
  EXPECT_EQ(tasks.tasks(1).case_name(), "LKA/1");
  EXPECT_EQ(tasks.tasks(1).since(), tomorrow);
  // The holiday would have been one of the ten.
  EXPECT_EQ(tasks.tasks(1).due_on(), Must(casework::BusinessDaysAfter(tomorrow, 11, {})));
  paged.set_page_token(tasks.next_page_token());
  tasks = Must(engine_->ListNotifications(paged));
  ASSERT_EQ(tasks.tasks_size(), 1);
  EXPECT_EQ(tasks.tasks(0).case_name(), "LKA/2");
  EXPECT_EQ(tasks.tasks(0).agency_desk(), "+49 711 1");
  v1::ListNotificationsRequest some;
  some.set_case_name("LKA/2");
  tasks = Must(engine_->ListNotifications(some));
  ASSERT_EQ(tasks.tasks_size(), 1);
  EXPECT_EQ(tasks.tasks(0).series(), "RED");
  some.set_series("BLUE");
  EXPECT_EQ(Must(engine_->ListNotifications(some)).tasks_size(), 0);
  some.clear_case_name();
  EXPECT_EQ(Must(engine_->ListNotifications(some)).tasks_size(), 1);
  some.set_series("GREEN");
  EXPECT_TRUE(absl::IsNotFound(engine_->ListNotifications(some).status()));
  some.clear_series();
  some.set_case_name("LKA/7");
  EXPECT_TRUE(absl::IsNotFound(engine_->ListNotifications(some).status()));
  v1::MarkNotifiedRequest mark;
  mark.set_series("RED");
  mark.set_case_name("LKA/2");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->MarkNotified(mark).status()));
  mark.mutable_signature()->set_who("J. Jansen");
  EXPECT_EQ(Must(engine_->MarkNotified(mark)).task().notified_by(), "J. Jansen");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->MarkNotified(mark).status()));
  mark.set_case_name("LKA/7");
  EXPECT_TRUE(absl::IsNotFound(engine_->MarkNotified(mark).status()));
  EXPECT_EQ(Must(engine_->ListNotifications({})).tasks_size(), 2);
  v1::ListNotificationsRequest all;
  all.set_done_too(true);
  EXPECT_EQ(Must(engine_->ListNotifications(all)).tasks_size(), 3);
  holidays.add_days("2040-02-30");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(holidays).status()));
}

// A lead that nobody had looked at made the same task as a digest.
TEST_F(AlertTest, ANotificationTellsWhatItRestsOn) {
  v1::EditSeriesRequest edit;
  edit.set_code("BLUE");
  edit.set_notification(v1::NOTIFICATION_OPT_IN);
  Must(engine_->EditSeries(edit));
  const std::uint64_t entry = AddEntry("known", "BLUE", 1);
  const v1::EvidenceFile lead = Picture("lead.jpg", 1, 12);
  Check("LKA/1", {lead, Picture("copy.jpg", 1, 12), Picture("other.jpg", 1, 14)});
  Check("LKA/2", {Picture("same.jpg", 1), Picture("other.jpg", 1, 14)});
  // "LKA/1 2 0 0": files, by digest, confirmed.
  const auto rest = [&] {
    std::vector<std::string> words;
    const auto listed = Must(engine_->ListNotifications({}));
    for (const v1::NotificationTask& task : listed.tasks()) {
      words.push_back(absl::StrCat(task.case_name(), " ", task.files(), " ", task.files_by_digest(),
                                   " ", task.files_confirmed()));
    }
    return words;
  };
  EXPECT_THAT(rest(), ElementsAre("LKA/1 2 0 0", "LKA/2 2 1 0"));
  v1::GiveOpinionRequest opinion;
  opinion.set_sha256(lead.fingerprint().digests().sha256());
  opinion.set_entry_id(entry);
  opinion.set_kind(v1::OPINION_KIND_CONFIRMED);
  opinion.mutable_signature()->set_who("J. Jansen");
  opinion.mutable_signature()->set_why("the same room");
  Must(engine_->GiveOpinion(opinion));
  EXPECT_THAT(rest(), ElementsAre("LKA/1 2 0 1", "LKA/2 2 1 0"));
  // Which files they were is expunged.
  Must(Purge("LKA/2"));
  EXPECT_THAT(rest(), ElementsAre("LKA/1 2 0 1", "LKA/2 0 0 0"));
}

// They were written and never read again, by nobody, and an empty file took all of them away.
TEST_F(AlertTest, HolidaysTellWhoSetThemAndHowFarTheyAreKnown) {
  const auto remark = [&] {
    v1::GetReportRequest request;
    request.set_kind(v1::REPORT_KIND_NOTIFICATIONS);
    const v1::Report report = GetReport(request);
    EXPECT_EQ(report.scope().remarks_size(), 1);
    return report.scope().remarks(0);
  };
  EXPECT_EQ(Must(engine_->ListHolidays({})).days_size(), 0);
  EXPECT_FALSE(Must(engine_->ListHolidays({})).has_set_by());
  EXPECT_THAT(remark(), ::testing::StartsWith("No holidays are known"));
  v1::SetHolidaysRequest request;
  for (const char* day : {"2026-12-26", "2026-12-25", "2026-12-26"}) request.add_days(day);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(request).status()));  // who?
  request.mutable_signature()->set_who("J. Jansen");
  request.mutable_signature()->set_why("gazette");
  EXPECT_EQ(Must(engine_->SetHolidays(request)).days(), 2U);
  for (int round = 0; round < 2; ++round, OpenEngine()) {
    const v1::ListHolidaysResponse known = Must(engine_->ListHolidays({}));
    EXPECT_THAT(known.days(), ElementsAre("2026-12-25", "2026-12-26"));
    EXPECT_EQ(known.set_by().who(), "J. Jansen");
    EXPECT_EQ(known.set_by().why(), "gazette");
    EXPECT_EQ(known.set_by().what(), "holidays set");
    EXPECT_EQ(known.set_by().subject(), "holidays, 0 before, 2 now");
  }
  EXPECT_THAT(remark(), ::testing::StartsWith(
                            "Due days are reckoned with 2 holidays, known up to 2026-12-26:"));
  const auto last_change = [&] { return *Must(engine_->ListChanges({})).changes().rbegin(); };
  EXPECT_EQ(last_change().what(), "holidays set");
  request.set_none(true);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(request).status()));  // either
  request.clear_days();
  request.set_none(false);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->SetHolidays(request).status()));
  EXPECT_EQ(Must(engine_->ListHolidays({})).days_size(), 2);
  request.set_none(true);
  EXPECT_EQ(Must(engine_->SetHolidays(request)).days(), 0U);
  EXPECT_EQ(Must(engine_->ListHolidays({})).days_size(), 0);
  EXPECT_EQ(last_change().subject(), "holidays, 2 before, 0 now");
}

}  // namespace
}  // namespace kith::server::testing
