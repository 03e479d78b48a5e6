// SPDX-License-Identifier: Apache-2.0
//
// MatchGroup: what people said of the leads.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "server/internal/match_group.h"

namespace kith::server {
namespace {

using casework::Opinions;

int DistanceBits(const index::Code& a, std::string_view b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    bits += std::popcount(static_cast<unsigned>(a[i] ^ static_cast<std::uint8_t>(b[i])));
  }
  return bits;
}

bool MayBeTheSame(v1::Dialect a, v1::Dialect b) {
  return a == b || a == v1::DIALECT_UNSPECIFIED || b == v1::DIALECT_UNSPECIFIED;
}

v1::OpinionKind OpinionOn(const std::vector<Opinions::OnEntry>& given, std::uint64_t entry) {
  const auto found = std::find_if(given.begin(), given.end(),
                                  [&](const auto& one) { return one.entry_id == entry; });
  return found == given.end() ? v1::OPINION_KIND_UNSPECIFIED : found->kind;
}

}  // namespace

absl::StatusOr<std::uint64_t> MatchGroup::HeedOpinions(const v1::Fingerprint& query,
                                                       std::vector<Candidate>& candidates) const {
  if (call_.opinions == nullptr || query.digests().sha256().empty() || candidates.empty()) return 0;
  const std::vector<Opinions::OnEntry> given = call_.opinions->Of(query.digests().sha256());
  if (given.empty()) return 0;
  std::vector<std::uint64_t> rejected;
  for (const Opinions::OnEntry& one : given) {
    if (one.kind == v1::OPINION_KIND_REJECTED) rejected.push_back(one.entry_id);
  }
  for (Candidate& candidate : candidates) {
    candidate.confirmed =
        candidate.by == By::kPdq && OpinionOn(given, candidate.entry) == v1::OPINION_KIND_CONFIRMED;
  }
  // Of digests nobody gives an opinion, and one's own word on an entry holds before all.
  const auto is_silent = [&](const Candidate& candidate) {
    return candidate.by == By::kPdq &&
           OpinionOn(given, candidate.entry) == v1::OPINION_KIND_UNSPECIFIED;
  };
  std::uint64_t taken = std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.by == By::kPdq &&
           OpinionOn(given, candidate.entry) == v1::OPINION_KIND_REJECTED;
  });
  const auto known = CodesOfRejected(rejected, candidates);
  if (!known.ok()) return known.status();
  if (known->empty()) return taken;
  std::vector<std::uint64_t> repeats;
  for (const Candidate& candidate : candidates) {
    if (!is_silent(candidate)) continue;
    const auto is_repeat = Repeats(candidate, *known);
    if (!is_repeat.ok()) return is_repeat.status();
    if (*is_repeat) repeats.push_back(candidate.entry);
  }
  taken += std::erase_if(candidates, [&](const Candidate& candidate) {
    return std::find(repeats.begin(), repeats.end(), candidate.entry) != repeats.end();
  });
  return taken;
}

absl::StatusOr<std::vector<MatchGroup::RejectedCode>> MatchGroup::CodesOfRejected(
    const std::vector<std::uint64_t>& rejected, const std::vector<Candidate>& candidates) const {
  const auto set_of = [&](std::uint64_t entry) { return catalog_.entries().Get(entry).hash_set; };
  std::vector<std::uint64_t> asked;
  for (const std::uint64_t entry : rejected) {
    if (entry >= moment_.entries_end) continue;
    const std::uint32_t set = set_of(entry);
    if (std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
          return candidate.by == By::kPdq && set_of(candidate.entry) == set;
        })) {
      asked.push_back(entry);
    }
  }
  std::vector<RejectedCode> codes;
  if (asked.empty()) return codes;
  const auto entries = catalog_.ReadEntries(asked);
  if (!entries.ok()) return entries.status();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (const v1::Code& code : (*entries)[i].codes()) {
      codes.push_back({.hash_set = set_of(asked[i]), .dialect = code.dialect(), .pdq = code.pdq()});
    }
  }
  return codes;
}

// The distance tells most leads apart, so that hardly any entry but a repeated one is read. Who has
// a code that none of them has shows something that nobody looked at.
absl::StatusOr<bool> MatchGroup::Repeats(const Candidate& candidate,
                                         const std::vector<RejectedCode>& known) const {
  const std::uint32_t set = catalog_.entries().Get(candidate.entry).hash_set;
  const index::Code& asked = codes_[static_cast<std::size_t>(candidate.code - code_of_.data())];
  const v1::Dialect found_by = catalog::UnpackLabel(candidate.view).dialect;
  const auto may_be = [&](const RejectedCode& code, v1::Dialect dialect) {
    return code.hash_set == set && MayBeTheSame(code.dialect, dialect);
  };
  if (std::none_of(known.begin(), known.end(), [&](const RejectedCode& code) {
        return may_be(code, found_by) && DistanceBits(asked, code.pdq) == candidate.distance_bits;
      })) {
    return false;
  }
  const auto entry = catalog_.ReadEntries({&candidate.entry, 1});
  if (!entry.ok()) return entry.status();
  const auto& codes = entry->front().codes();
  return std::all_of(codes.begin(), codes.end(), [&](const v1::Code& code) {
    return std::any_of(known.begin(), known.end(), [&](const RejectedCode& one) {
      return may_be(one, code.dialect()) && one.pdq == code.pdq();
    });
  });
}

}  // namespace kith::server
