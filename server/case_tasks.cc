// SPDX-License-Identifier: Apache-2.0
//
// CaseDesk: purging cases, and whom to tell of them.
#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/case_desk.h"
#include "server/casework/business_days.h"
#include "server/catalog/hand_on.h"
#include "server/catalog/names.h"
#include "server/internal/paging.h"
#include "server/internal/respond.h"

namespace kith::server {
namespace {

constexpr int kBusinessDays = 10;
constexpr int kMaxHolidays = 10'000;

// By what the list is ordered: due day, series, case.
using TaskKey = std::tuple<std::string, std::string, std::string>;

TaskKey KeyOf(const v1::NotificationTask& task) {
  return {task.due_on(), task.series(), task.case_name()};
}

// A token holds the last task of the page and no position: tasks that are done meanwhile leave the
// list, and those behind them must not be skipped. Names hold no line feed.
constexpr std::string_view kTokenPrefix = "notifications-";

std::string MakeToken(const TaskKey& last) {
  const auto& [due_on, series, case_name] = last;
  return absl::StrCat(std::string(kTokenPrefix), absl::WebSafeBase64Escape(absl::StrCat(
                                                     due_on, "\n", series, "\n", case_name)));
}

// Before all tasks without a token.
absl::StatusOr<TaskKey> ReadToken(const std::string& token) {
  if (token.empty()) return TaskKey();
  std::string text;
  if (token.starts_with(kTokenPrefix) &&
      absl::WebSafeBase64Unescape(token.substr(kTokenPrefix.size()), &text)) {
    const std::size_t first = text.find('\n');
    const std::size_t second = first == std::string::npos ? first : text.find('\n', first + 1);
    if (second != std::string::npos) {
      const TaskKey last = {text.substr(0, first), text.substr(first + 1, second - first - 1),
                            text.substr(second + 1)};
      if (MakeToken(last) == token) return last;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("page_token ", catalog::Quoted(token),
                                                 " was not given by this list: begin without one"));
}

// Of the series that a name, or one that it was merged into, counts as.
absl::StatusOr<catalog::RecordMap<v1::Series>::Pointer> CurrentSeries(
    const catalog::Directory& directory, const std::string& name) {
  auto series = directory.CurrentSeriesNamed(name);
  if (series == nullptr) {
    return absl::NotFoundError(absl::StrCat("no series ", catalog::Quoted(name)));
  }
  return series;
}

}  // namespace

absl::StatusOr<v1::PurgeCaseResponse> CaseDesk::PurgeCase(const v1::PurgeCaseRequest& request) {
  const catalog::Signature signature = catalog::SignatureOf(request.signature());
  if (signature.who.empty() || signature.why.empty()) {
    return absl::InvalidArgumentError("to purge a case, say who does it and why");
  }
  v1::PurgeCaseResponse response;
  catalog::Database& database = catalog_->database();
  std::string subject = absl::StrCat("case ", request.name());
  for (const std::string& copy : database.UpgradeCopies()) {
    absl::StrAppend(&subject, ", with the copy ", copy);
  }
  bool expunged = false;
  const absl::Status status = catalog_->Change(
      catalog::ChangeKind::kPurged, subject, signature,
      [&](catalog::Transaction& write, std::uint64_t change) -> absl::Status {
        KITH_ASSIGN(response, ledger_.Purge(write, request.name(), change));
        expunged = true;
        return absl::OkStatus();
      },
      [] { return absl::OkStatus(); });
  // Behind the commit, as it waits for searches and nothing could be recorded meanwhile. Also where
  // the commit failed, or nobody knows whether it did: that costs an index that is made anew.
  if (expunged) evidence_.Forget();
  // Of a case that was purged before, what was not done then is done now.
  if (!status.ok() && !absl::IsFailedPrecondition(status)) return status;
  {
    const std::lock_guard lock(clusters_mutex_);
    clusters_ = nullptr;
  }
  // The store as it was before an upgrade holds the case too.
  if (const absl::Status removed = database.RemoveUpgradeCopies(); !removed.ok()) {
    return absl::Status(removed.code(),
                        absl::StrCat("case ", catalog::Quoted(request.name()),
                                     " is purged, but not in a copy that an upgrade left: ",
                                     removed.message(), "; purge the case once more to remove it"));
  }
  if (const absl::Status emptied = database.EmptyLog(); !emptied.ok()) {
    return absl::Status(emptied.code(),
                        absl::StrCat("case ", catalog::Quoted(request.name()),
                                     " is purged, but not overwritten: ", emptied.message(),
                                     "; purge the case once more to overwrite it"));
  }
  if (!status.ok()) return status;
  *response.mutable_index_version() = catalog_->Version();
  return response;
}

absl::StatusOr<std::vector<v1::NotificationTask>> CaseDesk::Notifications(
    bool done_too, std::string_view code, std::string_view case_name) {
  KITH_ASSIGN(const std::set<std::string> holidays, ledger_.Holidays());
  const auto wanted = [&](const casework::Ledger::SeenIn& one) {
    const auto series = catalog_->directory().series.ById(one.series_id);
    return (case_name.empty() || one.case_name == case_name) && series != nullptr &&
           (code.empty() || series->code() == code) &&
           series->status() == v1::SERIES_STATUS_IDENTIFIED &&
           series->notification() == v1::NOTIFICATION_OPT_IN &&
           (done_too || one.notified_at.empty());
  };
  KITH_ASSIGN(const std::vector<casework::Ledger::SeenIn> sightings, ledger_.Sightings(wanted));
  std::vector<v1::NotificationTask> tasks;
  for (const casework::Ledger::SeenIn& one : sightings) {
    const auto series = catalog_->directory().series.ById(one.series_id);
    if (series == nullptr) continue;
    v1::NotificationTask& task = tasks.emplace_back();
    task.set_series(series->code());
    task.set_case_name(one.case_name);
    if (series->has_notification_contact())
      *task.mutable_contact() = series->notification_contact();
    task.set_agency(series->agency());
    if (const auto agency = catalog_->directory().agencies.ByName(series->agency())) {
      task.set_agency_desk(agency->desk());
    }
    task.set_since(one.since);
    KITH_ASSIGN(*task.mutable_due_on(),
                casework::BusinessDaysAfter(task.since(), kBusinessDays, holidays));
    task.set_notified_at(one.notified_at);
    task.set_notified_by(one.notified_by);
    task.set_note(one.note);
    task.set_files(one.files);
    task.set_files_by_digest(one.files_by_digest);
    task.set_files_confirmed(one.files_confirmed);
  }
  std::sort(tasks.begin(), tasks.end(),
            [](const auto& a, const auto& b) { return KeyOf(a) < KeyOf(b); });
  return tasks;
}

absl::StatusOr<v1::ListNotificationsResponse> CaseDesk::ListNotifications(
    const v1::ListNotificationsRequest& request) {
  const auto page = ReadPage("notifications", request.page_size(), "");
  if (!page.ok()) return page.status();
  KITH_ASSIGN(const TaskKey after, ReadToken(request.page_token()));
  std::string code;
  if (!request.series().empty()) {
    KITH_ASSIGN(const auto series, CurrentSeries(catalog_->directory(), request.series()));
    code = series->code();
  }
  // NOT_FOUND for a case that is none.
  if (!request.case_name().empty()) {
    KITH_RETURN_IF_ERROR(ledger_.Roots(request.case_name()).status());
  }
  KITH_ASSIGN(std::vector<v1::NotificationTask> tasks,
              Notifications(request.done_too(), code, request.case_name()));
  const auto begin = std::find_if(tasks.begin(), tasks.end(),
                                  [&](const auto& task) { return KeyOf(task) > after; });
  const auto end = begin + std::min<std::ptrdiff_t>(tasks.end() - begin,
                                                    static_cast<std::ptrdiff_t>(page->size));
  v1::ListNotificationsResponse response;
  if (end != tasks.end()) response.set_next_page_token(MakeToken(KeyOf(*std::prev(end))));
  for (auto task = begin; task != end; ++task) *response.add_tasks() = std::move(*task);
  return response;
}

absl::StatusOr<v1::MarkNotifiedResponse> CaseDesk::MarkNotified(
    const v1::MarkNotifiedRequest& request) {
  const std::string& who = request.signature().who();
  if (who.empty()) return absl::InvalidArgumentError("say who told them");
  KITH_RETURN_IF_ERROR(catalog::FirstError(
      {catalog::CheckName("who", who), catalog::CheckText("why", request.signature().why())}));
  KITH_ASSIGN(const auto series, CurrentSeries(catalog_->directory(), request.series()));
  const auto find = [&]() -> absl::StatusOr<v1::NotificationTask> {
    KITH_ASSIGN(const std::vector<v1::NotificationTask> tasks,
                Notifications(true, series->code(), request.case_name()));
    if (!tasks.empty()) return tasks.front();
    return absl::NotFoundError(absl::StrCat("nobody is to be told of series ",
                                            catalog::Quoted(series->code()), " in case ",
                                            catalog::Quoted(request.case_name())));
  };
  KITH_ASSIGN(const v1::NotificationTask open, find());
  if (!open.notified_at().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("that they were told is recorded already, by ", open.notified_by()));
  }
  KITH_RETURN_IF_ERROR(ledger_.MarkNotified(series->series_id(), request.case_name(), who,
                                            request.signature().why()));
  v1::MarkNotifiedResponse response;
  KITH_ASSIGN(*response.mutable_task(), find());
  return response;
}

absl::StatusOr<v1::SetHolidaysResponse> CaseDesk::SetHolidays(
    const v1::SetHolidaysRequest& request) {
  const catalog::Signature signature = catalog::SignatureOf(request.signature());
  if (signature.who.empty()) return absl::InvalidArgumentError("say who sets the holidays");
  if (request.days().empty() != request.none()) {
    return absl::InvalidArgumentError(
        request.none() ? "days are given, and that there are none: say either"
                       : "no holiday is given: due days would be reckoned without any; say so with "
                         "`none` if that is meant");
  }
  if (request.days_size() > kMaxHolidays) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.days_size(), " holidays: at most ", kMaxHolidays));
  }
  for (const std::string& day : request.days()) {
    if (day.empty()) return absl::InvalidArgumentError("a holiday is empty: YYYY-MM-DD");
    KITH_RETURN_IF_ERROR(catalog::CheckDate("holiday", day));
  }
  const std::set<std::string> days(request.days().begin(), request.days().end());
  // The record tells of the list before as it was, also where two are set at once.
  const std::lock_guard lock(holidays_mutex_);
  KITH_ASSIGN(const std::set<std::string> before, ledger_.Holidays());
  KITH_RETURN_IF_ERROR(catalog_->Change(
      catalog::ChangeKind::kHolidays,
      absl::StrCat("holidays, ", before.size(), " before, ", days.size(), " now"), signature,
      [&](catalog::Transaction& write, std::uint64_t) {
        return casework::Ledger::SetHolidays(write, days);
      },
      [] { return absl::OkStatus(); }));
  v1::SetHolidaysResponse response;
  response.set_days(days.size());
  return response;
}

absl::StatusOr<v1::ListHolidaysResponse> CaseDesk::ListHolidays(
    const v1::ListHolidaysRequest& /*request*/) {
  v1::ListHolidaysResponse response;
  KITH_ASSIGN(const std::set<std::string> days, ledger_.Holidays());
  for (const std::string& day : days) response.add_days(day);
  KITH_ASSIGN(std::optional<v1::Change> set_by, ledger_.HolidaysSetBy());
  if (set_by) *response.mutable_set_by() = *std::move(set_by);
  return response;
}

}  // namespace kith::server
