// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/hash_text.h"
#include "tools/kith/listing.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

// A PDQ hash can be turned back into a recognisable picture: no more than its start is shown.
std::string Shortened(const std::string& pdq) { return Hex(pdq.substr(0, 4)) + "\u2026"; }

// A list line of 64 digits is kept as SHA-256 and as PDQ: then the one would tell the other.
std::string Sha256Of(const v1::Entry& entry) {
  const std::string& sha256 = entry.digests().sha256();
  for (const v1::Code& code : entry.codes()) {
    if (code.pdq() == sha256) return Shortened(sha256);
  }
  return Hex(sha256);
}

nlohmann::ordered_json ToJson(const v1::Entry& entry) {
  nlohmann::ordered_json json{
      {"entry", entry.entry_id()},
      {"set", entry.set()},
      {"series", nullptr},
      {"victim_identified", report::TriStateWord(entry.victim_identified())},
      {"source_ref", entry.source_ref()},
      {"md5", Hex(entry.digests().md5())},
      {"sha1", Hex(entry.digests().sha1())},
      {"sha256", Sha256Of(entry)},
      {"codes", nlohmann::ordered_json::array()},
      {"withdrawn", entry.withdrawn()},
      {"added_by_change", entry.added_by_change()}};
  json["category"] = nullptr;
  if (!entry.category().scheme().empty()) {
    json["category"] = {{"scheme", entry.category().scheme()}, {"code", entry.category().code()}};
  }
  if (!entry.series().empty()) json["series"] = entry.series();
  for (const v1::Code& code : entry.codes()) {
    nlohmann::ordered_json one{{"pdq_start", Hex(code.pdq().substr(0, 4))},
                               {"quality", nullptr},
                               {"view", report::ViewWord(code.view())},
                               {"dialect", report::DialectWord(code.dialect())}};
    if (code.has_quality()) one["quality"] = code.quality();
    json["codes"].push_back(std::move(one));
  }
  return json;
}

std::string Kinds(const v1::Entry& entry) {
  std::string kinds;
  const auto add = [&kinds](bool there, const std::string& kind) {
    if (there) kinds += (kinds.empty() ? "" : " ") + kind;
  };
  add(!entry.digests().md5().empty(), "md5");
  add(!entry.digests().sha1().empty(), "sha1");
  add(!entry.digests().sha256().empty(), "sha256");
  add(!entry.codes().empty(), "pdq");
  return kinds;
}

void Show(const Program& program, const v1::Entry& entry) {
  Facts facts;
  facts.Add("entry", std::to_string(entry.entry_id()))
      .Add("set", entry.set())
      .Add("series", entry.series())
      .Add("victim identified", report::TriStateWord(entry.victim_identified()))
      .Add("category", entry.category().scheme().empty()
                           ? ""
                           : entry.category().scheme() + " " + entry.category().code())
      .Add("source ref", entry.source_ref())
      .Add("md5", Hex(entry.digests().md5()))
      .Add("sha1", Hex(entry.digests().sha1()))
      .Add("sha256", Sha256Of(entry));
  for (const v1::Code& code : entry.codes()) {
    facts.Add("pdq",
              fmt::format("{} {} {}{}", Shortened(code.pdq()), report::ViewWord(code.view()),
                          report::DialectWord(code.dialect()),
                          code.has_quality() ? fmt::format(", quality {}", code.quality()) : ""));
  }
  facts.Add("withdrawn", entry.withdrawn() ? "yes" : "no")
      .Add("added by change", std::to_string(entry.added_by_change()));
  PrintThing(program, "entry", ToJson(entry), facts);
}

