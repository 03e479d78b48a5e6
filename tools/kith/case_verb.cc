// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proto/kith/v1/case.grpc.pb.h"
#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/report_verb.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseService::Stub;

nlohmann::ordered_json ToJson(const v1::Case& record) {
  nlohmann::ordered_json json{{"case_id", record.case_id()},     {"case", record.name()},
                              {"opened_at", record.opened_at()}, {"files", record.files()},
                              {"paths", record.paths()},         {"complete", record.complete()},
                              {"purged_at", record.purged_at()}};
  json.update(report::CaseDetailsJson(record.details()));
  return json;
}

Facts FactsOf(const v1::Case& record) {
  const v1::CaseDetails& details = record.details();
  return Facts()
      .Add("case", record.name())
      .Add("opened", record.opened_at())
      .Add("files", report::Number(record.files()))
      .Add("paths", report::Number(record.paths()))
      .Add("complete", record.complete() ? "yes" : "NO: run the check again")
      .Add("purged", record.purged_at())
      .Add("state", report::CaseStateWord(details.state()))
      .Add("due on", details.due_on())
      .Add("priority", details.priority())
      .Add("submitted by", details.officer())
      .Add("reference", details.reference())
      .Add("legal basis", details.legal_basis())
      .Add("seized on", details.seized_on());
}

int List(const Program& program, Limit limit) {
  return WithEngine<v1::CaseService>(program, "case", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({"CASE", "OPENED", ">FILES", ">PATHS", "COMPLETE", "STATE", "DUE"});
    absl::Status status = ForEachPage(
        stub, &Stub::ListCases, v1::ListCasesRequest(), [&](const v1::ListCasesResponse& page) {
          for (const v1::Case& record : page.cases()) {
            if (!limit.Take()) break;
            if (program.json) PrintJson(Typed("case", ToJson(record)));
            table.Add({record.name(), record.opened_at(), report::Number(record.files()),
                       report::Number(record.paths()),
                       !record.purged_at().empty() ? "purged"
                       : record.complete()         ? "yes"
                                                   : "NO",
                       report::CaseStateWord(record.details().state()), record.details().due_on()});
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
    PrintThing(program, "case", ToJson(record), FactsOf(record));
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
          PrintLine(report::Counted(done->files(), "file was", "files were") + " compared again, " +
                    report::Counted(done->changed(), "has", "have") + " another verdict now.");
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

struct EditFlags {
  v1::EditCaseRequest request;
  std::string officer, reference, legal_basis, seized_on, due_on, priority, state;
};

int Edit(const Program& program, const v1::EditCaseRequest& request) {
  return WithEngine<v1::CaseService>(program, "case", [&](Stub& stub) -> absl::StatusOr<int> {
    const auto edited = Call(stub, &Stub::EditCase, request);
    if (!edited.ok()) return edited.status();
    PrintThing(program, "case", ToJson(edited->record()), FactsOf(edited->record()));
    return kExitDone;
  });
}

std::vector<std::string> StateWords() {
  std::vector<std::string> words;
  for (int state = 1; state <= v1::CaseState_MAX; ++state) {
    words.push_back(report::CaseStateWord(static_cast<v1::CaseState>(state)));
  }
  words.emplace_back("unknown");
  return words;
}

void AddEdit(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(
      group, program, "edit",
      "Says something of a case: whose it is, by when it is due, how far the work has come. It\n"
      "changes nothing of what was found. Reports on the case tell it; an empty text clears it.",
      "kith case edit DPD/2026-0117 --officer 'A. Adams, +1 555 0100' --due-on 2026-12-01\n"
      "kith case edit DPD/2026-0117 --reference '26 CR 118' --legal-basis 'warrant 26-441'\n"
      "kith case edit DPD/2026-0117 --state final-report --who 'J. Jansen' --json");
  auto flags = std::make_shared<EditFlags>();
  verb->add_option("case", *flags->request.mutable_name(), "The case")
      ->type_name("AGENCY/NUMBER")
      ->required();
  const auto* officer =
      verb->add_option("--officer", flags->officer, "Who submitted it, and how to reach them")
          ->type_name("TEXT");
  const auto* reference =
      verb->add_option("--reference", flags->reference,
                       "Number of the court or prosecutor: never a victim's name")
          ->type_name("TEXT");
  const auto* legal_basis =
      verb->add_option("--legal-basis", flags->legal_basis, "Of the seizure")->type_name("TEXT");
  const auto* seized_on = verb->add_option("--seized-on", flags->seized_on, "Day of the seizure")
                              ->type_name("YYYY-MM-DD");
  const auto* due_on = verb->add_option("--due-on", flags->due_on, "Day by which it is to be done")
                           ->type_name("YYYY-MM-DD");
  const auto* priority =
      verb->add_option("--priority", flags->priority, "How urgent it is")->type_name("TEXT");
  const auto* state = verb->add_option("--state", flags->state, "How far the work has come")
                          ->check(CLI::IsMember(StateWords()))
                          ->type_name("STATE");
  AddSignatureFlags(*verb, program, *flags->request.mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program,
        [flags, officer, reference, legal_basis, seized_on, due_on, priority, state, &program] {
          v1::EditCaseRequest& request = flags->request;
          if (officer->count() > 0) request.set_officer(flags->officer);
          if (reference->count() > 0) request.set_reference(flags->reference);
          if (legal_basis->count() > 0) request.set_legal_basis(flags->legal_basis);
          if (seized_on->count() > 0) request.set_seized_on(flags->seized_on);
          if (due_on->count() > 0) request.set_due_on(flags->due_on);
          if (priority->count() > 0) request.set_priority(flags->priority);
          if (state->count() > 0) request.set_state(report::CaseStateOfWord(flags->state));
          return Edit(program, request);
        });
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
  CLI::App* verb = AddVerb(
      group, program, "purge",
      "Expunges the files of a case, their paths and hashes, and what was said of the case\n"
      "but for its state. Its counts are left, and which reports were given out.",
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
                            "Writes the report on a case again, from what is on record; the same "
                            "as kith report initial --case.",
                            "kith case report DPD/2026-0117\n"
                            "kith case report DPD/2026-0117 --out report\n"
                            "kith case report DPD/2026-0117 --server 127.0.0.1:7475");
  auto reported = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  write->add_option("case", *reported, "The case")->type_name("AGENCY/NUMBER")->required();
  write->add_option("--out", *out, "Folder of the report (default: a new ./kith-report)")
      ->type_name("DIR");
  auto who = std::make_shared<std::string>();
  AddWhoFlag(*write, program, *who);
  AddEngineFlags(*write, program);
  OnRun(*write, program, [reported, out, who, &program] {
    v1::GetReportRequest request;
    request.set_case_name(*reported);
    request.set_who(*who);
    return WriteReportOf(program, request, *out);
  });
  AddEdit(*group, program);
  AddRefresh(*group, program);
  AddPurge(*group, program);
}

}  // namespace kith::cli
