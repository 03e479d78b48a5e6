// SPDX-License-Identifier: Apache-2.0
//
// Which of an index's segments are all there is up to which moment of its owner's history. A
// manifest names the segments up to one of these moments: with several to choose from, what lies in
// files can be named while what came later is still in memory.
//
// Not safe for several threads. Each function is O(marks), of which there is at most one a segment.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace kith::index::internal {

class Marks {
 public:
  // So many of the first segments are all there is up to a mark.
  struct Covered {
    std::string mark;
    std::size_t segments = 0;
    friend bool operator==(const Covered&, const Covered&) = default;
  };

  [[nodiscard]] const Covered& newest() const { return marks_.back(); }
  [[nodiscard]] const Covered& oldest() const { return marks_.front(); }
  // The newest that covers at most so many segments; null if all cover more.
  [[nodiscard]] const Covered* NewestWithin(std::size_t segments) const {
    const auto after = std::upper_bound(
        marks_.begin(), marks_.end(), segments,
        [](std::size_t value, const Covered& covered) { return value < covered.segments; });
    return after == marks_.begin() ? nullptr : &*std::prev(after);
  }

  // There is no other.
  void Reset(std::string mark, std::size_t segments) {
    marks_.assign(1, {.mark = std::move(mark), .segments = segments});
  }
  // All segments that there are, and not fewer than before.
  void Reached(std::string mark, std::size_t segments) {
    if (newest().segments < segments) marks_.push_back({.mark = {}, .segments = segments});
    marks_.back().mark = std::move(mark);
  }
  // Neighbours became `made` segments: one or none.
  void Replaced(std::size_t first, std::size_t count, std::size_t made) {
    const std::size_t end = first + count;
    std::erase_if(marks_, [&](const Covered& covered) {
      return covered.segments > first && covered.segments < end;
    });
    for (Covered& covered : marks_) {
      if (covered.segments >= end) covered.segments -= count - made;
    }
    // Of two that cover the same now, the later.
    for (std::size_t at = marks_.size() - 1; at > 0; --at) {
      if (marks_[at - 1].segments != marks_[at].segments) continue;
      marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(at - 1));
    }
  }
  // Whether the last of so many segments may become larger: no mark covers it, or there is one at
  // its beginning too. So some mark is left, and what lies before it can be named, also when what
  // lies before it becomes one.
  [[nodiscard]] bool MayGrow(std::size_t segments) const {
    if (newest().segments < segments) return true;
    const Covered* const before = NewestWithin(segments - 1);
    return before != nullptr && before->segments + 1 == segments;
  }
  // It became larger: what covered it covers less than it holds now.
  void Grew(std::size_t segments) {
    std::erase_if(marks_, [&](const Covered& covered) { return covered.segments >= segments; });
  }
  // No older one than this is needed.
  void DropBefore(const Covered& kept) {
    std::erase_if(marks_, [&](const Covered& covered) { return covered.segments < kept.segments; });
  }
  void KeepNewest() { marks_.erase(marks_.begin(), std::prev(marks_.end())); }
  // The newest covers one segment more, or fewer, and the others are forgotten.
  void AddOne() {
    KeepNewest();
    ++marks_.back().segments;
  }
  void TakeOne() {
    KeepNewest();
    --marks_.back().segments;
  }

 private:
  std::vector<Covered> marks_ = std::vector<Covered>(1);  // ascending, never empty
};

}  // namespace kith::index::internal
