// SPDX-License-Identifier: Apache-2.0
//
// The verbs about cases as a whole: alerts, clusters of new files, notifications.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/hash_text.h"
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
int Run(const Program& program, const std::string& verb, const Body& body) {
  return WithEngine<v1::CaseworkService>(program, verb, body);
}

std::string State(const v1::Alert& alert) {
  return alert.closed_at().empty() ? "open" : "closed by " + alert.closed_by();
}

nlohmann::ordered_json ToJson(const v1::Alert& alert) {
  return {{"alert", alert.alert_id()},
          {"case", alert.case_name()},
          {"what", alert.what()},
          {"subject", alert.subject()},
          {"first_change", alert.first_change()},
          {"last_change", alert.last_change()},
          {"opened_at", alert.opened_at()},
          {"files", alert.files()},
          {"open", alert.closed_at().empty()},
          {"closed_at", alert.closed_at()},
          {"closed_by", alert.closed_by()},
          {"why", alert.why()},
          {"purged", alert.purged()}};
}

void Show(const Program& program, const v1::Alert& alert) {
  PrintThing(program, "alert", ToJson(alert),
             Facts()
                 .Add("alert", std::to_string(alert.alert_id()))
                 .Add("case", alert.case_name())
                 .Add("since", alert.what() + ": " + alert.subject())
                 .Add("raised", alert.opened_at())
                 .Add("files", report::Number(alert.files()))
                 .Add("state", State(alert))
                 .Add("why", alert.why())
                 .Add("purged", alert.purged() ? "the case was purged" : ""));
}

