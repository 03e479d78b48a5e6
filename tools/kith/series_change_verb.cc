// SPDX-License-Identifier: Apache-2.0
//
// The verbs that change a series: aliases, merge, split, corrections, and its history.
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/series_show.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

// One call that answers with the series.
template <typename Request, typename Response>
int ChangeSeries(const Program& program,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request) {
  return WithEngine<v1::CatalogService>(program, "series", [&](Stub& stub) -> absl::StatusOr<int> {
    const auto changed = Call(stub, method, request);
    if (!changed.ok()) return changed.status();
    ShowSeries(program, changed->series());
    return kExitDone;
  });
}

void AddUnidentify(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(group, program, "unidentify",
                           "Takes an identification back, as a correction; the history keeps it.",
                           "kith series unidentify Bluebell --why 'another child'\n"
                           "kith series unidentify Bluebell --who 'J. Jansen' --why 'mix-up'\n"
                           "kith series unidentify Bluebell --why 'mix-up' --json");
  auto request = std::make_shared<v1::UnidentifySeriesRequest>();
  verb->add_option("code", *request->mutable_code(), "Its code")->type_name("CODE")->required();
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program,
        [request, &program] { return ChangeSeries(program, &Stub::UnidentifySeries, *request); });
}

void AddAlias(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(group, program, "alias",
                           "Gives a series another name, under which everything finds it.",
                           "kith series alias Bluebell BB-2019 --scheme VICS\n"
                           "kith series alias Bluebell 'Blue Bell' --why 'spelling of DPD'\n"
                           "kith series alias Bluebell ICSE-4711 --scheme ICSE --json");
  auto request = std::make_shared<v1::SetSeriesAliasRequest>();
  verb->add_option("code", *request->mutable_code(), "Its code")->type_name("CODE")->required();
  verb->add_option("alias", *request->mutable_alias()->mutable_alias(), "The other name")
      ->type_name("NAME")
      ->required();
  verb->add_option("--scheme", *request->mutable_alias()->mutable_scheme(),
                   "Whose name it is: VICS, ICSE, ...")
      ->type_name("NAME");
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program,
        [request, &program] { return ChangeSeries(program, &Stub::SetSeriesAlias, *request); });
  CLI::App* remove = AddVerb(group, program, "unalias", "Takes another name of a series away.",
                             "kith series unalias BB-2019\n"
                             "kith series unalias BB-2019 --why 'is of another series'\n"
                             "kith series unalias BB-2019 --json");
  auto gone = std::make_shared<v1::SetSeriesAliasRequest>();
  remove->add_option("alias", *gone->mutable_alias()->mutable_alias(), "The other name")
      ->type_name("NAME")
      ->required();
  AddSignatureFlags(*remove, program, *gone->mutable_signature());
  AddEngineFlags(*remove, program);
  OnRun(*remove, program,
        [gone, &program] { return ChangeSeries(program, &Stub::SetSeriesAlias, *gone); });
}

void AddMerge(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(group, program, "merge",
                           "Lets a series count as another one from now on; its record stays.",
                           "kith series merge Harebell --into Bluebell\n"
                           "kith series merge Harebell --into Bluebell --why 'same room'\n"
                           "kith series merge Harebell --into Bluebell --json");
  auto request = std::make_shared<v1::MergeSeriesRequest>();
  verb->add_option("code", *request->mutable_code(), "The series that goes")
      ->type_name("CODE")
      ->required();
  verb->add_option("--into", *request->mutable_into(), "The series that stands for both")
      ->type_name("CODE")
      ->required();
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program,
        [request, &program] { return ChangeSeries(program, &Stub::MergeSeries, *request); });
  CLI::App* undo = AddVerb(group, program, "unmerge", "Takes a merge back, as a correction.",
                           "kith series unmerge Harebell --why 'two children'\n"
                           "kith series unmerge Harebell --who 'J. Jansen' --why 'two children'\n"
                           "kith series unmerge Harebell --why 'two children' --json");
  auto back = std::make_shared<v1::UnmergeSeriesRequest>();
  undo->add_option("code", *back->mutable_code(), "The series that comes back")
      ->type_name("CODE")
      ->required();
  AddSignatureFlags(*undo, program, *back->mutable_signature());
  AddEngineFlags(*undo, program);
  OnRun(*undo, program,
        [back, &program] { return ChangeSeries(program, &Stub::UnmergeSeries, *back); });
}

// What `kith series edit` may be given; what is not given stays as it is.
struct EditFlags {
  v1::EditSeriesRequest request;
  std::string note, sensitivity, jurisdiction, notification, locator;
  std::uint32_t victims = 0;
  std::uint64_t tell = 0, restitution = 0, contact = 0;
  // Each sets what it was given.
  std::vector<std::pair<const CLI::Option*, std::function<void()>>> given;
};

