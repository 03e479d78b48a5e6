// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the matches on which a verdict rests, so that an answer cut off at a limit still tells
// whom to call.
//
// Thread-safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "proto/kith/v1/match.pb.h"
#include "server/casework/verdict.h"

namespace kith::casework {

// What the matches say on which this verdict rests: of a conflict both sides, of IDENTIFIED that;
// nothing of others, whose matches are all alike.
[[nodiscard]] std::span<const Identification> SidesOf(v1::Verdict verdict);

// Of each side of the verdict that the `limit` nearest matches lack, the nearest match: of those
// behind them, else one that stands as deciding already. O(matches).
[[nodiscard]] std::vector<const v1::Match*> DecidingBeyond(const v1::MatchResult& result,
                                                           std::size_t limit);

// The `limit` nearest, and behind them those: what is kept of an answer, whatever limit it was made
// with.
[[nodiscard]] std::vector<const v1::Match*> KeptOf(const v1::MatchResult& result,
                                                   std::size_t limit);

// Leaves the `limit` nearest matches, and of each side of the verdict that they lack the nearest as
// a deciding one. O(matches).
void Shorten(v1::MatchResult& result, std::size_t limit);

}  // namespace kith::casework
