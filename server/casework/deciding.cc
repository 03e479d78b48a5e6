// SPDX-License-Identifier: Apache-2.0
#include "server/casework/deciding.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kith::casework {
namespace {

constexpr std::array<Identification, 2> kSides = {Identification::kIdentified,
                                                  Identification::kNotIdentified};

bool IsOf(const v1::Match& match, Identification side) {
  return match.purpose() != v1::PURPOSE_BENIGN && !match.held_back() &&
         IdentificationOf(!match.series().empty(), match.series_status(),
                          match.victim_identified()) == side;
}

}  // namespace

std::span<const Identification> SidesOf(v1::Verdict verdict) {
  const std::span sides(kSides);
  if (verdict == v1::VERDICT_CONFLICT) return sides;
  return sides.first(verdict == v1::VERDICT_IDENTIFIED ? 1 : 0);
}

void Shorten(v1::MatchResult& result, std::size_t limit) {
  if (static_cast<std::size_t>(result.matches_size()) <= limit) return;
  const auto shown = static_cast<int>(limit);
  google::protobuf::RepeatedPtrField<v1::Match> deciding;
  for (const Identification side : SidesOf(result.verdict())) {
    const auto is_of = [side](const v1::Match& match) { return IsOf(match, side); };
    const auto begin = result.mutable_matches()->begin();
    if (std::any_of(begin, begin + shown, is_of)) continue;
    const auto found = std::find_if(begin + shown, result.mutable_matches()->end(), is_of);
    if (found != result.mutable_matches()->end()) {
      *deciding.Add() = *found;
      continue;
    }
    for (const v1::Match& match : result.deciding()) {
      if (is_of(match)) *deciding.Add() = match;
    }
  }
  result.mutable_deciding()->Swap(&deciding);
  result.mutable_matches()->DeleteSubrange(shown, result.matches_size() - shown);
  result.set_truncated(true);
}

}  // namespace kith::casework
