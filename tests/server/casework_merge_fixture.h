// SPDX-License-Identifier: Apache-2.0
//
// Series that are merged and parted, and what cases, reports and tasks tell of them.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/casework/business_days.h"
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {

// BLUE is identified, RED is not; RED is merged into BLUE.
class MergeTest : public CaseworkTest {
 protected:
  absl::Status Merge(const std::string& code, const std::string& into) {
    v1::MergeSeriesRequest request;
    request.set_code(code);
    request.set_into(into);
    return engine_->MergeSeries(request).status();
  }
  void Unmerge(const std::string& code) {
    v1::UnmergeSeriesRequest request;
    request.set_code(code);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("a mistake");
    Must(engine_->UnmergeSeries(request));
  }
  void Refresh(const std::string& name) {
    v1::RefreshCaseRequest request;
    request.set_name(name);
    Must(engine_->RefreshCase(request));
  }
  void Purge(const std::string& name) {
    v1::PurgeCaseRequest request;
    request.set_name(name);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("court order");
    Must(engine_->PurgeCase(request));
  }
  void Tell(const std::string& code, v1::Notification preference) {
    v1::EditSeriesRequest request;
    request.set_code(code);
    request.set_notification(preference);
    Must(engine_->EditSeries(request));
  }
  // An entry that lies `bits` away from the picture.
  void AddNear(const std::string& series, std::uint64_t picture, int bits) {
    v1::AddEntriesRequest request;
    request.set_set("known");
    request.set_series(series);
    *request.add_entries()->mutable_codes() = Picture("", picture, bits).fingerprint().codes();
    Must(engine_->AddEntries(request));
  }
  // What no call can do: the ledger as it would be had time passed.
  void Sql(const std::string& statement) {
    engine_.reset();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/store/kith.db").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, statement.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << error;
    EXPECT_GT(sqlite3_changes(database), 0) << statement;
    sqlite3_free(error);
    sqlite3_close(database);
    OpenEngine();
  }

  v1::Report Get(v1::ReportKind kind, const std::string& case_name,
                 const std::string& series = "") {
    v1::GetReportRequest request;
    request.set_kind(kind);
    request.set_case_name(case_name);
    request.set_series(series);
    return GetReport(request);
  }
  // "BLUE LKA/1: 2, 1 by digest, 2026-01-05" of each sighting, by case.
  std::vector<std::string> Circulation(const std::string& series) {
    const v1::Report report = Get(v1::REPORT_KIND_CIRCULATION, "", series);
    std::vector<std::string> met;
    std::uint64_t files = 0;
    for (const v1::ReportSighting& one : report.sightings()) {
      met.push_back(absl::StrCat(
          one.series(), " ", one.case_name(), ": ", one.files(),
          one.purged() ? ", purged" : absl::StrCat(", ", one.files_by_digest(), " by digest"), ", ",
          one.first_seen_at().substr(0, 10)));
      files += one.files();
    }
    std::sort(met.begin(), met.end());
    EXPECT_EQ(report.series(0).cases(), met.size());
    EXPECT_EQ(report.series(0).files(), files);
    return met;
  }
  // "BLUE LKA/1 since 2026-01-05 due 2026-01-19", and who told them.
  std::vector<std::string> Tasks(bool done_too = false) {
    v1::ListNotificationsRequest request;
    request.set_done_too(done_too);
    std::vector<std::string> tasks;
    const auto listed = Must(engine_->ListNotifications(request));
    for (const v1::NotificationTask& task : listed.tasks()) {
      EXPECT_EQ(task.due_on(), Must(casework::BusinessDaysAfter(task.since(), 10, {})));
      tasks.push_back(absl::StrCat(
          task.series(), " ", task.case_name(), " since ", task.since(),
          task.notified_by().empty() ? "" : absl::StrCat(", told by ", task.notified_by())));
    }
    return tasks;
  }
  v1::MarkNotifiedRequest Mark(const std::string& series, const std::string& case_name) {
    v1::MarkNotifiedRequest request;
    request.set_series(series);
    request.set_case_name(case_name);
    request.mutable_signature()->set_who("J. Jansen");
    return request;
  }

  const std::string today_ =
      absl::FormatCivilTime(absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()));
};

}  // namespace kith::server::testing