int List(const Program& program, const std::string& set, const std::string& series, Limit limit) {
  return WithEngine<v1::CatalogService>(program, "entry", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::ListEntriesRequest request;
    request.set_set(set);
    request.set_series(series);
    bool any = false;
    // Lists can be long: each page is a table of its own, so that memory stays small.
    const absl::Status status =
        ForEachPage(stub, &Stub::ListEntries, request, [&](const v1::ListEntriesResponse& page) {
          Table table({">ENTRY", "SET", "SERIES", "HOLDS", "WITHDRAWN", "SOURCE REF"});
          for (const v1::Entry& entry : page.entries()) {
            if (!limit.Take()) break;
            if (program.json) {
              PrintJson(Typed("entry", ToJson(entry)));
            } else {
              table.Add({std::to_string(entry.entry_id()), entry.set(), entry.series(),
                         Kinds(entry), entry.withdrawn() ? "yes" : "", entry.source_ref()});
            }
          }
          if (!table.empty()) PrintTable(program, table, "");
          any = any || page.entries_size() > 0;
          return limit.goes_on();
        });
    if (!status.ok()) return status;
    limit.Tell();
    if (!any && !program.json) Note("no entry; bring some in with kith enroll or kith import");
    return kExitDone;
  });
}

int ShowOne(const Program& program, std::uint64_t id) {
  return WithEngine<v1::CatalogService>(program, "entry", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetEntryRequest request;
    request.set_entry_id(id);
    const auto got = Call(stub, &Stub::GetEntry, request);
    if (!got.ok()) return got.status();
    Show(program, got->entry());
    return kExitDone;
  });
}

int Withdraw(const Program& program, const std::vector<std::uint64_t>& ids,
             const v1::Signature& signature) {
  return WithEngine<v1::CatalogService>(program, "entry", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::WithdrawEntriesRequest request;
    request.mutable_entry_ids()->Add(ids.begin(), ids.end());
    *request.mutable_signature() = signature;
    const auto done = Call(stub, &Stub::WithdrawEntries, request);
    if (!done.ok()) return done.status();
    if (program.json) {
      PrintJson({{"type", "withdrawn"},
                 {"withdrawn", done->withdrawn()},
                 {"change", done->index_version().change()}});
    } else {
      PrintLine(report::Number(done->withdrawn()) + " of " + report::Number(ids.size()) +
                " were active and are withdrawn now.");
    }
    return kExitDone;
  });
}

}  // namespace

void AddEntryVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "entry", "Entries: the known files of the hash sets.",
                             "kith entry list --set national\n"
                             "kith entry show 17\n"
                             "kith entry withdraw 17 18");
  CLI::App* list = AddVerb(*group, program, "list", "Lists entries.",
                           "kith entry list\nkith entry list --set national\n"
                           "kith entry list --series Bluebell --json");
  auto set = std::make_shared<std::string>();
  auto series = std::make_shared<std::string>();
  list->add_option("--set", *set, "Only those of this hash set")->type_name("NAME");
  list->add_option("--series", *series, "Only those of this series")->type_name("CODE");
  AddEngineFlags(*list, program);
  auto most = std::make_shared<std::uint64_t>(0);
  AddLimitFlag(*list, *most);
  OnRun(*list, program,
        [set, series, most, &program] { return List(program, *set, *series, Limit(*most)); });

  CLI::App* show =
      AddVerb(*group, program, "show",
              "Shows one entry. Of a PDQ hash only the first digits are shown: a whole "
              "one\ncan be turned back into a recognisable picture.",
              "kith entry show 17\nkith entry show 17 --json\n"
              "kith entry show 17 --server 127.0.0.1:7475");
  auto id = std::make_shared<std::uint64_t>(0);
  show->add_option("id", *id, "Its number")->type_name("ID")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [id, &program] { return ShowOne(program, *id); });

  CLI::App* withdraw = AddVerb(*group, program, "withdraw",
                               "Withdraws entries, all of them or none: they stay on record and "
                               "never match again.",
                               "kith entry withdraw 17\nkith entry withdraw 17 18 19\n"
                               "kith entry withdraw 17 --json");
  auto ids = std::make_shared<std::vector<std::uint64_t>>();
  withdraw->add_option("ids", *ids, "Their numbers")->type_name("ID")->required();
  auto signature = std::make_shared<v1::Signature>();
  AddSignatureFlags(*withdraw, program, *signature);
  AddEngineFlags(*withdraw, program);
  OnRun(*withdraw, program,
        [ids, signature, &program] { return Withdraw(program, *ids, *signature); });
}

}  // namespace kith::cli
