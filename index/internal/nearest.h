// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "index/hamming_index.h"

namespace kith::index::internal {

// Counts all hits of one query and keeps the nearest `limit` of them, in O(limit) memory.
class Nearest {
 public:
  explicit Nearest(std::size_t limit) : limit_(limit) {}

  void Offer(const Hit& hit) {
    ++total_;
    if (hits_.size() < limit_) {
      hits_.push_back(hit);
      // The farthest on top; not needed before the first one has to give way.
      if (hits_.size() == limit_) std::make_heap(hits_.begin(), hits_.end());
    } else if (limit_ > 0 && hit < hits_.front()) {
      std::pop_heap(hits_.begin(), hits_.end());
      hits_.back() = hit;
      std::push_heap(hits_.begin(), hits_.end());
    }
  }

  [[nodiscard]] SearchResult Finish() && {
    std::sort(hits_.begin(), hits_.end());
    const bool truncated = total_ > hits_.size();
    return SearchResult{.hits = std::move(hits_), .total = total_, .truncated = truncated};
  }

 private:
  std::size_t limit_;
  std::uint64_t total_ = 0;
  std::vector<Hit> hits_;
};

}  // namespace kith::index::internal
