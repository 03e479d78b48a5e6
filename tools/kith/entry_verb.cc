// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/exchange/hash_text.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/series_show.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

// A PDQ hash can be turned back into a recognisable picture: no more than its start is shown.
std::string Shortened(const std::string& pdq) { return exchange::Hex(pdq.substr(0, 4)) + "\u2026"; }

// A list line of 64 digits is kept as SHA-256 and as PDQ: then the one would tell the other.
std::string Sha256Of(const v1::Entry& entry) {
  const std::string& sha256 = entry.digests().sha256();
  for (const v1::Code& code : entry.codes()) {
    if (code.pdq() == sha256) return Shortened(sha256);
  }
  return exchange::Hex(sha256);
}

nlohmann::ordered_json ToJson(const v1::Entry& entry) {
  nlohmann::ordered_json json{
      {"entry", entry.entry_id()},
      {"set", entry.set()},
      {"series", nullptr},
      {"victim_identified", report::TriStateWord(entry.victim_identified())},
      {"source_ref", entry.source_ref()},
      {"md5", exchange::Hex(entry.digests().md5())},
      {"sha1", exchange::Hex(entry.digests().sha1())},
      {"sha256", Sha256Of(entry)},
      {"codes", nlohmann::ordered_json::array()},
      {"withdrawn", entry.withdrawn()},
      {"added_by_change", entry.added_by_change()}};
  // Told of one entry only, not in lists.
  if (entry.has_withdrawal()) json["withdrawal"] = ChangeJson(entry.withdrawal());
  json["category"] = nullptr;
  if (!entry.category().scheme().empty()) {
    json["category"] = {{"scheme", entry.category().scheme()}, {"code", entry.category().code()}};
  }
  if (!entry.series().empty()) json["series"] = entry.series();
  for (const v1::Code& code : entry.codes()) {
    nlohmann::ordered_json one{{"pdq_start", exchange::Hex(code.pdq().substr(0, 4))},
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

std::string Withdrawal(const v1::Entry& entry) {
  if (!entry.withdrawn()) return "no";
  if (!entry.has_withdrawal()) return "yes";
  const v1::Change& change = entry.withdrawal();
  return fmt::format("{}{}{}", change.at(), change.who().empty() ? "" : " by " + change.who(),
                     change.why().empty() ? "" : ": " + change.why());
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
      .Add("md5", exchange::Hex(entry.digests().md5()))
      .Add("sha1", exchange::Hex(entry.digests().sha1()))
      .Add("sha256", Sha256Of(entry));
  for (const v1::Code& code : entry.codes()) {
    facts.Add("pdq",
              fmt::format("{} {} {}{}", Shortened(code.pdq()), report::ViewWord(code.view()),
                          report::DialectWord(code.dialect()),
                          code.has_quality() ? fmt::format(", quality {}", code.quality()) : ""));
  }
  facts.Add("withdrawn", Withdrawal(entry))
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
    absl::Status status =
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

struct AddFlags {
  std::string set, series, ref, who;
  std::string dialect = "unknown";
  std::string kind = "by-length";
  bool one_file = false;
  std::vector<std::string> hashes;
};

void TakeHash(exchange::HashText hash, v1::Dialect dialect, v1::Entry& entry) {
  entry.mutable_digests()->MergeFrom(hash.digests);
  if (hash.pdq.empty()) return;
  v1::Code& code = *entry.add_codes();
  code.set_pdq(std::move(hash.pdq));
  code.mutable_view()->set_crop(v1::CROP_ORIGINAL);
  code.set_orientation(v1::ORIENTATION_ORIGINAL);
  code.set_dialect(dialect);
}

// Whether the entry has a hash of that kind already.
bool HoldsOneOf(const v1::Entry& entry, const exchange::HashText& hash) {
  const v1::Digests& digests = entry.digests();
  return (!digests.md5().empty() && !hash.digests.md5().empty()) ||
         (!digests.sha1().empty() && !hash.digests.sha1().empty()) ||
         (!digests.sha256().empty() && !hash.digests.sha256().empty()) ||
         (entry.codes_size() > 0 && !hash.pdq.empty());
}

absl::StatusOr<v1::AddEntriesRequest> RequestOf(const AddFlags& flags) {
  v1::AddEntriesRequest request;
  request.set_set(flags.set);
  request.set_series(flags.series);
  request.set_who(flags.who);
  const exchange::Kind64 kind = flags.kind == "pdq"      ? exchange::Kind64::kPdq
                                : flags.kind == "sha256" ? exchange::Kind64::kSha256
                                                         : exchange::Kind64::kEither;
  for (std::size_t i = 0; i < flags.hashes.size(); ++i) {
    absl::StatusOr<exchange::HashText> hash = exchange::ParseHash(flags.hashes[i], kind);
    if (!hash.ok()) {
      const auto why = hash.status().message();
      return absl::InvalidArgumentError(
          fmt::format("hash {}: {}", i + 1, std::string(why.data(), why.size())));
    }
    const bool joins = flags.one_file && i > 0;
    v1::Entry& entry = joins ? *request.mutable_entries(0) : *request.add_entries();
    if (joins && HoldsOneOf(entry, *hash)) {
      return absl::InvalidArgumentError(fmt::format(
          "hash {}: one file has one hash of each kind; of 64 digits, --kind tells which it is",
          i + 1));
    }
    entry.set_source_ref(flags.ref);
    TakeHash(*std::move(hash), report::DialectOfWord(flags.dialect), entry);
  }
  return request;
}

// The service counts its items from 0, and tells of none of one file.
absl::Status InWordsOfHashes(const absl::Status& status, bool one_file) {
  const std::string message(status.message().data(), status.message().size());
  constexpr std::string_view kItem = "item ";
  std::size_t item = 0;
  if (!message.starts_with(kItem)) return status;
  const char* const end = message.data() + message.size();
  const auto [behind, error] = std::from_chars(message.data() + kItem.size(), end, item);
  if (error != std::errc()) return status;
  return {status.code(), one_file ? "the file" + std::string(behind, end)
                                  : fmt::format("hash {}{}", item + 1, std::string(behind, end))};
}

int AddHashes(const Program& program, const AddFlags& flags) {
  const auto request = RequestOf(flags);
  if (!request.ok()) return Fail(request.status());
  return WithEngine<v1::CatalogService>(program, "entry", [&](Stub& stub) -> absl::StatusOr<int> {
    const auto added = Call(stub, &Stub::AddEntries, *request);
    if (!added.ok()) return InWordsOfHashes(added.status(), flags.one_file);
    for (int i = 0; i < added->entries_size(); ++i) {
      const auto& one = added->entries(i);
      const std::string status = one.already_there() ? "already there" : "added";
      const std::string holds = Kinds(request->entries(i));
      if (program.json) {
        PrintJson({{"type", "added"},
                   {"entry", one.entry_id()},
                   {"status", status},
                   {"holds", holds},
                   {"change", added->index_version().change()}});
      } else {
        PrintLine(fmt::format("{}\t{}\t{}", one.entry_id(), status, holds));
      }
    }
    return kExitDone;
  });
}

void AddAdd(CLI::App& group, Program& program) {
  CLI::App* verb = AddVerb(
      group, program, "add",
      "Brings single hashes into a hash set, all of them or none, each as an entry of its own: 32\n"
      "digits are an MD5, 40 a SHA-1, 64 a PDQ hash or a SHA-256 (kept as both). Lists of them go\n"
      "in by kith import, files by kith enroll. Prints one line an entry: its number, what became\n"
      "of it, what it holds. Other users of the machine may see what a command line holds.",
      "kith entry add --set national 5f1d7a84db00d2fce00b31a7fc73224f\n"
      "kith entry add --set national --series lakeside --ref 'case 26-441' "
      "0c2d1e9b6f5a47838e0f9d3c1b7a6542 91f0a4c7d3e85b2660f1c9d87e3a5b4c2d1f0e9a\n"
      "kith entry add --set national --one-file --json 5f1d7a84db00d2fce00b31a7fc73224f "
      "91f0a4c7d3e85b2660f1c9d87e3a5b4c2d1f0e9a");
  auto flags = std::make_shared<AddFlags>();
  verb->add_option("--set", flags->set, "The hash set")->type_name("NAME")->required();
  verb->add_option("--series", flags->series, "The series that they belong to")->type_name("CODE");
  verb->add_option("--ref", flags->ref, "What the source calls them: matches give it back")
      ->type_name("TEXT");
  verb->add_option("--dialect", flags->dialect, "How the PDQ hashes were made")
      ->check(CLI::IsMember({"full", "cli512", "unknown"}))
      ->type_name("NAME");
  verb->add_option("--kind", flags->kind, "What 64 digits are: pdq, sha256, or both (by-length)")
      ->check(CLI::IsMember({"pdq", "sha256", "by-length"}))
      ->type_name("KIND");
  verb->add_flag("--one-file", flags->one_file, "All are of one file: one entry holds them");
  verb->add_option("hashes", flags->hashes, "The hashes")->type_name("HASH")->required();
  AddWhoFlag(*verb, program, flags->who);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] { return AddHashes(program, *flags); });
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
                             "kith entry add --set national 5f1d7a84db00d2fce00b31a7fc73224f\n"
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

  AddAdd(*group, program);
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
