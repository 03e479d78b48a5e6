// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/kith/v1/case.grpc.pb.h"
#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/report_verb.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseService::Stub;

nlohmann::ordered_json ToJson(const v1::Case& record) {
  return {{"case_id", record.case_id()},     {"case", record.name()},
          {"opened_at", record.opened_at()}, {"files", record.files()},
          {"paths", record.paths()},         {"complete", record.complete()},
          {"purged_at", record.purged_at()}};
}

int List(const Program& program, Limit limit) {
  return WithEngine<v1::CaseService>(program, "case", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({"CASE", "OPENED", ">FILES", ">PATHS", "COMPLETE"});
    const absl::Status status = ForEachPage(
        stub, &Stub::ListCases, v1::ListCasesRequest(), [&](const v1::ListCasesResponse& page) {
          for (const v1::Case& record : page.cases()) {
            if (!limit.Take()) break;
            if (program.json) PrintJson(Typed("case", ToJson(record)));
            table.Add({record.name(), record.opened_at(), report::Number(record.files()),
                       report::Number(record.paths()),
                       !record.purged_at().empty() ? "purged"
                       : record.complete()         ? "yes"
                                                   : "NO"});
          }
          return limit.goes_on();
        });
    if (!status.ok()) return status;
    limit.Tell();
    PrintTable(program, table, "no case yet; kith check FOLDER --case AGENCY/NUMBER makes one");
    return kExitDone;
  });
}

int Show(const Program& program, const std::string& name) {
  return WithEngine<v1::CaseService>(program, "case", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetCaseRequest request;
    request.set_name(name);
    const auto got = Call(stub, &Stub::GetCase, request);
    if (!got.ok()) return got.status();
    const v1::Case& record = got->record();
    PrintThing(program, "case", ToJson(record),
               Facts()
                   .Add("case", record.name())
                   .Add("opened", record.opened_at())
                   .Add("files", report::Number(record.files()))
                   .Add("paths", report::Number(record.paths()))
                   .Add("complete", record.complete() ? "yes" : "NO: run the check again")
                   .Add("purged", record.purged_at()));
    for (const v1::VerdictCount& count : got->verdicts()) {
      if (program.json) {
        PrintJson({{"type", "verdict_count"},
                   {"case", record.name()},
                   {"verdict", report::VerdictWord(count.verdict())},
                   {"files", count.files()},
                   {"paths", count.paths()}});
      } else {
        PrintLine(report::VerdictWord(count.verdict()) + "  " + report::Number(count.files()) +
                  " files, " + report::Number(count.paths()) + " paths");
      }
    }
    Table table({"SERIES", ">FILES", "FIRST SEEN"});
    for (const v1::Sighting& sighting : got->sightings()) {
      if (program.json) {
        PrintJson({{"type", "sighting"},
                   {"case", record.name()},
                   {"series", sighting.series()},
                   {"files", sighting.files()},
                   {"first_seen_at", sighting.first_seen_at()}});
      }
      table.Add({sighting.series(), report::Number(sighting.files()), sighting.first_seen_at()});
    }
    if (!table.empty() && !program.json) PrintLine("");
    PrintTable(program, table, "no series was found in this case");
    return kExitDone;
  });
}

int Refresh(const Program& program, const std::string& name) {
  return WithEngine<v1::CaseworkService>(
      program, "case", [&](v1::CaseworkService::Stub& stub) -> absl::StatusOr<int> {
        v1::RefreshCaseRequest request;
        request.set_name(name);
        const auto done = Call(stub, &v1::CaseworkService::Stub::RefreshCase, request);
        if (!done.ok()) return done.status();
        if (program.json) {
          PrintJson({{"type", "refreshed"},
                     {"case", name},
                     {"files", done->files()},
                     {"changed", done->changed()},
                     {"change", done->index_version().change()}});
        } else {
          PrintLine(report::Number(done->files()) + " files were compared again, " +
                    report::Number(done->changed()) + " have another verdict now.");
        }
        return kExitDone;
      });
}

