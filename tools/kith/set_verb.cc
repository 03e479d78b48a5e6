// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

struct SetFlags {
  std::string name;
  std::string purpose = "known";
  int radius_bits = -1;  // -1: the service's default
  std::string source;
  std::string version;
  std::string dialect = "unknown";
  std::string handling;
  v1::Signature signature;
};

std::string IdentityWord(v1::EntryIdentity identity) {
  return identity == v1::ENTRY_IDENTITY_BY_CONTENT      ? "content"
         : identity == v1::ENTRY_IDENTITY_BY_SOURCE_REF ? "source_ref"
                                                        : "";
}

nlohmann::ordered_json ToJson(const v1::HashSet& set) {
  return {{"set_id", set.set_id()},
          {"name", set.name()},
          {"purpose", report::PurposeWord(set.purpose())},
          {"enabled", set.enabled()},
          {"radius", set.radius_bits()},
          {"dialect", report::DialectWord(set.dialect())},
          {"source", set.source()},
          {"version", set.version()},
          {"handling", set.handling()},
          {"entry_identity", IdentityWord(set.entry_identity())},
          {"entries", set.entries()}};
}

void Show(const Program& program, const v1::HashSet& set) {
  PrintThing(program, "set", ToJson(set),
             Facts()
                 .Add("set", set.name())
                 .Add("purpose", report::PurposeWord(set.purpose()))
                 .Add("enabled", set.enabled() ? "yes" : "no")
                 .Add("radius", std::to_string(set.radius_bits()))
                 .Add("dialect", report::DialectWord(set.dialect()))
                 .Add("source", set.source())
                 .Add("version", set.version())
                 .Add("handling", set.handling())
                 .Add("told apart by", IdentityWord(set.entry_identity()))
                 .Add("entries", report::Number(set.entries())));
}

int Add(const Program& program, const SetFlags& flags) {
  return WithEngine<v1::CatalogService>(program, "set add", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::AddHashSetRequest request;
    v1::HashSet& set = *request.mutable_hash_set();
    set.set_name(flags.name);
    set.set_purpose(flags.purpose == "benign" ? v1::PURPOSE_BENIGN : v1::PURPOSE_KNOWN);
    set.set_source(flags.source);
    set.set_version(flags.version);
    set.set_handling(flags.handling);
    set.set_dialect(report::DialectOfWord(flags.dialect));
    if (flags.radius_bits >= 0) {
      set.set_radius_bits(static_cast<std::uint32_t>(flags.radius_bits));
    }
    const auto added = Call(stub, &Stub::AddHashSet, request);
    if (!added.ok()) return added.status();
    Show(program, added->hash_set());
    return kExitDone;
  });
}

int Enable(const Program& program, const std::string& name, bool enabled,
           const v1::Signature& signature) {
  return WithEngine<v1::CatalogService>(program, "set", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::SetHashSetEnabledRequest request;
    request.set_name(name);
    request.set_enabled(enabled);
    *request.mutable_signature() = signature;
    const auto set = Call(stub, &Stub::SetHashSetEnabled, request);
    if (!set.ok()) return set.status();
    Show(program, set->hash_set());
    return kExitDone;
  });
}

