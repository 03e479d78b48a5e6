// SPDX-License-Identifier: Apache-2.0
//
// Which segments become one: neighbours only, so that the order in which codes came is kept and a
// segment stands for an unbroken run of additions.
//
// Small ones: the idea is that of log-structured merge trees (O'Neil et al., 1996) with Lucene's
// levels: segments within a factor of kMergeWidth of each other are of one tier, and kMergeWidth
// neighbours whose largest is of a tier become one. A code is so copied about once a tier, and at
// most kMergeWidth - 1 segments of a tier remain.
//
// Where it is calm: each segment costs a query about the same, so few matter, and what remains of
// any size is smaller each than the one before. But in the fast layout two segments of ten million
// codes and more answer about as fast as one of both: large ones become one only in the compact
// layout, which a large index has, where some five remain.
#pragma once

#include <cstddef>
#include <span>

namespace kith::index::internal {

inline constexpr std::size_t kMergeWidth = 8;
// A segment is rewritten alone when more than one in so many of its codes is withdrawn.
inline constexpr std::size_t kRewriteShare = 4;

struct SegmentSize {
  std::size_t rows = 0;
  std::size_t withdrawn = 0;
  bool is_outgrown = false;  // of the fast layout, in an index that has become too large for it
};

// Segments first, first + 1, ... to be made one of; none for a count of 0.
struct MergeRun {
  std::size_t first = 0;
  std::size_t count = 0;
};

// The cheapest run of small ones that is due. `unit_rows` is what a tier begins with: the size of a
// head. Nothing larger than `most_rows` is made: where eight are too many, fewer become one.
// O(segments * kMergeWidth).
[[nodiscard]] MergeRun PickMerge(std::span<const SegmentSize> segments, std::size_t unit_rows,
                                 std::size_t most_rows);

// The run of which something larger than `least_rows` and at most as large as `most_rows` is made
// that makes the segments fewer for the fewest codes copied; and where there is none, one that is
// outgrown, or larger than `least_rows` and to be rewritten for what is withdrawn. Every code
// copied comes into a segment of at least 7/4 the size of its last one, so it is copied a few times
// at most. O(segments^2).
[[nodiscard]] MergeRun PickCalmMerge(std::span<const SegmentSize> segments, std::size_t least_rows,
                                     std::size_t most_rows);

}  // namespace kith::index::internal
