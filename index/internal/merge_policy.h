// SPDX-License-Identifier: Apache-2.0
//
// Which segments become one: neighbours only, so that the order in which codes came is kept and a
// segment stands for an unbroken run of additions. The idea is that of log-structured merge trees
// (O'Neil et al., 1996) with Lucene's levels: segments within a factor of kMergeWidth of each other
// are of one tier, and kMergeWidth neighbours whose largest is of a tier become one. A code is so
// copied about once a tier, and at most kMergeWidth - 1 segments of a tier remain.
#pragma once

#include <cstddef>
#include <span>

namespace kith::index::internal {

inline constexpr std::size_t kMergeWidth = 8;
// A segment is rewritten alone when more than one in so many of its codes is withdrawn.
inline constexpr std::size_t kCompactionShare = 4;
// Nothing larger is made of smaller ones: from some ten million codes on two segments answer about
// as fast as one of both, and a merge must end while somebody waits for it.
inline constexpr std::size_t kMaxMergedRows = std::size_t{1} << 24;

struct SegmentSize {
  std::size_t rows = 0;
  std::size_t withdrawn = 0;
};

// Segments first, first + 1, ... to be made one of; none for a count of 0.
struct MergeRun {
  std::size_t first = 0;
  std::size_t count = 0;
};

// The cheapest run that is due. `unit_rows` is what a tier begins with: the size of a head.
// O(segments).
[[nodiscard]] MergeRun PickMerge(std::span<const SegmentSize> segments, std::size_t unit_rows);

}  // namespace kith::index::internal
