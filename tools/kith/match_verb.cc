// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/match.grpc.pb.h"
#include "tools/exchange/hash_text.h"
#include "tools/exchange/source.h"
#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/listing.h"
#include "tools/kith/match_json.h"
#include "tools/kith/table.h"
#include "tools/kith/verbs.h"
#include "tools/report/whom_to_call.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::MatchService::Stub;

struct MatchFlags {
  std::vector<std::string> hashes;
  std::optional<std::uint32_t> radius_bits;
  std::uint32_t limit = 0;
  std::string kind = "by-length";
  std::string purpose = "any";
};

// Queries a call; a reply stays far below the limit of a message.
constexpr int kBatch = 256;

class MatchRun {
 public:
  MatchRun(const Program& program, const MatchFlags& flags, Stub& stub)
      : program_(program), flags_(flags), stub_(stub) {}

  absl::StatusOr<int> FromArguments(const std::vector<exchange::HashText>& hashes) {
    for (const exchange::HashText& hash : hashes) {
      Add(hash);
      if (absl::Status status = SendFull(); !status.ok()) return status;
    }
    return Finish();
  }

  absl::StatusOr<int> FromInput() {
    absl::StatusOr<exchange::Source> source = exchange::Source::Open("-");
    if (!source.ok()) return source.status();
    exchange::Lines lines(*source, exchange::kMaxListLineBytes, exchange::Lines::kEndlessBytes);
    if (::isatty(STDIN_FILENO) == 1) Note("Reading hashes, one a line; Ctrl-D ends.");
    std::string text;
    while (true) {
      // Whoever writes one hash and waits for its answer gets it.
      if (request_.queries_size() > 0 && !lines.Ready()) {
        if (absl::Status status = Send(); !status.ok()) return status;
      }
      const absl::StatusOr<bool> more = lines.Next(text);
      if (!more.ok()) return more.status();
      if (!*more) return Finish();
      const absl::StatusOr<exchange::ListLine> line =
          exchange::ParseListLine(text, Kind(flags_), lines.number() == 1);
      if (!line.ok()) {
        if (absl::Status status = Send(); !status.ok()) return status;
        const auto why = line.status().message();
        return absl::InvalidArgumentError(fmt::format("line {} (query {}): {}", lines.number(),
                                                      asked_, std::string(why.data(), why.size())));
      }
      if (line->blank) continue;
      Add(line->hash);
      if (absl::Status status = SendFull(); !status.ok()) return status;
    }
  }

  static exchange::Kind64 Kind(const MatchFlags& flags) {
    return flags.kind == "pdq"      ? exchange::Kind64::kPdq
           : flags.kind == "sha256" ? exchange::Kind64::kSha256
                                    : exchange::Kind64::kEither;
  }

 private:
  void Add(const exchange::HashText& hash) {
    v1::Fingerprint& query = *request_.add_queries();
    *query.mutable_digests() = hash.digests;
    if (!hash.pdq.empty()) {
      v1::Code& code = *query.add_codes();
      code.set_pdq(hash.pdq);
      code.mutable_view()->set_crop(v1::CROP_ORIGINAL);
      code.set_orientation(v1::ORIENTATION_ORIGINAL);
    }
    ++asked_;
  }

  absl::Status SendFull() { return request_.queries_size() < kBatch ? absl::OkStatus() : Send(); }

  absl::Status Send() {
    if (request_.queries_size() == 0) return absl::OkStatus();
    if (flags_.radius_bits.has_value()) {
      request_.mutable_options()->set_radius_bits(*flags_.radius_bits);
    }
    request_.mutable_options()->set_limit(flags_.limit);
    if (flags_.purpose == "known") request_.mutable_options()->set_purpose(v1::PURPOSE_KNOWN);
    if (flags_.purpose == "benign") request_.mutable_options()->set_purpose(v1::PURPOSE_BENIGN);
    const auto response = Call(stub_, &Stub::Match, request_);
    if (!response.ok()) return response.status();
    if (response->results_size() != request_.queries_size()) {
      return absl::InternalError("the engine left queries without an answer");
    }
    for (const v1::MatchResult& result : response->results()) Print(result);
    (void)std::fflush(stdout);
    request_.clear_queries();
    return absl::OkStatus();
  }

  absl::StatusOr<int> Finish() {
    if (absl::Status status = Send(); !status.ok()) return status;
    if (asked_ == 0) return absl::InvalidArgumentError("no hash was given");
    return known_ ? kExitKnownFound : kExitDone;
  }

  void Print(const v1::MatchResult& result) {
    const std::uint64_t query = printed_++;
    known_ = known_ || IsKnown(result.verdict());
    if (program_.json) {
      nlohmann::ordered_json line{{"type", "match"}, {"query", query}};
      line.update(ResultJson(result));
      return PrintJson(line);
    }
    std::string text = fmt::format("query {}: {}, {}", query, report::VerdictWord(result.verdict()),
                                   report::Counted(result.total(), "match", "matches"));
    if (result.truncated()) {
      text += fmt::format(" (the nearest {}{})", result.matches_size(),
                          result.deciding().empty() ? "" : ", and what the verdict rests on");
    }
    if (result.matches_size() > 0) {
      Table table({">ENTRY", "SET", "SERIES", "STATUS", "HOW", "SOURCE REF", "CALL"});
      for (const v1::Match& match : result.matches()) AddRow(match, table);
      // Farther ones, without which nobody would know whom to call.
      for (const v1::Match& match : result.deciding()) AddRow(match, table);
      text += "\n" + table.Text();
    } else {
      text += "\n";
    }
    text.pop_back();
    PrintLine(text);
  }

