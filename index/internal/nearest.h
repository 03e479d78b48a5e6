// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "index/hamming_index.h"

namespace kith::index::internal {

// Counts a hit of a query and keeps it if it is one of the nearest `limit`, in O(limit) memory. The
// hits are in order once FinishHits was called.
inline void OfferHit(const Hit& hit, std::size_t limit, SearchResult& result) {
  std::vector<Hit>& hits = result.hits;
  ++result.total;
  if (hits.size() < limit) {
    hits.push_back(hit);
    // The farthest on top; not needed before the first one has to give way.
    if (hits.size() == limit) std::make_heap(hits.begin(), hits.end());
  } else if (limit > 0 && hit < hits.front()) {
    std::pop_heap(hits.begin(), hits.end());
    hits.back() = hit;
    std::push_heap(hits.begin(), hits.end());
  }
}

inline void FinishHits(SearchResult& result) {
  std::sort(result.hits.begin(), result.hits.end());
  result.truncated = result.total > result.hits.size();
}

}  // namespace kith::index::internal
