// SPDX-License-Identifier: Apache-2.0
//
// Notifications: who is to be told of which case, by when.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/line_reader.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseworkService::Stub;

template <typename Body>
int Run(const Program& program, const Body& body) {
  return WithEngine<v1::CaseworkService>(program, "notification", body);
}

int ListTasks(const Program& program, bool done_too) {
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    v1::ListNotificationsRequest request;
    request.set_done_too(done_too);
    Table table({"DUE", "SERIES", "CASE", "TELL", "AGENCY", "TOLD"});
    const absl::Status status = ForEachPage(
        stub, &Stub::ListNotifications, request, [&](const v1::ListNotificationsResponse& page) {
          for (const v1::NotificationTask& task : page.tasks()) {
            if (program.json) PrintJson(Typed("notification", report::NotificationJson(task)));
            table.Add({task.due_on(), task.series(), task.case_name(), task.contact().name(),
                       task.agency(), task.notified_at()});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "nobody is to be told of a case");
    return kExitDone;
  });
}

absl::Status ReadDays(const std::string& path, v1::SetHolidaysRequest& request) {
  constexpr std::size_t kMaxLineBytes = 256;
  constexpr int kMaxDays = 10'000;
  auto lines = LineReader::Open(path, kMaxLineBytes);
  if (!lines.ok()) return lines.status();
  std::string line;
  while (true) {
    const auto more = lines->Next(line);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    line.erase(std::min(line.size(), line.find('#')));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t')) {
      line.pop_back();
    }
    if (line.empty()) continue;
    if (const std::string_view why = report::WhyNoText(line); !why.empty()) {
      return absl::InvalidArgumentError(fmt::format("{}, line {}: {} {}: write YYYY-MM-DD",
                                                    report::EscapeText(path), lines->number(),
                                                    report::EscapeText(line), why));
    }
    if (request.days_size() == kMaxDays) {
      return absl::InvalidArgumentError(report::EscapeText(path) + ": over 10,000 days");
    }
    request.add_days(line);
  }
}

int ReadHolidays(const Program& program, const std::string& path) {
  v1::SetHolidaysRequest request;
  const absl::Status read = ReadDays(path, request);
  if (!read.ok()) return Fail(read);
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    const auto done = Call(stub, &Stub::SetHolidays, request);
    if (!done.ok()) return done.status();
    if (program.json) {
      PrintJson({{"type", "holidays"}, {"days", done->days()}});
    } else {
      PrintLine(report::Number(done->days()) + " holidays are known now.");
    }
    return kExitDone;
  });
}

}  // namespace

void AddNotificationVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "notification", "Notifications: who is to be told of which case, by when.",
               "kith notification list\n"
               "kith notification done Bluebell DPD/2026-0117\n"
               "kith notification holidays holidays.txt");
  CLI::App* list = AddVerb(*group, program, "list", "Lists what is due, the first due first.",
                           "kith notification list\nkith notification list --all\n"
                           "kith notification list --json");
  auto all = std::make_shared<bool>(false);
  list->add_flag("--all", *all, "What is done, too");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [all, &program] { return ListTasks(program, *all); });
  CLI::App* done =
      AddVerb(*group, program, "done", "Records that they were told of a case.",
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
  CLI::App* holidays =
      AddVerb(*group, program, "holidays",
              "Reads the days that are no business days: one YYYY-MM-DD a line, # for remarks.",
              "kith notification holidays holidays.txt\n"
              "kith notification holidays /etc/kith/holidays --json\n"
              "kith notification holidays - < holidays.txt");
  auto file = std::make_shared<std::string>();
  holidays->add_option("file", *file, "The list; - is standard input")
      ->type_name("FILE")
      ->required();
  AddEngineFlags(*holidays, program);
  OnRun(*holidays, program, [file, &program] { return ReadHolidays(program, *file); });
}

}  // namespace kith::cli
