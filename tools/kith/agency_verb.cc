// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

nlohmann::ordered_json ToJson(const v1::Agency& agency) {
  return {
      {"agency_id", agency.agency_id()}, {"name", agency.name()}, {"country", agency.country()},
      {"desk", agency.desk()},           {"ori", agency.ori()},   {"agency_type", agency.type()}};
}

void Show(const Program& program, const v1::Agency& agency) {
  PrintThing(program, "agency", ToJson(agency),
             Facts()
                 .Add("agency", agency.name())
                 .Add("country", agency.country())
                 .Add("desk", agency.desk())
                 .Add("ORI", agency.ori())
                 .Add("type", agency.type()));
}

int Add(const Program& program, const v1::Agency& agency) {
  return WithEngine<v1::CatalogService>(program, "agency add",
                                        [&](Stub& stub) -> absl::StatusOr<int> {
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
    absl::Status status =
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

void AddEdit(CLI::App& group, Program& program) {
  CLI::App* edit =
      AddVerb(group, program, "edit", "Changes desk, country, number or type of an agency.",
              "kith agency edit DPD --desk '+31 88 000 0000'\n"
              "kith agency edit DPD --ori NL0000000 --type local --why 'register of 2026'\n"
              "kith agency edit DPD --country NL --json");
  auto request = std::make_shared<v1::EditAgencyRequest>();
  auto agency = std::make_shared<v1::Agency>();
  edit->add_option("name", *request->mutable_name(), "Its name")->type_name("NAME")->required();
  const auto* country =
      edit->add_option("--country", *agency->mutable_country(), "Two letters or a name")
          ->type_name("CODE");
  const auto* desk = edit->add_option("--desk", *agency->mutable_desk(),
                                      "Phone or e-mail where no person is known")
                         ->type_name("TEXT");
  const auto* ori = edit->add_option("--ori", *agency->mutable_ori(),
                                     "Its number in the country's register of agencies")
                        ->type_name("NUMBER");
  const auto* type = edit->add_option("--type", *agency->mutable_type(),
                                      "local, state, federal, clearing house, ...")
                         ->type_name("TEXT");
  AddSignatureFlags(*edit, program, *request->mutable_signature());
  AddEngineFlags(*edit, program);
  OnRun(*edit, program, [request, agency, country, desk, ori, type, &program] {
    if (country->count() > 0) request->set_country(agency->country());
    if (desk->count() > 0) request->set_desk(agency->desk());
    if (ori->count() > 0) request->set_ori(agency->ori());
    if (type->count() > 0) request->set_type(agency->type());
    return WithEngine<v1::CatalogService>(
        program, "agency", [&](Stub& stub) -> absl::StatusOr<int> {
          const auto edited = Call(stub, &Stub::EditAgency, *request);
          if (!edited.ok()) return edited.status();
          Show(program, edited->agency());
          return kExitDone;
        });
  });
}

}  // namespace

void AddAgencyVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "agency", "Agencies: who identifies series and submits cases.",
                             "kith agency add DPD --country NL --desk '+31 88 000 0000'\n"
                             "kith agency list\n"
                             "kith agency edit DPD --desk desk@dpd.example");
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
  add->add_option("--ori", *agency->mutable_ori(),
                  "Its number in the country's register of agencies")
      ->type_name("NUMBER");
  add->add_option("--type", *agency->mutable_type(), "local, state, federal, clearing house, ...")
      ->type_name("TEXT");
  AddEngineFlags(*add, program);
  OnRun(*add, program, [agency, &program] { return Add(program, *agency); });
  AddEdit(*group, program);

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
