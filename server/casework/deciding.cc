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

std::vector<const v1::Match*> DecidingBeyond(const v1::MatchResult& result, std::size_t limit) {
  const auto begin = result.matches().begin();
  const auto end = result.matches().end();
  const auto shown = begin + std::min(static_cast<int>(limit), result.matches_size());
  std::vector<const v1::Match*> deciding;
  const auto look_for = [&](const auto& is_of) {
    if (std::any_of(begin, shown, is_of)) return;
    if (const auto found = std::find_if(shown, end, is_of); found != end) {
      deciding.push_back(&*found);
      return;
    }
    for (const v1::Match& match : result.deciding()) {
      if (is_of(match)) deciding.push_back(&match);
    }
  };
  for (const Identification side : SidesOf(result.verdict())) {
    look_for([side](const v1::Match& match) { return IsOf(match, side); });
  }
  return deciding;
}

std::vector<const v1::Match*> KeptOf(const v1::MatchResult& result, std::size_t limit) {
  const int shown = std::min(static_cast<int>(limit), result.matches_size());
  std::vector<const v1::Match*> kept(result.matches().pointer_begin(),
                                     result.matches().pointer_begin() + shown);
  const auto deciding = DecidingBeyond(result, limit);
  kept.insert(kept.end(), deciding.begin(), deciding.end());
  return kept;
}

void Shorten(v1::MatchResult& result, std::size_t limit) {
  if (static_cast<std::size_t>(result.matches_size()) <= limit) return;
  google::protobuf::RepeatedPtrField<v1::Match> deciding;
  for (const v1::Match* match : DecidingBeyond(result, limit)) *deciding.Add() = *match;
  const auto shown = static_cast<int>(limit);
  result.mutable_deciding()->Swap(&deciding);
  result.mutable_matches()->DeleteSubrange(shown, result.matches_size() - shown);
  result.set_truncated(true);
}

}  // namespace kith::casework
