// SPDX-License-Identifier: Apache-2.0
#include "index/internal/merge_policy.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kith::index::internal {
namespace {

std::size_t LiveRows(const SegmentSize& segment) { return segment.rows - segment.withdrawn; }

// So much of it is withdrawn that it is worth being written again alone.
bool IsWithered(const SegmentSize& segment) {
  return segment.withdrawn * kRewriteShare > segment.rows;
}

std::size_t TierOf(const SegmentSize& segment, std::size_t unit_rows) {
  std::size_t tier = 0;
  for (std::size_t rows = segment.rows / unit_rows; rows >= kMergeWidth; rows /= kMergeWidth) {
    ++tier;
  }
  return tier;
}

// Keeps the run that copies the fewest codes.
class Cheapest {
 public:
  Cheapest(std::span<const SegmentSize> segments, std::size_t most_rows)
      : segments_(segments), most_rows_(most_rows) {}

  void OfferOne(std::size_t segment) { Keep(segment, 1, LiveRows(segments_[segment])); }
  // Neighbours: all of them or, where they are too many for one, the most that are not.
  void OfferSome(std::size_t first, std::size_t count) {
    for (std::size_t fewer = count; fewer > 1; --fewer) {
      bool fits = false;
      for (std::size_t at = first; at + fewer <= first + count; ++at) {
        std::size_t rows = 0;
        for (const SegmentSize& segment : segments_.subspan(at, fewer)) rows += LiveRows(segment);
        if (rows > most_rows_) continue;
        fits = true;
        Keep(at, fewer, rows);
      }
      if (fits) return;
    }
  }
  [[nodiscard]] MergeRun run() const { return run_; }

 private:
  void Keep(std::size_t first, std::size_t count, std::size_t rows) {
    if (rows >= rows_) return;
    rows_ = rows;
    run_ = {.first = first, .count = count};
  }

  std::span<const SegmentSize> segments_;
  std::size_t most_rows_;
  std::size_t rows_ = SIZE_MAX;
  MergeRun run_;
};

// Of neighbours of which none is too large to become part of something larger.
void OfferTiers(std::span<const SegmentSize> segments, std::size_t begin, std::size_t all_end,
                std::size_t unit_rows, Cheapest& cheapest) {
  std::vector<std::size_t> tiers;
  tiers.reserve(all_end);
  for (std::size_t i = 0; i < all_end; ++i) tiers.push_back(TierOf(segments[i], unit_rows));
  // From the left: a stretch ends with the last segment of the highest tier that is left, so that
  // smaller ones between larger ones go with them.
  while (begin < all_end) {
    const std::size_t highest =
        *std::max_element(tiers.begin() + static_cast<std::ptrdiff_t>(begin), tiers.end());
    std::size_t end = all_end;
    while (tiers[end - 1] != highest) --end;
    for (; end - begin >= kMergeWidth; begin += kMergeWidth) {
      cheapest.OfferSome(begin, kMergeWidth);
    }
    begin = end;
  }
}

}  // namespace

MergeRun PickMerge(std::span<const SegmentSize> segments, std::size_t unit_rows,
                   std::size_t most_rows) {
  Cheapest cheapest(segments, most_rows);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (IsWithered(segments[i]) && LiveRows(segments[i]) <= most_rows) cheapest.OfferOne(i);
    // One that would be copied for the sake of something smaller stays as it is.
    if (2 * LiveRows(segments[i]) <= most_rows) continue;
    OfferTiers(segments.first(i), begin, i, unit_rows, cheapest);
    begin = i + 1;
  }
  OfferTiers(segments, begin, segments.size(), unit_rows, cheapest);
  return cheapest.run();
}

MergeRun PickCalmMerge(std::span<const SegmentSize> segments, std::size_t least_rows,
                       std::size_t most_rows) {
  MergeRun best;
  double best_price = 0;
  std::size_t alone_rows = SIZE_MAX;
  MergeRun alone;
  for (std::size_t first = 0; first < segments.size(); ++first) {
    std::size_t rows = 0;
    std::size_t largest = 0;
    for (std::size_t end = first; end < segments.size(); ++end) {
      const std::size_t more = LiveRows(segments[end]);
      rows += more;
      largest = std::max(largest, more);
      if (rows > most_rows) break;
      const std::size_t count = end - first + 1;
      if (count < 2 || rows <= least_rows || rows / 7 * 4 < largest) continue;
      const double price = static_cast<double>(rows) / static_cast<double>(count - 1);
      // Of equal ones the longer: then nothing is copied twice.
      if (best.count != 0 && (price > best_price || (price == best_price && count <= best.count))) {
        continue;
      }
      best = {.first = first, .count = count};
      best_price = price;
    }
    const std::size_t own_rows = LiveRows(segments[first]);
    const bool is_due =
        segments[first].is_outgrown || (IsWithered(segments[first]) && own_rows > least_rows);
    if (!is_due || own_rows >= alone_rows) continue;
    alone_rows = own_rows;
    alone = {.first = first, .count = 1};
  }
  return best.count != 0 ? best : alone;
}

}  // namespace kith::index::internal
