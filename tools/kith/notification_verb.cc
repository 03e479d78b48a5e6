// SPDX-License-Identifier: Apache-2.0
//
// Notifications: who is to be told of which case, by when.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/exchange/source.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/series_show.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/whom_to_call.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseworkService::Stub;

template <typename Body>
int Run(const Program& program, const Body& body) {
  return WithEngine<v1::CaseworkService>(program, "notification", body);
}

// Without a person, the agency is to be asked who that is.
std::string WhomToTell(const v1::NotificationTask& task) {
  std::string whom = report::WhomToCallText(task.contact(), task.agency_desk());
  if (task.has_contact()) return whom;
  return "ask " + task.agency() + (whom.empty() ? "" : ", " + whom);
}

int ListTasks(const Program& program, const v1::ListNotificationsRequest& request, Limit limit) {
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({"DUE", "SERIES", "CASE", "FILES", "REST ON", "TELL", "AGENCY", "TOLD"});
    absl::Status status = ForEachPage(
        stub, &Stub::ListNotifications, request, [&](const v1::ListNotificationsResponse& page) {
          for (const v1::NotificationTask& task : page.tasks()) {
            if (!limit.Take()) break;
            if (program.json) PrintJson(Typed("notification", report::NotificationJson(task)));
            table.Add({task.due_on(), task.series(), task.case_name(), report::Number(task.files()),
                       report::RestsOnWords(task), WhomToTell(task), task.agency(),
                       task.notified_at()});
          }
          return limit.goes_on();
        });
    if (!status.ok()) return status;
    limit.Tell();
    PrintTable(program, table, "nobody is to be told of a case");
    return kExitDone;
  });
}

// As the service takes it; asked here too, where the number of its line is known.
bool IsDay(const std::string& text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(text, &day) && absl::FormatCivilTime(day) == text;
}

absl::Status ReadDays(const std::string& path, v1::SetHolidaysRequest& request) {
  constexpr std::size_t kMaxLineBytes = 256;
  constexpr int kMaxDays = 10'000;
  constexpr std::size_t kMaxLines = 100'000;  // blank ones and remarks too
  auto source = exchange::Source::Open(path);
  if (!source.ok()) return source.status();
  exchange::Lines lines(*source, kMaxLineBytes, exchange::Lines::kEndlessBytes);
  std::string line;
  while (true) {
    const auto more = lines.Next(line);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    if (lines.number() > kMaxLines) {
      return absl::InvalidArgumentError(report::EscapeText(path) + ": over 100,000 lines");
    }
    line.erase(std::min(line.size(), line.find('#')));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t')) {
      line.pop_back();
    }
    if (line.empty()) continue;
    const std::string_view why = report::WhyNoText(line);
    if (!why.empty() || !IsDay(line)) {
      return absl::InvalidArgumentError(
          fmt::format("{}, line {}: {} {}: write YYYY-MM-DD", report::EscapeText(path),
                      lines.number(), report::EscapeText(line), why.empty() ? "is no day" : why));
    }
    if (request.days_size() == kMaxDays) {
      return absl::InvalidArgumentError(report::EscapeText(path) + ": over 10,000 days");
    }
    request.add_days(line);
  }
}

int SetHolidays(const Program& program, const std::string& path, v1::SetHolidaysRequest& request) {
  if (!path.empty()) {
    const absl::Status read = ReadDays(path, request);
    if (!read.ok()) return Fail(read);
    if (request.days().empty()) {
      return Fail(absl::InvalidArgumentError(
          report::EscapeText(path) + ": no day in it; if there are no holidays, say so: --none"));
    }
  }
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    const auto done = Call(stub, &Stub::SetHolidays, request);
    if (!done.ok()) return done.status();
    if (program.json) {
      PrintJson({{"type", "holidays"}, {"days", done->days()}});
    } else {
      PrintLine(report::Counted(done->days(), "holiday is", "holidays are") + " known now.");
    }
    return kExitDone;
  });
}