int List(const Program& program) {
  return WithEngine<v1::CatalogService>(program, "set", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table(
        {"SET", "PURPOSE", "ENABLED", ">RADIUS", "DIALECT", ">ENTRIES", "SOURCE", "VERSION"});
    absl::Status status = ForEachPage(
        stub, &Stub::ListHashSets, v1::ListHashSetsRequest(),
        [&](const v1::ListHashSetsResponse& page) {
          for (const v1::HashSet& set : page.hash_sets()) {
            if (program.json) PrintJson(Typed("set", ToJson(set)));
            table.Add({set.name(), report::PurposeWord(set.purpose()), set.enabled() ? "yes" : "no",
                       std::to_string(set.radius_bits()), report::DialectWord(set.dialect()),
                       report::Number(set.entries()), set.source(), set.version()});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no hash set yet; add one with: kith set add NAME");
    return kExitDone;
  });
}

int ShowOne(const Program& program, const std::string& name) {
  return WithEngine<v1::CatalogService>(program, "set", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetHashSetRequest request;
    request.set_name(name);
    const auto got = Call(stub, &Stub::GetHashSet, request);
    if (!got.ok()) return got.status();
    Show(program, got->hash_set());
    return kExitDone;
  });
}

void AddAdd(CLI::App& group, Program& program) {
  CLI::App* add = AddVerb(
      group, program, "add",
      "Adds a hash set. Where PDQ hashes come from a list, say how they were made: while one\n"
      "enabled set has hashes of cli512 or of unknown dialect, look-ups hash every picture\n"
      "exactly, which takes several times as long.",
      "kith set add national\n"
      "kith set add national --source 'Police of X' --dialect full\n"
      "kith set add catalogue --purpose benign --radius 10");
  auto flags = std::make_shared<SetFlags>();
  add->add_option("name", flags->name, "Its name, unique")->type_name("NAME")->required();
  add->add_option("--purpose", flags->purpose, "known: its files are sought; benign: harmless")
      ->check(CLI::IsMember({"known", "benign"}))
      ->type_name("WHAT");
  add->add_option("--radius", flags->radius_bits,
                  "Largest distance at which a PDQ match is a lead, in bits (default: 31)")
      ->check(CLI::Range(0, 31))
      ->type_name("BITS");
  add->add_option("--source", flags->source, "Who made it")->type_name("TEXT");
  add->add_option("--version", flags->version, "Its version, in its source's words")
      ->type_name("TEXT");
  add->add_option("--handling", flags->handling, "Licence and rules of use")->type_name("TEXT");
  add->add_option(
         "--dialect", flags->dialect,
         "How its PDQ hashes were made: full (HMA, tx, pdqhash-python) or cli512 (default: "
         "unknown)")
      ->check(CLI::IsMember({"full", "cli512", "unknown"}))
      ->type_name("NAME");
  AddEngineFlags(*add, program);
  OnRun(*add, program, [flags, &program] { return Add(program, *flags); });
}

void AddSwitch(CLI::App& group, Program& program, bool enabled) {
  const std::string verb = enabled ? "enable" : "disable";
  CLI::App* app =
      AddVerb(group, program, verb,
              enabled ? "Uses a hash set for matching." : "Leaves a hash set out of matching.",
              "kith set " + verb + " national\nkith set " + verb + " national --json\n" +
                  "kith set " + verb + " national --server 127.0.0.1:7475");
  auto name = std::make_shared<std::string>();
  auto signature = std::make_shared<v1::Signature>();
  app->add_option("name", *name, "Its name")->type_name("NAME")->required();
  AddSignatureFlags(*app, program, *signature);
  AddEngineFlags(*app, program);
  OnRun(*app, program, [name, signature, enabled, &program] {
    return Enable(program, *name, enabled, *signature);
  });
}

void AddEdit(CLI::App& group, Program& program) {
  CLI::App* edit =
      AddVerb(group, program, "edit", "Changes version, radius, handling or source of a hash set.",
              "kith set edit national --version 2026-12\n"
              "kith set edit national --radius 20 --why 'too many leads'\n"
              "kith set edit national --handling 'police use only' --json");
  auto flags = std::make_shared<SetFlags>();
  edit->add_option("name", flags->name, "Its name")->type_name("NAME")->required();
  const auto* radius = edit->add_option("--radius", flags->radius_bits,
                                        "Largest distance at which a PDQ match is a lead, in bits")
                           ->check(CLI::Range(0, 31))
                           ->type_name("BITS");
  const auto* source =
      edit->add_option("--source", flags->source, "Who made it")->type_name("TEXT");
  const auto* version =
      edit->add_option("--version", flags->version, "Its version")->type_name("TEXT");
  const auto* handling = edit->add_option("--handling", flags->handling, "Licence and rules of use")
                             ->type_name("TEXT");
  AddSignatureFlags(*edit, program, flags->signature);
  AddEngineFlags(*edit, program);
  OnRun(*edit, program, [flags, radius, source, version, handling, &program] {
    v1::EditHashSetRequest request;
    request.set_name(flags->name);
    if (radius->count() > 0) {
      request.set_radius_bits(static_cast<std::uint32_t>(flags->radius_bits));
    }
    if (source->count() > 0) request.set_source(flags->source);
    if (version->count() > 0) request.set_version(flags->version);
    if (handling->count() > 0) request.set_handling(flags->handling);
    *request.mutable_signature() = flags->signature;
    return WithEngine<v1::CatalogService>(program, "set", [&](Stub& stub) -> absl::StatusOr<int> {
      const auto set = Call(stub, &Stub::EditHashSet, request);
      if (!set.ok()) return set.status();
      Show(program, set->hash_set());
      return kExitDone;
    });
  });
}

}  // namespace

void AddSetVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "set", "Hash sets: named lists of entries.",
                             "kith set add national --source 'Police of X'\n"
                             "kith set list\n"
                             "kith set disable national");
  AddAdd(*group, program);
  CLI::App* list = AddVerb(*group, program, "list", "Lists all hash sets.",
                           "kith set list\nkith set list --json\nkith set list --store /srv/kith");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [&program] { return List(program); });
  CLI::App* show = AddVerb(*group, program, "show", "Shows one hash set.",
                           "kith set show national\nkith set show national --json\n"
                           "kith set show national --server 127.0.0.1:7475");
  auto name = std::make_shared<std::string>();
  show->add_option("name", *name, "Its name")->type_name("NAME")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [name, &program] { return ShowOne(program, *name); });
  AddSwitch(*group, program, true);
  AddSwitch(*group, program, false);
  AddEdit(*group, program);
}

}  // namespace kith::cli