void AddRefresh(CLI::App& group, Program& program) {
  CLI::App* verb =
      AddVerb(group, program, "refresh",
              "Compares the files of a case with what is known now; none is read again.",
              "kith case refresh DPD/2026-0117\nkith case refresh DPD/2026-0117 --json\n"
              "kith case refresh DPD/2026-0117 --server 127.0.0.1:7475");
  auto name = std::make_shared<std::string>();
  verb->add_option("case", *name, "The case")->type_name("AGENCY/NUMBER")->required();
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [name, &program] { return Refresh(program, *name); });
}

int Purge(const Program& program, const v1::PurgeCaseRequest& request, bool sure) {
  if (!sure) {
    return Fail(absl::FailedPreconditionError(
        "this expunges the files of case " + request.name() +
        " for good, and removes copies of the store that upgrades left in it; backups keep what "
        "they have. Say --yes to do it"));
  }
  return WithEngine<v1::CaseworkService>(
      program, "case", [&](v1::CaseworkService::Stub& stub) -> absl::StatusOr<int> {
        const auto done = Call(stub, &v1::CaseworkService::Stub::PurgeCase, request);
        if (!done.ok()) return done.status();
        if (program.json) {
          PrintJson({{"type", "purged"},
                     {"case", request.name()},
                     {"files", done->files()},
                     {"paths", done->paths()},
                     {"change", done->index_version().change()}});
        } else {
          PrintLine(report::Number(done->files()) + " files in " + report::Number(done->paths()) +
                    " paths are expunged; their counts are left.");
        }
        return kExitDone;
      });
}

void AddPurge(CLI::App& group, Program& program) {
  CLI::App* verb =
      AddVerb(group, program, "purge",
              "Expunges the files of a case, their paths and hashes, and leaves its counts.",
              "kith case purge DPD/2026-0117 --why 'court order 12' --yes\n"
              "kith case purge DPD/2026-0117 --who 'J. Jansen' --why 'court order 12' --yes\n"
              "kith case purge DPD/2026-0117 --why 'retention' --yes --json");
  auto request = std::make_shared<v1::PurgeCaseRequest>();
  auto sure = std::make_shared<bool>(false);
  verb->add_option("case", *request->mutable_name(), "The case")
      ->type_name("AGENCY/NUMBER")
      ->required();
  verb->add_flag("--yes", *sure, "Do it");
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [request, sure, &program] { return Purge(program, *request, *sure); });
}

}  // namespace

void AddCaseVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "case", "Cases: what was found in which submission.",
                             "kith case list\n"
                             "kith case show DPD/2026-0117\n"
                             "kith case report DPD/2026-0117 --out report");
  CLI::App* list = AddVerb(*group, program, "list", "Lists all cases.",
                           "kith case list\nkith case list --json\n"
                           "kith case list --server 127.0.0.1:7475");
  AddEngineFlags(*list, program);
  auto most = std::make_shared<std::uint64_t>(0);
  AddLimitFlag(*list, *most);
  OnRun(*list, program, [most, &program] { return List(program, Limit(*most)); });

  CLI::App* show = AddVerb(*group, program, "show", "Shows one case and the series found in it.",
                           "kith case show DPD/2026-0117\nkith case show DPD/2026-0117 --json\n"
                           "kith case show DPD/2026-0117 --store /srv/kith");
  auto name = std::make_shared<std::string>();
  show->add_option("case", *name, "The case")->type_name("AGENCY/NUMBER")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [name, &program] { return Show(program, *name); });

  CLI::App* write = AddVerb(*group, program, "report",
                            "Writes the report on a case again, from what is on record.",
                            "kith case report DPD/2026-0117\n"
                            "kith case report DPD/2026-0117 --out report\n"
                            "kith case report DPD/2026-0117 --server 127.0.0.1:7475");
  auto reported = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  write->add_option("case", *reported, "The case")->type_name("AGENCY/NUMBER")->required();
  write->add_option("--out", *out, "Folder of the report (default: a new ./kith-report)")
      ->type_name("DIR");
  AddEngineFlags(*write, program);
  OnRun(*write, program, [reported, out, &program] {
    v1::GetReportRequest request;
    request.set_case_name(*reported);
    return WriteReportOf(program, request, *out);
  });
  AddRefresh(*group, program);
  AddPurge(*group, program);
}

}  // namespace kith::cli
