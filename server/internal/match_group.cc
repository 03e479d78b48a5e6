// SPDX-License-Identifier: Apache-2.0
//
// MatchGroup: the search.
#include "server/internal/match_group.h"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

namespace kith::server {
namespace {

using catalog::EntryFacts;

// A group of queries that has more leads than these (40 bytes each) is divided.
constexpr std::size_t kLeadsAtOnce = 2'000'000;
// A query's leads are reduced to one an entry from this many on, and then whenever they doubled.
constexpr std::size_t kReducedFrom = 1024;

// May an entry have this dialect, or one that nobody knows?
bool CanMeet(const MatchCall& call, v1::Dialect dialect) {
  if (dialect == v1::DIALECT_UNSPECIFIED) return call.dialects != 0;
  constexpr std::uint32_t kUnknown = 1U << static_cast<unsigned>(v1::DIALECT_UNSPECIFIED);
  return (call.dialects & (kUnknown | 1U << static_cast<unsigned>(dialect))) != 0;
}

}  // namespace

void MatchGroup::AddCodes(const v1::Fingerprint& query) {
  const bool near = query.margin_bits() > 0;
  for (const v1::Code& code : query.codes()) {
    if (!casework::IsUsable(code)) continue;
    ambiguous_.back() = ambiguous_.back() || code.pdq() == query.digests().sha256();
    if (!CanMeet(call_, code.dialect())) continue;
    index::Code& bytes = near ? near_codes_.emplace_back() : codes_.emplace_back();
    std::copy(code.pdq().begin(), code.pdq().end(), bytes.begin());
    QueryCode& of = near ? near_code_of_.emplace_back() : code_of_.emplace_back();
    of.query = queries_.size() - 1;
    if (code.orientation() != v1::ORIENTATION_UNSPECIFIED) of.orientation = code.orientation();
    of.dialect = code.dialect();
    of.frame = code.view().frame();
    if (code.view().crop() != v1::CROP_UNSPECIFIED) of.crop = code.view().crop();
  }
}

void MatchGroup::Add(const v1::Fingerprint& query) {
  queries_.push_back(&query);
  ambiguous_.push_back(false);
  candidates_.emplace_back();
  reduce_at_.push_back(kReducedFrom);
  constexpr std::uint32_t kFull = 1U << static_cast<unsigned>(v1::DIALECT_FULL);
  const bool only_full = (call_.dialects & ~kFull) == 0;
  // Codes of `full` alone rule nothing out where there are others.
  exact_wanted_.push_back(query.margin_bits() > 0 && !only_full);
  if (exact_wanted_.back() || query.disposition() == v1::DISPOSITION_LOW_QUALITY) return;
  AddCodes(query);
}

bool MatchGroup::Visible(std::uint64_t entry, EntryFacts& facts) const {
  if (entry >= moment_.entries_end) return false;
  facts = catalog_.entries().Get(entry);
  return !facts.withdrawn && facts.hash_set < call_.radius_of_set.size() &&
         call_.radius_of_set[facts.hash_set] != MatchCall::kNotAsked;
}

bool MatchGroup::IsLead(const QueryCode& code, const index::Label& label, int distance_bits) const {
  EntryFacts facts;
  if (!Visible(label.entry, facts)) return false;
  if (distance_bits > call_.radius_of_set[facts.hash_set]) return false;
  const v1::Dialect stored = catalog::UnpackLabel(label.view).dialect;
  return stored == code.dialect || stored == v1::DIALECT_UNSPECIFIED ||
         code.dialect == v1::DIALECT_UNSPECIFIED;
}

void MatchGroup::AddLead(const QueryCode& code, const index::Label& label, int distance_bits) {
  std::vector<Candidate>& leads = candidates_[code.query];
  leads.push_back({.entry = label.entry,
                   .by = By::kPdq,
                   .distance_bits = distance_bits,
                   .code = &code,
                   .view = label.view});
  ++leads_;
  if (leads.size() < reduce_at_[code.query]) return;
  leads_ -= leads.size();
  KeepNearest(leads, false);
  leads_ += leads.size();
  reduce_at_[code.query] = std::max(kReducedFrom, 2 * leads.size());
}

absl::Status MatchGroup::FindCodes() {
  const auto farthest = std::max_element(call_.radius_of_set.begin(), call_.radius_of_set.end());
  if (farthest == call_.radius_of_set.end() || *farthest == MatchCall::kNotAsked) {
    return absl::OkStatus();
  }
  if (auto status = MarkExactWanted(*farthest); !status.ok() || codes_.empty()) return status;
  index::SearchOptions options;
  options.radius_bits = *farthest;
  options.limit = 0;
  bool too_many = false;
  bool no_memory = false;
  // Takes the leads itself and lets the index keep none: an entry is found by many pairs of codes,
  // of which one counts.
  options.keep = [&](std::size_t query, const index::Label& label, int distance_bits) {
    const QueryCode& code = code_of_[query];
    if (too_many || no_memory || !IsLead(code, label, distance_bits)) return false;
    try {
      AddLead(code, label, distance_bits);
    } catch (const std::bad_alloc&) {  // the index wants no exceptions
      no_memory = true;
    }
    too_many = leads_ > kLeadsAtOnce && queries_.size() > 1;
    return false;
  };
  const auto found = catalog_.codes().Search(codes_, options);
  if (!found.ok()) return found.status();
  if (no_memory) return absl::ResourceExhaustedError("out of memory: ask with a smaller radius");
  if (too_many) return absl::OutOfRangeError("too many leads for a group of queries");
  return absl::OkStatus();
}

absl::Status MatchGroup::MarkExactWanted(int farthest) {
  if (near_codes_.empty()) return absl::OkStatus();
  std::uint32_t widest = 0;
  for (const v1::Fingerprint* query : queries_) widest = std::max(widest, query->margin_bits());
  index::SearchOptions options;
  options.radius_bits = farthest + static_cast<int>(widest);
  options.limit = 0;
  options.keep = [&](std::size_t position, const index::Label& label, int distance_bits) {
    const QueryCode& code = near_code_of_[position];
    if (exact_wanted_[code.query]) return false;
    const auto margin = static_cast<int>(queries_[code.query]->margin_bits());
    if (IsLead(code, label, distance_bits - margin)) exact_wanted_[code.query] = true;
    return false;
  };
  const auto found = catalog_.codes().Search(near_codes_, options);
  if (!absl::IsInvalidArgument(found.status())) return found.status();
  // The engine does not reach so far: then nothing is ruled out.
  for (const QueryCode& code : near_code_of_) exact_wanted_[code.query] = true;
  return absl::OkStatus();
}

absl::Status MatchGroup::FindDigests(index::DigestKind kind, By by,
                                     const std::string& (v1::Digests::*digest)() const) {
  std::vector<std::string_view> digests;
  std::vector<std::size_t> query_of;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    const std::string& bytes = (queries_[i]->digests().*digest)();
    if (bytes.empty()) continue;
    digests.emplace_back(bytes);
    query_of.push_back(i);
  }
  if (digests.empty()) return absl::OkStatus();
  const auto found = catalog_.digests().Find(kind, digests);
  if (!found.ok()) return found.status();
  for (std::size_t i = 0; i < found->size(); ++i) {
    for (const std::uint64_t entry : (*found)[i]) {
      EntryFacts facts;
      if (!Visible(entry, facts)) continue;
      candidates_[query_of[i]].push_back({.entry = entry, .by = by});
    }
  }
  return absl::OkStatus();
}

// One candidate an entry. Where the query and the entry are the same 32 bytes that may be a PDQ or
// a SHA-256, nobody can say that it is a digest: then the lead counts.
void MatchGroup::KeepNearest(std::vector<Candidate>& candidates, bool ambiguous) const {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.entry != b.entry ? a.entry < b.entry : a.Nearness() < b.Nearness();
  });
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < candidates.size();) {
    std::size_t end = begin + 1;
    while (end < candidates.size() && candidates[end].entry == candidates[begin].entry) ++end;
    std::size_t choice = begin;
    if (ambiguous && candidates[begin].by == By::kSha256 &&
        catalog_.entries().Get(candidates[begin].entry).ambiguous) {
      while (choice < end && candidates[choice].by != By::kPdq) ++choice;
      if (choice == end) choice = begin;
    }
    candidates[kept++] = candidates[choice];
    begin = end;
  }
  candidates.resize(kept);
}

}  // namespace kith::server