void AddEditFlags(CLI::App& verb, EditFlags& flags) {
  const auto add = [&](const std::string& name, auto& value, const std::string& help,
                       const std::string& type, std::function<void()> set) {
    CLI::Option* option = verb.add_option(name, value, help)->type_name(type);
    flags.given.emplace_back(option, std::move(set));
    return option;
  };
  add("--note", flags.note, "A remark", "TEXT", [&flags] { flags.request.set_note(flags.note); });
  add("--sensitivity", flags.sensitivity, "How it must be handled", "TEXT",
      [&flags] { flags.request.set_sensitivity(flags.sensitivity); });
  add("--jurisdiction", flags.jurisdiction, "Where it was identified", "TEXT",
      [&flags] { flags.request.set_jurisdiction(flags.jurisdiction); });
  add("--notification", flags.notification,
      "Whether the victim's side wants to be told of new cases", "WHAT",
      [&flags] {
        flags.request.set_notification(flags.notification == "opt-in" ? v1::NOTIFICATION_OPT_IN
                                       : flags.notification == "opt-out"
                                           ? v1::NOTIFICATION_OPT_OUT
                                           : v1::NOTIFICATION_UNSPECIFIED);
      })
      ->check(CLI::IsMember({"opt-in", "opt-out", "unknown"}));
  add("--notification-contact", flags.tell, "Whom to tell of new cases; 0: nobody", "ID",
      [&flags] { flags.request.set_notification_contact_id(flags.tell); });
  add("--restitution-contact", flags.restitution, "Whom to ask about restitution; 0: nobody", "ID",
      [&flags] { flags.request.set_restitution_contact_id(flags.restitution); });
  add("--contact", flags.contact, "Whom to call about it; 0: the agency's desk", "ID",
      [&flags] { flags.request.set_contact_id(flags.contact); });
  add("--locator", flags.locator,
      "Where the record of the children is kept: a file number, never a name", "TEXT",
      [&flags] { flags.request.set_locator(flags.locator); });
  add("--victims", flags.victims, "How many children it shows; 0: nobody knows", "N",
      [&flags] { flags.request.set_victims(flags.victims); });
}

void AddEdit(CLI::App& group, Program& program) {
  CLI::App* verb =
      AddVerb(group, program, "edit", "Changes what of a series touches no verdict.",
              "kith series edit Bluebell --sensitivity 'national only'\n"
              "kith series edit Bluebell --notification opt-in --notification-contact 4\n"
              "kith series edit Bluebell --victims 2 --locator NCMEC-2019-4711\n"
              "kith series edit Bluebell --contact 7 --why 'J. Jansen has retired'");
  auto flags = std::make_shared<EditFlags>();
  verb->add_option("code", *flags->request.mutable_code(), "Its code")
      ->type_name("CODE")
      ->required();
  AddEditFlags(*verb, *flags);
  AddSignatureFlags(*verb, program, *flags->request.mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] {
    for (const auto& [option, set] : flags->given) {
      if (option->count() > 0) set();
    }
    return ChangeSeries(program, &Stub::EditSeries, flags->request);
  });
}

void AddHistory(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(group, program, "history", "Tells all that happened to a series.",
                           "kith series history Bluebell\nkith series history Bluebell --json\n"
                           "kith series history Bluebell --server 127.0.0.1:7475");
  auto code = std::make_shared<std::string>();
  verb->add_option("code", *code, "Its code")->type_name("CODE")->required();
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [code, &program] {
    return WithEngine<v1::CatalogService>(
        program, "series", [&](Stub& stub) -> absl::StatusOr<int> {
          v1::GetSeriesHistoryRequest request;
          request.set_code(*code);
          const auto history = Call(stub, &Stub::GetSeriesHistory, request);
          if (!history.ok()) return history.status();
          Table table({">CHANGE", "AT", "WHAT", "STATUS", "AGENCY", "WHO", "WHY"});
          for (const v1::SeriesEvent& event : history->events()) {
            const v1::Change& change = event.change();
            if (program.json) {
              nlohmann::ordered_json line = ChangeJson(change);
              line["state"] = report::SeriesJson(event.series());
              PrintJson(Typed("series_event", line));
            }
            // The addition has no number.
            table.Add({change.number() == 0 ? "" : std::to_string(change.number()), change.at(),
                       change.what(), report::StatusWord(event.series().status()),
                       event.series().agency(), change.who(), change.why()});
          }
          PrintTable(program, table, "nothing is on record of it");
          return kExitDone;
        });
  });
}

void AddSplit(CLI::App& group, Program& program) {
  CLI::App* verb =
      AddVerb(group, program, "split", "Puts entries into another series, all of them or none.",
              "kith series split 17 18 --to Harebell\n"
              "kith series split 17 --to Harebell --why 'another child'\n"
              "kith series split 17 18 19 --to Harebell --json");
  auto request = std::make_shared<v1::MoveEntriesRequest>();
  auto ids = std::make_shared<std::vector<std::uint64_t>>();
  verb->add_option("ids", *ids, "The entries")->type_name("ID")->required();
  verb->add_option("--to", *request->mutable_series(), "The series they are of")
      ->type_name("CODE")
      ->required();
  AddSignatureFlags(*verb, program, *request->mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [request, ids, &program] {
    return WithEngine<v1::CatalogService>(
        program, "series", [&](Stub& stub) -> absl::StatusOr<int> {
          request->mutable_entry_ids()->Add(ids->begin(), ids->end());
          const auto done = Call(stub, &Stub::MoveEntries, *request);
          if (!done.ok()) return done.status();
          if (program.json) {
            PrintJson({{"type", "moved"},
                       {"moved", done->moved()},
                       {"series", request->series()},
                       {"change", done->index_version().change()}});
          } else {
            PrintLine(report::Number(done->moved()) + " of " + report::Number(ids->size()) +
                      " were elsewhere and are in the series now.");
          }
          return kExitDone;
        });
  });
}

}  // namespace

nlohmann::ordered_json ChangeJson(const v1::Change& change) {
  return {{"change", change.number()},   {"at", change.at()},   {"what", change.what()},
          {"subject", change.subject()}, {"who", change.who()}, {"why", change.why()}};
}

void AddSeriesChangeVerbs(CLI::App& group, Program& program) {
  AddUnidentify(group, program);
  AddAlias(group, program);
  AddMerge(group, program);
  AddSplit(group, program);
  AddEdit(group, program);
  AddHistory(group, program);
}

}  // namespace kith::cli
