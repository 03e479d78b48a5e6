// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/verbs.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

nlohmann::ordered_json ToJson(const v1::Agency& agency) {
  return {{"agency_id", agency.agency_id()},
          {"name", agency.name()},
          {"country", agency.country()},
          {"desk", agency.desk()}};
}

void Show(const Program& program, const v1::Agency& agency) {
  PrintThing(program, "agency", ToJson(agency),
             Facts()
                 .Add("agency", agency.name())
                 .Add("country", agency.country())
                 .Add("desk", agency.desk()));
}

int Add(const Program& program, const v1::Agency& agency) {
  return WithEngine<v1::CatalogService>(program, "agency", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::AddAgencyRequest request;
    *request.mutable_agency() = agency;
    const auto added = Call(stub, &Stub::AddAgency, request);
    if (!added.ok()) return added.status();
    Show(program, added->agency());
    return kExitDone;
  });
}

int List(const Program& program) {
  return WithEngine<v1::CatalogService>(program, "agency", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({"AGENCY", "COUNTRY", "DESK"});
    const absl::Status status =
        ForEachPage(stub, &Stub::ListAgencies, v1::ListAgenciesRequest(),
                    [&](const v1::ListAgenciesResponse& page) {
                      for (const v1::Agency& agency : page.agencies()) {
                        if (program.json) {
                          PrintJson(Typed("agency", ToJson(agency)));
                        } else {
                          table.Add({agency.name(), agency.country(), agency.desk()});
                        }
                      }
                    });
    if (!status.ok()) return status;
    PrintTable(program, table, "no agency yet; add one with: kith agency add NAME");
    return kExitDone;
  });
}

int ShowOne(const Program& program, const std::string& name) {
  return WithEngine<v1::CatalogService>(program, "agency", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetAgencyRequest request;
    request.set_name(name);
    const auto got = Call(stub, &Stub::GetAgency, request);
    if (!got.ok()) return got.status();
    Show(program, got->agency());
    return kExitDone;
  });
}

}  // namespace

void AddAgencyVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "agency", "Agencies: who identifies series and submits cases.",
                             "kith agency add DPD --country NL --desk '+31 88 000 0000'\n"
                             "kith agency list\n"
                             "kith agency show DPD");
  CLI::App* add = AddVerb(*group, program, "add", "Adds an agency.",
                          "kith agency add DPD\n"
                          "kith agency add DPD --country NL --desk '+31 88 000 0000'\n"
                          "kith agency add 'Police of X' --desk desk@police.example --json");
  auto agency = std::make_shared<v1::Agency>();
  add->add_option("name", *agency->mutable_name(),
                  "Short and unique, without /: the first half of a case name")
      ->type_name("NAME")
      ->required();
  add->add_option("--country", *agency->mutable_country(), "Two letters or a name")
      ->type_name("CODE");
  add->add_option("--desk", *agency->mutable_desk(),
                  "Phone or e-mail of the agency where no person is known")
      ->type_name("TEXT");
  AddEngineFlags(*add, program);
  OnRun(*add, program, [agency, &program] { return Add(program, *agency); });

  CLI::App* list = AddVerb(*group, program, "list", "Lists all agencies.",
                           "kith agency list\nkith agency list --json\n"
                           "kith agency list --server 127.0.0.1:7475");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [&program] { return List(program); });

  CLI::App* show = AddVerb(*group, program, "show", "Shows one agency.",
                           "kith agency show DPD\nkith agency show DPD --json\n"
                           "kith agency show 'Police of X'");
  auto name = std::make_shared<std::string>();
  show->add_option("name", *name, "Its name")->type_name("NAME")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [name, &program] { return ShowOne(program, *name); });
}

}  // namespace kith::cli
