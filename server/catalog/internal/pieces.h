// SPDX-License-Identifier: Apache-2.0
//
// Of how many entries the indexes are told at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "index/hamming_index.h"

namespace kith::catalog {

// Large enough to become segments, small enough to weigh little beside them.
inline constexpr std::size_t kFeedEntries = 1U << 18;

[[nodiscard]] inline std::uint64_t EntriesIn(std::span<const index::EntryRange> ranges) {
  std::uint64_t entries = 0;
  for (const index::EntryRange& range : ranges) {
    entries += range.last_entry - range.first_entry + 1;
  }
  return entries;
}

// What is missing comes back in pieces, each a file of its own, and none are merged before all are
// there. So they are 128 and one for each range at most, lest there be more files than one is told
// of that fails (index/internal/mapped_files.h); of 330 million entries with a code each, a piece
// weighs some 130 MB in memory.
[[nodiscard]] inline std::uint64_t PieceEntries(std::span<const index::EntryRange> missing) {
  constexpr std::uint64_t kMostPieces = 128;
  return std::max<std::uint64_t>(kFeedEntries,
                                 (EntriesIn(missing) + kMostPieces - 1) / kMostPieces);
}

}  // namespace kith::catalog
