// SPDX-License-Identifier: Apache-2.0
#include "index/internal/merge_policy.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kith::index::internal {
namespace {

std::size_t LiveRows(const SegmentSize& segment) { return segment.rows - segment.withdrawn; }

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
  explicit Cheapest(std::span<const SegmentSize> segments) : segments_(segments) {}

  void Offer(std::size_t first, std::size_t count) {
    std::size_t rows = 0;
    for (const SegmentSize& segment : segments_.subspan(first, count)) rows += LiveRows(segment);
    if (count > 1 && rows > kMaxMergedRows) return;
    if (rows >= rows_) return;
    rows_ = rows;
    run_ = {.first = first, .count = count};
  }
  [[nodiscard]] MergeRun run() const { return run_; }

 private:
  std::span<const SegmentSize> segments_;
  std::size_t rows_ = SIZE_MAX;
  MergeRun run_;
};

}  // namespace

MergeRun PickMerge(std::span<const SegmentSize> segments, std::size_t unit_rows) {
  Cheapest cheapest(segments);
  std::vector<std::size_t> tiers;
  tiers.reserve(segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].withdrawn * kCompactionShare > segments[i].rows) cheapest.Offer(i, 1);
    tiers.push_back(TierOf(segments[i], unit_rows));
  }
  // From the left: a stretch ends with the last segment of the highest tier that is left, so that
  // smaller ones between larger ones go with them.
  for (std::size_t begin = 0; begin < segments.size();) {
    const std::size_t highest =
        *std::max_element(tiers.begin() + static_cast<std::ptrdiff_t>(begin), tiers.end());
    std::size_t end = segments.size();
    while (tiers[end - 1] != highest) --end;
    for (; end - begin >= kMergeWidth; begin += kMergeWidth) cheapest.Offer(begin, kMergeWidth);
    begin = end;
  }
  return cheapest.run();
}

}  // namespace kith::index::internal