int ListHolidays(const Program& program) {
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    const auto known = Call(stub, &Stub::ListHolidays, v1::ListHolidaysRequest());
    if (!known.ok()) return known.status();
    if (program.json) {
      nlohmann::ordered_json line{{"type", "holiday_list"}, {"days", known->days()}};
      line["set_by"] = nullptr;
      if (known->has_set_by()) line["set_by"] = ChangeJson(known->set_by());
      PrintJson(line);
      return kExitDone;
    }
    for (const std::string& day : known->days()) PrintLine(day);
    const v1::Change& change = known->set_by();
    if (known->has_set_by()) {
      Note(fmt::format("{}, set on {} by {}{}{}.",
                       report::Counted(static_cast<std::uint64_t>(known->days_size()), "holiday"),
                       change.at(), report::EscapeText(change.who()),
                       change.why().empty() ? "" : ": ", report::EscapeText(change.why())));
    } else if (known->days().empty()) {
      Note("no holidays are known: due days with one before them are too early");
    }
    return kExitDone;
  });
}

void AddHolidays(CLI::App& group, Program& program) {
  CLI::App* verb =
      AddVerb(group, program, "holidays",
              "Lists the days that are no business days. With FILE, its days take "
              "their place:\none YYYY-MM-DD a line, # for remarks. Who and why are recorded "
              "with FILE or --none.",
              "kith notification holidays\n"
              "kith notification holidays holidays.txt --why 'as of the gazette'\n"
              "kith notification holidays - --json < holidays.txt\n"
              "kith notification holidays --none");
  auto file = std::make_shared<std::string>();
  auto request = std::make_shared<v1::SetHolidaysRequest>();
  auto none = std::make_shared<bool>(false);
  CLI::Option* path =
      verb->add_option("file", *file, "The list; - is standard input")->type_name("FILE");
  verb->add_flag("--none", *none, "From now on there are no holidays")->excludes(path);
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [file, request, none, &program] {
    if (file->empty() && !*none) {
      if (request->signature().why().empty()) return ListHolidays(program);
      return Fail(absl::InvalidArgumentError(
          "--why is for a change: give the FILE of the days, or --none"));
    }
    request->set_none(*none);
    return SetHolidays(program, *file, *request);
  });
}

void AddList(CLI::App& group, Program& program) {
  CLI::App* list = AddVerb(group, program, "list",
                           "Lists what is due, the first due first. What rests on leads only is "
                           "confirmed\nbefore anybody is told: kith opinion confirm.",
                           "kith notification list\nkith notification list --all --limit 20\n"
                           "kith notification list --case DPD/2026-0117 --series Bluebell --json");
  auto request = std::make_shared<v1::ListNotificationsRequest>();
  auto all = std::make_shared<bool>(false);
  list->add_option("--case", *request->mutable_case_name(), "Only of this case")
      ->type_name("AGENCY/NUMBER");
  list->add_option("--series", *request->mutable_series(), "Only of this series")
      ->type_name("CODE");
  list->add_flag("--all", *all, "What is done, too");
  AddEngineFlags(*list, program);
  auto most = std::make_shared<std::uint64_t>(0);
  AddLimitFlag(*list, *most);
  OnRun(*list, program, [request, all, most, &program] {
    request->set_done_too(*all);
    return ListTasks(program, *request, Limit(*most));
  });
}

void AddDone(CLI::App& group, Program& program) {
  CLI::App* done =
      AddVerb(group, program, "done", "Records that they were told of a case.",
              "kith notification done Bluebell DPD/2026-0117\n"
              "kith notification done Bluebell DPD/2026-0117 --why 'by letter'\n"
              "kith notification done Bluebell DPD/2026-0117 --who 'J. Jansen' --json");
  auto request = std::make_shared<v1::MarkNotifiedRequest>();
  done->add_option("series", *request->mutable_series(), "The series")
      ->type_name("CODE")
      ->required();
  done->add_option("case", *request->mutable_case_name(), "The case")
      ->type_name("AGENCY/NUMBER")
      ->required();
  AddSignatureFlags(*done, program, *request->mutable_signature());
  AddEngineFlags(*done, program);
  OnRun(*done, program, [request, &program] {
    return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
      const auto marked = Call(stub, &Stub::MarkNotified, *request);
      if (!marked.ok()) return marked.status();
      PrintThing(program, "notification", report::NotificationJson(marked->task()),
                 Facts()
                     .Add("series", marked->task().series())
                     .Add("case", marked->task().case_name())
                     .Add("told", marked->task().notified_at())
                     .Add("by", marked->task().notified_by()));
      return kExitDone;
    });
  });
}

}  // namespace

void AddNotificationVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "notification", "Notifications: who is to be told of which case, by when.",
               "kith notification list\n"
               "kith notification done Bluebell DPD/2026-0117\n"
               "kith notification holidays holidays.txt");
  AddList(*group, program);
  AddDone(*group, program);
  AddHolidays(*group, program);
}

}  // namespace kith::cli
