// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "index/internal/bands.h"
#include "index/internal/bucket.h"
#include "index/internal/join_kernel.h"

namespace kith::index::internal {

// Where a tail is 32 bits: the position of a code in those of the mask and, in those above, what
// follows the sketch (the upper bits of Band::Rest). Drops survivors whose further bits are too
// far, and sets the positions of the others, which are moved to the front; returns how many.
// `tail_of` gives the tail of a survivor; at most kSurvivorsAtOnce of them.
template <typename TailOf>
[[nodiscard]] std::size_t ResolveTails(std::span<Survivor> survivors,
                                       std::span<const BandProbe> probes,
                                       std::uint32_t position_mask, const JoinKernel& kernel,
                                       TailOf tail_of) {
  std::array<std::uint32_t, kSurvivorsAtOnce> differing;
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    Survivor& survivor = survivors[at];
    const std::uint32_t tail = tail_of(survivor);
    survivor.position = tail & position_mask;
    differing[at] =
        (survivor.differing ^ (tail & ~position_mask)) & probes[survivor.band].rest_mask;
  }
  kernel.count_bits(differing.data(), survivors.size());
  std::size_t kept = 0;
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    const auto bits = static_cast<int>(differing[at]) + survivors[at].flips;
    survivors[kept] = survivors[at];
    kept += bits <= probes[survivors[at].band].rest_budget ? 1 : 0;
  }
  return kept;
}

}  // namespace kith::index::internal
