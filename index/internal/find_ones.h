// SPDX-License-Identifier: Apache-2.0
//
// The body of FindOnes... of join_kernel.h: included once in each of the files that implement them,
// so that each compiles it for its instruction set. All of it is in an unnamed namespace, so that
// each file has its own.
#pragma once

#include "index/internal/join_kernel.h"

namespace kith::index::internal {
namespace {

void FindOnes(OneLookup* lookups, std::size_t count) {
  // Where the last search stands: at a word, of which so many ones lie before it.
  std::uint64_t word = 0;
  std::uint64_t before = 0;
  std::uint64_t bits = 0;
  for (OneLookup* lookup = lookups; lookup != lookups + count; ++lookup) {
    lookup->place = kNoPlace;
    const std::uint64_t* const words = lookup->words;
    const std::uint64_t first_bit = lookup->first_bit;
    if (lookup == lookups || words != lookup[-1].words || first_bit != lookup[-1].first_bit ||
        lookup->rank < before) {
      word = first_bit >> 6;
      before = 0;
      bits = word < lookup->word_count ? words[word] & ~std::uint64_t{0} << (first_bit & 63) : 0;
    }
    auto ones = static_cast<std::uint64_t>(__builtin_popcountll(bits));
    while (before + ones <= lookup->rank && word + 1 < lookup->word_count) {
      before += ones;
      bits = words[++word];
      ones = static_cast<std::uint64_t>(__builtin_popcountll(bits));
    }
    if (before + ones <= lookup->rank) continue;
    std::uint64_t rest = bits;
    for (std::uint64_t skip = lookup->rank - before; skip > 0; --skip) rest &= rest - 1;
    lookup->place = (word << 6) + static_cast<std::uint64_t>(__builtin_ctzll(rest)) - first_bit;
  }
}

}  // namespace
}  // namespace kith::index::internal
