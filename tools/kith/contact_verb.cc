// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/render.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

std::string StandIn(const v1::Contact& contact) {
  if (contact.retired()) return "the desk of " + contact.agency();
  return contact.superseded_by() == 0 ? "" : "contact " + std::to_string(contact.superseded_by());
}

void Show(const Program& program, const v1::Contact& contact) {
  PrintThing(program, "contact", report::ContactJson(contact),
             Facts()
                 .Add("contact", std::to_string(contact.contact_id()))
                 .Add("agency", contact.agency())
                 .Add("name", contact.name())
                 .Add("role", contact.role())
                 .Add("phone", contact.phone())
                 .Add("email", contact.email())
                 .Add("verified", contact.verified_at())
                 .Add("superseded by", StandIn(contact)));
}

int Add(const Program& program, const v1::Contact& contact) {
  return WithEngine<v1::CatalogService>(program, "contact add",
                                        [&](Stub& stub) -> absl::StatusOr<int> {
                                          v1::AddContactRequest request;
                                          *request.mutable_contact() = contact;
                                          const auto added = Call(stub, &Stub::AddContact, request);
                                          if (!added.ok()) return added.status();
                                          Show(program, added->contact());
                                          return kExitDone;
                                        });
}

int List(const Program& program, const std::string& agency) {
  return WithEngine<v1::CatalogService>(program, "contact", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table(
        {">CONTACT", "AGENCY", "NAME", "ROLE", "PHONE", "E-MAIL", "VERIFIED", "SUPERSEDED BY"});
    v1::ListContactsRequest request;
    request.set_agency(agency);
    absl::Status status =
        ForEachPage(stub, &Stub::ListContacts, request, [&](const v1::ListContactsResponse& page) {
          for (const v1::Contact& contact : page.contacts()) {
            if (program.json) PrintJson(Typed("contact", report::ContactJson(contact)));
            table.Add({std::to_string(contact.contact_id()), contact.agency(), contact.name(),
                       contact.role(), contact.phone(), contact.email(), contact.verified_at(),
                       StandIn(contact)});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no contact; add one with: kith contact add NAME --agency AGENCY");
    return kExitDone;
  });
}

int ShowOne(const Program& program, std::uint64_t id) {
  return WithEngine<v1::CatalogService>(program, "contact", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetContactRequest request;
    request.set_contact_id(id);
    const auto got = Call(stub, &Stub::GetContact, request);
    if (!got.ok()) return got.status();
    Show(program, got->contact());
    return kExitDone;
  });
}

void AddAdd(CLI::App& group, Program& program) {
  CLI::App* add = AddVerb(group, program, "add", "Adds a person or desk to call.",
                          "kith contact add 'J. Jansen' --agency DPD --phone '+31 6 0000 0000'\n"
                          "kith contact add 'CVIP desk' --agency DPD --email cvip@dpd.example\n"
                          "kith contact add 'J. Jansen' --agency DPD --role 'case officer' "
                          "--verified-at 2026-11-01");
  auto contact = std::make_shared<v1::Contact>();
  add->add_option("name", *contact->mutable_name(), "The person or desk")
      ->type_name("NAME")
      ->required();
  add->add_option("--agency", *contact->mutable_agency(), "Its agency")
      ->type_name("NAME")
      ->required();
  add->add_option("--role", *contact->mutable_role(), "What the person does")->type_name("TEXT");
  add->add_option("--phone", *contact->mutable_phone(), "Phone")->type_name("TEXT");
  add->add_option("--email", *contact->mutable_email(), "E-mail")->type_name("TEXT");
  add->add_option("--verified-at", *contact->mutable_verified_at(),
                  "Day when this was last found to be right")
      ->type_name("YYYY-MM-DD");
  AddEngineFlags(*add, program);
  OnRun(*add, program, [contact, &program] { return Add(program, *contact); });
}

// One call that answers with the contact.
template <typename Request, typename Response>
int ChangeContact(const Program& program,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request) {
  return WithEngine<v1::CatalogService>(program, "contact", [&](Stub& stub) -> absl::StatusOr<int> {
    const auto changed = Call(stub, method, request);
    if (!changed.ok()) return changed.status();
    Show(program, changed->contact());
    return kExitDone;
  });
}

void AddSupersede(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(group, program, "supersede",
                           "Puts another contact, or the agency's desk, in the place of one.",
                           "kith contact supersede 3 --by 7\n"
                           "kith contact supersede 3 --by-desk --why 'has retired'\n"
                           "kith contact supersede 3 --by 7 --who 'CVIP desk' --json");
  auto request = std::make_shared<v1::SupersedeContactRequest>();
  auto by = std::make_shared<std::uint64_t>(0);
  auto desk = std::make_shared<bool>(false);
  auto id = std::make_shared<std::uint64_t>(0);
  verb->add_option("id", *id, "The contact that is no longer right")->type_name("ID")->required();
  CLI::Option* other = verb->add_option("--by", *by, "Who stands in its place")->type_name("ID");
  verb->add_flag("--by-desk", *desk, "Nobody: the agency's desk is to be called")->excludes(other);
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [request, id, by, desk, &program] {
    if (*by == 0 && !*desk) {
      return Fail(absl::InvalidArgumentError("say who stands in its place: --by ID or --by-desk"));
    }
    request->set_contact_id(*id);
    request->set_by_contact_id(*by);
    return ChangeContact(program, &Stub::SupersedeContact, *request);
  });
}

void AddVerify(CLI::App& group, Program& program) {
  CLI::App* verb =
      AddVerb(group, program, "verify", "Records that a contact was found to be right.",
              "kith contact verify 3 --on 2026-11-25\n"
              "kith contact verify 3 --on 2026-11-25 --who 'CVIP desk'\n"
              "kith contact verify 3 --on 2026-11-25 --json");
  auto request = std::make_shared<v1::VerifyContactRequest>();
  auto id = std::make_shared<std::uint64_t>(0);
  verb->add_option("id", *id, "Its number")->type_name("ID")->required();
  verb->add_option("--on", *request->mutable_verified_at(), "The day")
      ->type_name("YYYY-MM-DD")
      ->required();
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [request, id, &program] {
    request->set_contact_id(*id);
    return ChangeContact(program, &Stub::VerifyContact, *request);
  });
}

}  // namespace

void AddContactVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "contact", "Points of contact: whom to call about an identified series.",
               "kith contact add 'J. Jansen' --agency DPD --phone '+31 6 0000 0000'\n"
               "kith contact list --agency DPD\n"
               "kith contact show 3");
  AddAdd(*group, program);

  CLI::App* list = AddVerb(*group, program, "list", "Lists contacts.",
                           "kith contact list\nkith contact list --agency DPD\n"
                           "kith contact list --json");
  auto agency = std::make_shared<std::string>();
  list->add_option("--agency", *agency, "Only those of this agency")->type_name("NAME");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [agency, &program] { return List(program, *agency); });

  CLI::App* show = AddVerb(*group, program, "show", "Shows one contact.",
                           "kith contact show 3\nkith contact show 3 --json\n"
                           "kith contact show 3 --server 127.0.0.1:7475");
  auto id = std::make_shared<std::uint64_t>(0);
  show->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [id, &program] { return ShowOne(program, *id); });
  AddSupersede(*group, program);
  AddVerify(*group, program);
}

}  // namespace kith::cli
