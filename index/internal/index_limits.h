// SPDX-License-Identifier: Apache-2.0
//
// From which sizes on an index goes about its segments in another way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kith::index::internal {

struct IndexLimits {
  // In heads: more than that is made of smaller segments only where nobody waits for it.
  std::size_t large_heads = 256;
  // In heads: what came last lies in memory until it is that much, or it is quiet. No more than
  // what may grow in one piece (GrowingPostings::kMostCodes).
  std::size_t ripe_heads = 16;
  // An index in files of so many codes is compact: its segments are written in the layout of at
  // most 64 hot bytes a code, and what is there in the fast one, which takes twice as much, is
  // written again. Small segments stay fast: they are few codes in all.
  std::uint64_t compact_from = CompactFrom();
  std::size_t least_compact_rows = std::size_t{1} << 20;
  // It is calm, and what grows becomes a file, when nothing became a segment for so long,
  std::chrono::milliseconds quiet{10000};
  // or, for merges, when one has been due for so long: where additions never end it must be tried.
  // One that was given up is due anew.
  std::chrono::milliseconds patience{600000};

  // Segments in files are probed wherever they have bands. For tests: small ones would be scanned.
  bool never_scan = false;

  // As is promised, and earlier where the fast layout would take more than half of the memory.
  [[nodiscard]] static std::uint64_t CompactFrom();
};

}  // namespace kith::index::internal
