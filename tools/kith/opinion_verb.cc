// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "proto/kith/v1/casework.grpc.pb.h"
#include "tools/exchange/hash_text.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CaseworkService::Stub;

// In examples, which people paste.
constexpr std::string_view kFileOfExample =
    "3b81c7d88f03a92e5c4417f0b6d21e8a90c35f7be14d2a6608f9d3715ac2be40";

struct OpinionFlags {
  std::string sha256;  // hexadecimal
  v1::GiveOpinionRequest request;
};

nlohmann::ordered_json ToJson(const v1::Opinion& opinion) {
  return {{"change", opinion.change()},  {"sha256", exchange::Hex(opinion.sha256())},
          {"entry", opinion.entry_id()}, {"opinion", report::OpinionWord(opinion.kind())},
          {"at", opinion.at()},          {"who", opinion.who()},
          {"why", opinion.why()}};
}

// "" stays "": all files.
absl::StatusOr<std::string> Sha256Of(const std::string& text) {
  if (text.empty()) return text;
  const auto hash = exchange::ParseHash(text, exchange::Kind64::kSha256);
  if (hash.ok() && !hash->digests.sha256().empty()) return hash->digests.sha256();
  return absl::InvalidArgumentError(
      "a file is named by its SHA-256, 64 hexadecimal digits, as the report lists it");
}

int Give(const Program& program, OpinionFlags& flags, v1::OpinionKind kind) {
  const auto sha256 = Sha256Of(flags.sha256);
  if (!sha256.ok()) return Fail(sha256.status());
  flags.request.set_sha256(*sha256);
  flags.request.set_kind(kind);
  return WithEngine<v1::CaseworkService>(
      program, "opinion", [&](Stub& stub) -> absl::StatusOr<int> {
        const auto given = Call(stub, &Stub::GiveOpinion, flags.request);
        if (!given.ok()) return given.status();
        if (program.json) PrintJson(Typed("opinion", ToJson(given->opinion())));
        Table table({"CASE", "VERDICT", "BEFORE", "BECAUSE"});
        for (const v1::VerdictChange& verdict : given->verdicts()) {
          if (program.json) {
            PrintJson({{"type", "verdict"},
                       {"case", verdict.case_name()},
                       {"sha256", exchange::Hex(verdict.sha256())},
                       {"before", report::VerdictWord(verdict.before())},
                       {"now", report::VerdictWord(verdict.now())},
                       {"rule", verdict.rule()}});
          }
          table.Add({verdict.case_name(), report::VerdictWord(verdict.now()),
                     report::VerdictWord(verdict.before()), verdict.rule()});
        }
        PrintTable(program, table, "recorded; no case holds the file any more");
        return kExitDone;
      });
}

int List(const Program& program, const std::string& text, std::uint64_t entry_id) {
  const auto sha256 = Sha256Of(text);
  if (!sha256.ok()) return Fail(sha256.status());
  return WithEngine<v1::CaseworkService>(
      program, "opinion", [&](Stub& stub) -> absl::StatusOr<int> {
        v1::ListOpinionsRequest request;
        request.set_sha256(*sha256);
        request.set_entry_id(entry_id);
        Table table({">CHANGE", "FILE (SHA-256)", ">ENTRY", "OPINION", "AT", "WHO", "WHY"});
        absl::Status status = ForEachPage(
            stub, &Stub::ListOpinions, request, [&](const v1::ListOpinionsResponse& page) {
              for (const v1::Opinion& opinion : page.opinions()) {
                if (program.json) PrintJson(Typed("opinion", ToJson(opinion)));
                table.Add({std::to_string(opinion.change()), exchange::Hex(opinion.sha256()),
                           std::to_string(opinion.entry_id()), report::OpinionWord(opinion.kind()),
                           opinion.at(), opinion.who(), opinion.why()});
              }
            });
        if (!status.ok()) return status;
        std::string none = "no opinion was given yet";
        if (!sha256->empty()) none += " on this file";
        if (entry_id != 0)
          none += (sha256->empty() ? " on entry " : " and entry ") + std::to_string(entry_id);
        PrintTable(program, table, none);
        return kExitDone;
      });
}

void AddGive(CLI::App& group, Program& program, const std::string& name,
             const std::string& description, v1::OpinionKind kind) {
  const std::string call = "kith opinion " + name + " " + std::string(kFileOfExample) + " 17";
  CLI::App* verb =
      AddVerb(group, program, name, description,
              call + " --who 'J. Jansen' --why 'looked at both'\n" + call +
                  " --why 'same room and toy'\n" + call + " --why 'looked at both' --json");
  auto flags = std::make_shared<OpinionFlags>();
  auto entry = std::make_shared<std::uint64_t>(0);
  verb->add_option("file", flags->sha256, "The evidence file: its SHA-256, as the report lists it")
      ->type_name("HASH")
      ->required();
  verb->add_option("entry", *entry, "The entry that it matches")->type_name("ID")->required();
  AddFullSignatureFlags(*verb, program, *flags->request.mutable_signature());
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, entry, kind, &program] {
    flags->request.set_entry_id(*entry);
    return Give(program, *flags, kind);
  });
}

}  // namespace

void AddOpinionVerb(CLI::App& app, Program& program) {
  const std::string file(kFileOfExample);
  CLI::App* group = AddGroup(
      app, "opinion", "A person's word on a lead: it holds in every case, now and later.",
      "kith opinion confirm " + file + " 17 --why 'same room and toy'\n" + "kith opinion reject " +
          file + " 17 --why 'another child'\n" + "kith opinion list");
  AddGive(*group, program, "confirm", "Confirms a lead: it counts as certain from now on.",
          v1::OPINION_KIND_CONFIRMED);
  AddGive(*group, program, "reject", "Rejects a lead: it does not come back.",
          v1::OPINION_KIND_REJECTED);
  AddGive(*group, program, "withdraw", "Takes an opinion back; it stays on record.",
          v1::OPINION_KIND_WITHDRAWN);
  CLI::App* list = AddVerb(*group, program, "list", "Lists all opinions, oldest first.",
                           "kith opinion list\nkith opinion list --entry 17\n"
                           "kith opinion list --file " +
                               file + " --json");
  auto sha256 = std::make_shared<std::string>();
  auto entry = std::make_shared<std::uint64_t>(0);
  list->add_option("--file", *sha256, "Only those on this file, by its SHA-256")->type_name("HASH");
  list->add_option("--entry", *entry, "Only those on this entry")->type_name("ID");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [sha256, entry, &program] { return List(program, *sha256, *entry); });
}

}  // namespace kith::cli
