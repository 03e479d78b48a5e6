// SPDX-License-Identifier: Apache-2.0
#include "tools/report/whom_to_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tools/report/render.h"

namespace kith::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kDesk[] = "+00 555 0100";

v1::Contact Contact(const std::string& name, const std::string& phone, const std::string& email) {
  v1::Contact contact;
  contact.set_name(name);
  contact.set_phone(phone);
  contact.set_email(email);
  return contact;
}

TEST(WhomToCall, IsAPersonAndTheDeskWhereThereIsNoOtherWay) {
  EXPECT_EQ(WhomToCallText(Contact("A. Lind", "+1 2", "a@x"), kDesk), "A. Lind, +1 2, a@x");
  EXPECT_EQ(WhomToCallText(Contact("A. Lind", "+1 2", ""), kDesk), "A. Lind, +1 2");
  EXPECT_EQ(WhomToCallText(Contact("A. Lind", "", "a@x"), kDesk), "A. Lind, a@x");
  EXPECT_EQ(WhomToCallText(Contact("A. Lind", "", ""), kDesk), "A. Lind, desk +00 555 0100");
  EXPECT_EQ(WhomToCallText(Contact("A. Lind", "", ""), ""), "A. Lind");
  EXPECT_EQ(WhomToCallText(Contact("", "+1 2", "a@x"), kDesk), "+1 2, a@x");
  EXPECT_EQ(WhomToCallText(v1::Contact(), kDesk), kDesk);
  EXPECT_EQ(WhomToCallText(v1::Contact(), ""), "");
}

TEST(WhomToCall, OnThePageTheDeskIsNoAfterthoughtWhereItIsTheOnlyWay) {
  v1::Report report;
  report.set_kind(v1::REPORT_KIND_IDENTIFICATION);
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("lakeside");
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.set_agency_desk(kDesk);
  *series.mutable_series()->mutable_contact() = Contact("A. Lind", "", "");
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<strong>+00 555 0100</strong>desk, ask for A. Lind"));
  EXPECT_THAT(html, Not(HasSubstr("if not reached")));
}

// Who is to be told was named without a number.
TEST(WhomToCall, ThePageOfNotificationsTellsTheDeskToo) {
  v1::Report report;
  report.set_kind(v1::REPORT_KIND_NOTIFICATIONS);
  v1::NotificationTask& task = *report.add_tasks();
  task.set_agency_desk(kDesk);
  *task.mutable_contact() = Contact("A. Lind", "", "");
  EXPECT_THAT(RenderHtml(report), HasSubstr("<strong>A. Lind</strong>desk, +00 555 0100"));
  task.mutable_contact()->set_phone("+1 2");
  EXPECT_THAT(RenderHtml(report), HasSubstr("<strong>A. Lind</strong>+1 2"));
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr(kDesk)));
}

}  // namespace
}  // namespace kith::report