  static void AddRow(const v1::Match& match, Table& table) {
    table.Add({std::to_string(match.entry_id()), match.set(), match.series(),
               report::StatusWord(match.series_status()), How(match), match.source_ref(),
               report::WhomToCallText(match.contact(), match.agency_desk())});
  }

  static std::string How(const v1::Match& match) {
    if (match.by() != "pdq") return match.by();
    return report::Counted(match.distance_bits(), "bit") + (match.held_back() ? ", held back" : "");
  }

  const Program& program_;
  const MatchFlags& flags_;
  Stub& stub_;
  v1::MatchRequest request_;
  std::uint64_t asked_ = 0;
  std::uint64_t printed_ = 0;
  bool known_ = false;
};

// A mistyped store, or one whose sets are all disabled, knows nothing of any hash: that must not
// pass for an answer. Says so, and returns whether there is something.
absl::StatusOr<bool> KnowsAny(const server::Connection& connection) {
  const auto stub = v1::CatalogService::NewStub(connection.channel());
  bool any = false;
  absl::Status status = ForEachPage(
      *stub, &v1::CatalogService::Stub::ListHashSets, v1::ListHashSetsRequest(),
      [&any](const v1::ListHashSetsResponse& page) {
        for (const v1::HashSet& set : page.hash_sets()) {
          any = any || (set.enabled() && set.purpose() == v1::PURPOSE_KNOWN && set.entries() > 0);
        }
      });
  if (!status.ok()) return status;
  if (!any) {
    Note(
        fmt::format("kith: warning: no enabled hash set of known files has an active entry in {}: "
                    "there is nothing to compare with",
                    connection.description()));
  }
  return any;
}

int Run(const Program& program, const MatchFlags& flags) {
  const bool from_input = flags.hashes.size() == 1 && flags.hashes.front() == "-";
  // All arguments are read before anything is asked or printed.
  std::vector<exchange::HashText> hashes;
  for (std::size_t i = 0; !from_input && i < flags.hashes.size(); ++i) {
    absl::StatusOr<exchange::HashText> hash =
        exchange::ParseHash(flags.hashes[i], MatchRun::Kind(flags));
    if (!hash.ok()) {
      const auto why = hash.status().message();
      return Fail(absl::InvalidArgumentError(
          fmt::format("query {}: {}", i, std::string(why.data(), why.size()))));
    }
    hashes.push_back(*std::move(hash));
  }
  const auto connection = ConnectEngine(program, "match");
  if (!connection.ok()) return Fail(connection.status());
  absl::StatusOr<bool> comparable = true;
  if (flags.purpose != "benign") comparable = KnowsAny(**connection);
  if (!comparable.ok()) return Fail(Explained(comparable.status(), **connection));
  const auto stub = v1::MatchService::NewStub((*connection)->channel());
  MatchRun run(program, flags, *stub);
  const absl::StatusOr<int> code = from_input ? run.FromInput() : run.FromArguments(hashes);
  if (!code.ok()) return Fail(Explained(code.status(), **connection));
  return *code == kExitDone && !*comparable ? kExitNotAllRead : *code;
}

}  // namespace

void AddMatchVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "match",
      "Looks hashes up: 32 digits are an MD5, 40 a SHA-1, 64 a PDQ hash or a SHA-256 (both are\n"
      "tried). Nothing is recorded. Exits 1 when something known was found, 3 when there is "
      "nothing\n"
      "known to compare with, else 0.",
      "kith match 5f1d7a84db00d2fce00b31a7fc73224f\n"
      "kith match --radius 10 --json --kind pdq "
      "e77b19c8d06ba4f01c93f6025eadb81790c4a3d5f1682be704d953ac7fe01b86\n"
      "kith match --json - < hashes.txt");
  auto flags = std::make_shared<MatchFlags>();
  verb->add_option("hashes", flags->hashes, "Hashes, or - for standard input, one a line")
      ->type_name("HASH")
      ->required();
  verb->add_option("--radius", flags->radius_bits,
                   "Largest PDQ distance in bits (default and most: each set's own)")
      ->check(CLI::Range(0, 31))
      ->type_name("BITS");
  verb->add_option("--limit", flags->limit, "Matches shown a query, nearest first (default: 100)")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N");
  verb->add_option("--kind", flags->kind, "What 64 digits are: pdq, sha256, or both (by-length)")
      ->check(CLI::IsMember({"pdq", "sha256", "by-length"}))
      ->type_name("KIND");
  verb->add_option("--purpose", flags->purpose, "Sets that are asked: known, benign, or any")
      ->check(CLI::IsMember({"known", "benign", "any"}))
      ->type_name("PURPOSE");
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] { return Run(program, *flags); });
}

}  // namespace kith::cli
