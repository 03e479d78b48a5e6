// SPDX-License-Identifier: Apache-2.0
//
// Alerts: cases on record whose files are known otherwise by now.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proto/kith/v1/case.grpc.pb.h"
#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/exchange/hash_text.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/report_verb.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/kinds.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseworkService::Stub;

template <typename Body>
int Run(const Program& program, const Body& body) {
  return WithEngine<v1::CaseworkService>(program, "alert", body);
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

int ListAlerts(const Program& program, const std::string& case_name, bool closed_too, Limit limit) {
  return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
    v1::ListAlertsRequest request;
    request.set_case_name(case_name);
    request.set_closed_too(closed_too);
    Table table({">ALERT", "CASE", ">FILES", "SINCE", "OF", "RAISED", "STATE"});
    absl::Status status =
        ForEachPage(stub, &Stub::ListAlerts, request, [&](const v1::ListAlertsResponse& page) {
          for (const v1::Alert& alert : page.alerts()) {
            if (!limit.Take()) break;
            if (program.json) PrintJson(Typed("alert", ToJson(alert)));
            table.Add({std::to_string(alert.alert_id()), alert.case_name(),
                       report::Number(alert.files()), alert.what(), alert.subject(),
                       alert.opened_at(), State(alert)});
          }
          return limit.goes_on();
        });
    if (!status.ok()) return status;
    limit.Tell();
    PrintTable(program, table, "no open alert: what is on record is as it is known today");
    return kExitDone;
  });
}

// The reports on the case that say what was known before: who has one must be told.
absl::Status ShowReports(const Program& program, v1::CaseService::Stub& stub,
                         const v1::Alert& alert) {
  v1::ListReportsRequest request;
  request.set_case_name(alert.case_name());
  Table table({">REPORT", "KIND", "GIVEN OUT BEFORE", "WHO"});
  absl::Status status = ForEachPage(
      stub, &v1::CaseService::Stub::ListReports, request, [&](const v1::ListReportsResponse& page) {
        for (const v1::ReportRecord& record : page.reports()) {
          if (record.change() >= alert.last_change()) continue;
          if (program.json) {
            nlohmann::ordered_json line{{"type", "alert_report"}, {"alert", alert.alert_id()}};
            line.update(ReportRecordJson(record));
            PrintJson(line);
          }
          table.Add({std::to_string(record.report_id()),
                     std::string(report::KindWord(record.kind())), record.made_at(), record.who()});
        }
      });
  if (!status.ok() || program.json || table.empty()) return status;
  PrintLine("");
  PrintTable(program, table, "");
  return absl::OkStatus();
}

int ShowAlert(const Program& program, std::uint64_t id) {
  auto connection = ConnectEngine(program, "alert");
  if (!connection.ok()) return Fail(connection.status());
  const auto stub = v1::CaseworkService::NewStub((*connection)->channel());
  const auto cases = v1::CaseService::NewStub((*connection)->channel());
  const auto show = [&]() -> absl::Status {
    v1::GetAlertRequest request;
    request.set_alert_id(id);
    // "then": when the alert was raised.
    Table table({"BEFORE", "THEN", "BECAUSE", "ON RECORD", "PATH", "SHA-256"});
    v1::Alert alert;
    absl::Status status =
        ForEachPage(*stub, &Stub::GetAlert, request, [&](const v1::GetAlertResponse& page) {
          if (alert.alert_id() == 0) {
            alert = page.alert();
            Show(program, alert);
          }
          for (const v1::AlertFile& file : page.files()) {
            if (program.json) {
              nlohmann::ordered_json line{{"type", "alert_file"},
                                          {"alert", id},
                                          {"sha256", exchange::Hex(file.sha256())},
                                          {"before", report::VerdictWord(file.before())},
                                          {"now", report::VerdictWord(file.now())},
                                          {"rule", file.rule()},
                                          {"on_record", report::VerdictWord(file.on_record())}};
              report::PutBytes(line, "path", file.path());
              PrintJson(line);
            }
            table.Add({report::VerdictWord(file.before()), report::VerdictWord(file.now()),
                       file.rule(), report::VerdictWord(file.on_record()), file.path(),
                       exchange::Hex(file.sha256())});
          }
        });
    if (!status.ok()) return status;
    if (!table.empty() && !program.json) PrintLine("");
    PrintTable(program, table, "its files are not on record any more");
    return ShowReports(program, *cases, alert);
  };
  const absl::Status status = show();
  return status.ok() ? kExitDone : Fail(Explained(status, **connection));
}

void AddCloseAlert(CLI::App& group, Program& program) {
  CLI::App* close =
      AddVerb(group, program, "close",
              "Records that alerts have been dealt with; ends at the first that cannot be closed.",
              "kith alert close 5 --why 'prosecutor told'\n"
              "kith alert close 5 6 7 --who 'J. Jansen' --why 'report sent again'\n"
              "kith alert close 5 --why 'prosecutor told' --json");
  auto request = std::make_shared<v1::CloseAlertRequest>();
  auto ids = std::make_shared<std::vector<std::uint64_t>>();
  close->add_option("ids", *ids, "Their numbers")->type_name("ID")->required();
  AddFullSignatureFlags(*close, program, *request->mutable_signature());
  AddEngineFlags(*close, program);
  OnRun(*close, program, [request, ids, &program] {
    return Run(program, [&](Stub& stub) -> absl::StatusOr<int> {
      for (std::size_t i = 0; i < ids->size(); ++i) {
        request->set_alert_id((*ids)[i]);
        const auto closed = Call(stub, &Stub::CloseAlert, *request);
        if (!closed.ok()) return closed.status();
        if (i > 0 && !program.json) PrintLine("");
        Show(program, closed->alert());
      }
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
  auto most = std::make_shared<std::uint64_t>(0);
  AddLimitFlag(*list, *most);
  OnRun(*list, program,
        [name, all, most, &program] { return ListAlerts(program, *name, *all, Limit(*most)); });
  CLI::App* show =
      AddVerb(*group, program, "show",
              "Shows one alert, its files, and the reports on the case that were given "
              "out before.",
              "kith alert show 5\nkith alert show 5 --json\n"
              "kith alert show 5 --server 127.0.0.1:7475");
  auto id = std::make_shared<std::uint64_t>(0);
  show->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [id, &program] { return ShowAlert(program, *id); });
  AddCloseAlert(*group, program);
}

}  // namespace kith::cli
