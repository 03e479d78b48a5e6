// SPDX-License-Identifier: Apache-2.0
#include "index/internal/pair_search.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace kith::index::internal {
std::vector<Code> CodesOf(faiss::IndexBinary::idx_t n, const std::uint8_t* x) {
  std::vector<Code> codes(static_cast<std::size_t>(n));
  if (n > 0) std::memcpy(codes.data(), x, codes.size() * sizeof(Code));
  return codes;
}

void SearchNearest(const PairStream& stream, faiss::IndexBinary::idx_t n, const std::uint8_t* x,
                   faiss::IndexBinary::idx_t k, std::int32_t* distances,
                   faiss::IndexBinary::idx_t* rows) {
  // A query whose k nearest lie within one of these radii is not asked for the wider ones.
  constexpr int kRadii[] = {7, 15, 31, 47, 63, kCodeBits};
  using Near = std::pair<std::int32_t, faiss::IndexBinary::idx_t>;
  const std::vector<Code> codes = CodesOf(n, x);
  const auto keep = static_cast<std::size_t>(k);
  std::vector<std::vector<Near>> heaps(codes.size());
  std::vector<std::size_t> open(codes.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (const int radius : kRadii) {
    std::vector<Code> queries;
    for (const std::size_t at : open) {
      heaps[at].clear();
      queries.push_back(codes[at]);
    }
    stream.StreamPairs(queries, radius, [&](std::size_t query, std::size_t row, int distance) {
      std::vector<Near>& heap = heaps[open[query]];
      heap.emplace_back(distance, static_cast<faiss::IndexBinary::idx_t>(row));
      std::push_heap(heap.begin(), heap.end());
      if (heap.size() > keep) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
    });
    std::erase_if(open, [&](std::size_t at) { return heaps[at].size() == keep; });
  }
  for (std::vector<Near>& heap : heaps) {
    std::sort_heap(heap.begin(), heap.end());
    heap.resize(keep, Near{std::numeric_limits<std::int32_t>::max(), -1});
    for (const auto& [distance, row] : heap) {
      *distances++ = distance;
      *rows++ = row;
    }
  }
}

void SearchRange(const PairStream& stream, faiss::IndexBinary::idx_t n, const std::uint8_t* x,
                 int radius, faiss::RangeSearchResult* result) {
  struct Pair {
    std::size_t query;
    faiss::IndexBinary::idx_t row;
    float distance;
  };
  std::vector<Pair> pairs;
  const std::vector<Code> queries = CodesOf(n, x);
  // FAISS's shape: counts first, which do_allocation turns into offsets.
  std::fill_n(result->lims, queries.size() + 1, std::size_t{0});
  if (radius > 0) {
    stream.StreamPairs(queries, std::min(radius - 1, kCodeBits),
                       [&](std::size_t query, std::size_t row, int distance) {
                         pairs.push_back({query, static_cast<faiss::IndexBinary::idx_t>(row),
                                          static_cast<float>(distance)});
                         ++result->lims[query];
                       });
  }
  result->do_allocation();
  std::vector<std::size_t> next(result->lims, result->lims + queries.size());
  for (const Pair& pair : pairs) {
    const std::size_t at = next[pair.query]++;
    result->labels[at] = pair.row;
    result->distances[at] = pair.distance;
  }
}

}  // namespace kith::index::internal