int ListAlerts(const Program& program, const std::string& case_name, bool closed_too) {
  return Run(program, "alert", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::ListAlertsRequest request;
    request.set_case_name(case_name);
    request.set_closed_too(closed_too);
    Table table({">ALERT", "CASE", ">FILES", "SINCE", "OF", "RAISED", "STATE"});
    const absl::Status status =
        ForEachPage(stub, &Stub::ListAlerts, request, [&](const v1::ListAlertsResponse& page) {
          for (const v1::Alert& alert : page.alerts()) {
            if (program.json) PrintJson(Typed("alert", ToJson(alert)));
            table.Add({std::to_string(alert.alert_id()), alert.case_name(),
                       report::Number(alert.files()), alert.what(), alert.subject(),
                       alert.opened_at(), State(alert)});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no open alert: what is on record is as it is known today");
    return kExitDone;
  });
}

int ShowAlert(const Program& program, std::uint64_t id) {
  return Run(program, "alert", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetAlertRequest request;
    request.set_alert_id(id);
    Table table({"VERDICT NOW", "BEFORE", "BECAUSE", "PATH", "SHA-256"});
    bool first = true;
    const absl::Status status =
        ForEachPage(stub, &Stub::GetAlert, request, [&](const v1::GetAlertResponse& page) {
          if (std::exchange(first, false)) Show(program, page.alert());
          for (const v1::AlertFile& file : page.files()) {
            if (program.json) {
              nlohmann::ordered_json line{{"type", "alert_file"},
                                          {"alert", id},
                                          {"sha256", Hex(file.sha256())},
                                          {"before", report::VerdictWord(file.before())},
                                          {"now", report::VerdictWord(file.now())},
                                          {"rule", file.rule()}};
              report::PutBytes(line, "path", file.path());
              PrintJson(line);
            }
            table.Add({report::VerdictWord(file.now()), report::VerdictWord(file.before()),
                       file.rule(), report::EscapeText(file.path()), Hex(file.sha256())});
          }
        });
    if (!status.ok()) return status;
    if (!table.empty() && !program.json) PrintLine("");
    PrintTable(program, table, "its files are not on record any more");
    return kExitDone;
  });
}

std::vector<std::string> Words(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return {names.begin(), names.end()};
}

int ListClusters(const Program& program) {
  return Run(program, "cluster", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({">CLUSTER", ">CASES", ">FILES", "IN"});
    const absl::Status status = ForEachPage(
        stub, &Stub::ListClusters, v1::ListClustersRequest(),
        [&](const v1::ListClustersResponse& page) {
          for (const v1::Cluster& cluster : page.clusters()) {
            std::string names;
            for (const std::string& name : cluster.case_names()) {
              names += (names.empty() ? "" : ", ") + name;
            }
            if (program.json) {
              PrintJson({{"type", "cluster"},
                         {"cluster", cluster.cluster_id()},
                         {"files", cluster.files()},
                         {"cases", Words(cluster.case_names())}});
            }
            table.Add({std::to_string(cluster.cluster_id()),
                       report::Number(static_cast<std::uint64_t>(cluster.case_names_size())),
                       report::Number(cluster.files()), names});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no new files of two cases, or two of one, lie near each other");
    return kExitDone;
  });
}

int ShowCluster(const Program& program, std::uint64_t id) {
  return Run(program, "cluster", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetClusterRequest request;
    request.set_cluster_id(id);
    Table table({"SHA-256", "CASES", "PATH"});
    const absl::Status status =
        ForEachPage(stub, &Stub::GetCluster, request, [&](const v1::GetClusterResponse& page) {
          for (const v1::ClusterFile& file : page.files()) {
            std::string names;
            for (const std::string& name : file.case_names()) {
              names += (names.empty() ? "" : ", ") + name;
            }
            if (program.json) {
              nlohmann::ordered_json line{{"type", "cluster_file"},
                                          {"cluster", id},
                                          {"sha256", Hex(file.sha256())},
                                          {"cases", Words(file.case_names())}};
              report::PutBytes(line, "path", file.path());
              PrintJson(line);
            }
            table.Add({Hex(file.sha256()), names, report::EscapeText(file.path())});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no file");
    return kExitDone;
  });
}

nlohmann::ordered_json ToJson(const v1::NotificationTask& task) {
  return {{"series", task.series()},
          {"case", task.case_name()},
          {"contact", task.has_contact() ? report::ContactJson(task.contact())
                                         : nlohmann::ordered_json(nullptr)},
          {"agency", task.agency()},
          {"since", task.since()},
          {"due_on", task.due_on()},
          {"notified_at", task.notified_at()},
          {"notified_by", task.notified_by()},
          {"note", task.note()}};
}

int ListTasks(const Program& program, bool done_too) {
  return Run(program, "notification", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::ListNotificationsRequest request;
    request.set_done_too(done_too);
    Table table({"DUE", "SERIES", "CASE", "TELL", "AGENCY", "TOLD"});
    const absl::Status status = ForEachPage(
        stub, &Stub::ListNotifications, request, [&](const v1::ListNotificationsResponse& page) {
          for (const v1::NotificationTask& task : page.tasks()) {
            if (program.json) PrintJson(Typed("notification", ToJson(task)));
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
    if (request.days_size() == kMaxDays) {
      return absl::InvalidArgumentError(path + ": over 10,000 days");
    }
    request.add_days(line);
  }
}

int ReadHolidays(const Program& program, const std::string& path) {
  v1::SetHolidaysRequest request;
  const absl::Status read = ReadDays(path, request);
  if (!read.ok()) return Fail(read);
  return Run(program, "notification", [&](Stub& stub) -> absl::StatusOr<int> {
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

void AddCloseAlert(CLI::App& group, Program& program) {
  CLI::App* close = AddVerb(group, program, "close", "Records that an alert has been dealt with.",
                            "kith alert close 5 --why 'prosecutor told'\n"
                            "kith alert close 5 --who 'J. Jansen' --why 'report sent again'\n"
                            "kith alert close 5 --json");
  auto request = std::make_shared<v1::CloseAlertRequest>();
  auto id = std::make_shared<std::uint64_t>(0);
  close->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddSignatureFlags(*close, program, *request->mutable_signature());
  AddEngineFlags(*close, program);
  OnRun(*close, program, [request, id, &program] {
    request->set_alert_id(*id);
    return Run(program, "alert", [&](Stub& stub) -> absl::StatusOr<int> {
      const auto closed = Call(stub, &Stub::CloseAlert, *request);
      if (!closed.ok()) return closed.status();
      Show(program, closed->alert());
      return kExitDone;
    });
  });
}

}  // namespace

void AddAlertVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "alert", "Alerts: cases on record whose files are known otherwise by now.",
               "kith alert list\nkith alert show 5\nkith alert close 5 --why 'prosecutor told'");
  CLI::App* list =
      AddVerb(*group, program, "list",
              "Lists open alerts: since when a case has another answer than its report.",
              "kith alert list\nkith alert list --case DPD/2026-0117 --all\n"
              "kith alert list --json");
  auto name = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  list->add_option("--case", *name, "Only those of this case")->type_name("AGENCY/NUMBER");
  list->add_flag("--all", *all, "Closed ones too");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [name, all, &program] { return ListAlerts(program, *name, *all); });
  CLI::App* show = AddVerb(*group, program, "show", "Shows one alert and its files.",
                           "kith alert show 5\nkith alert show 5 --json\n"
                           "kith alert show 5 --server 127.0.0.1:7475");
  auto id = std::make_shared<std::uint64_t>(0);
  show->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [id, &program] { return ShowAlert(program, *id); });
  AddCloseAlert(*group, program);
}

void AddClusterVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "cluster", "Clusters: new files of all cases that lie near each other.",
               "kith cluster list\nkith cluster show 12\nkith cluster list --json");
  CLI::App* list = AddVerb(*group, program, "list",
                           "Lists clusters, those in most cases first: look at these first.",
                           "kith cluster list\nkith cluster list --json\n"
                           "kith cluster list --server 127.0.0.1:7475");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [&program] { return ListClusters(program); });
  CLI::App* show = AddVerb(*group, program, "show", "Shows the files of one cluster.",
                           "kith cluster show 12\nkith cluster show 12 --json\n"
                           "kith cluster show 12 --store /srv/kith");
  auto id = std::make_shared<std::uint64_t>(0);
  show->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [id, &program] { return ShowCluster(program, *id); });
}

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
    return Run(program, "notification", [&](Stub& stub) -> absl::StatusOr<int> {
      const auto marked = Call(stub, &Stub::MarkNotified, *request);
      if (!marked.ok()) return marked.status();
      PrintThing(program, "notification", ToJson(marked->task()),
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
