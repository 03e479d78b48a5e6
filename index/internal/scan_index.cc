// SPDX-License-Identifier: Apache-2.0
#include "index/internal/scan_index.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <faiss/impl/AuxIndexStructures.h>

#include "index/internal/pair_search.h"

namespace kith::index::internal {
ScanIndex::ScanIndex(ScanKernel kernel) : faiss::IndexBinary(kCodeBits), kernel_(kernel) {}

void ScanIndex::add(idx_t n, const std::uint8_t* x) {
  blocks_.Append(CodesOf(n, x));
  ntotal += n;
}

void ScanIndex::reset() {
  blocks_.Clear();
  ntotal = 0;
}

void ScanIndex::reconstruct(idx_t key, std::uint8_t* recons) const {
  const Code code = blocks_.At(static_cast<std::size_t>(key));
  std::memcpy(recons, code.data(), code.size());
}

void ScanIndex::search(idx_t n, const std::uint8_t* x, idx_t k, std::int32_t* distances,
                       idx_t* labels, const faiss::SearchParameters* params) const {
  FAISS_THROW_IF_NOT_MSG(params == nullptr, "the scan has no search parameters");
  using Near = std::pair<std::int32_t, idx_t>;
  std::vector<std::vector<Near>> heaps(static_cast<std::size_t>(n));
  const auto keep = static_cast<std::size_t>(k);
  StreamPairs(CodesOf(n, x), kCodeBits, [&](std::size_t query, std::size_t row, int distance) {
    std::vector<Near>& heap = heaps[query];
    heap.emplace_back(distance, static_cast<idx_t>(row));
    std::push_heap(heap.begin(), heap.end());
    if (heap.size() > keep) {
      std::pop_heap(heap.begin(), heap.end());
      heap.pop_back();
    }
  });
  for (std::vector<Near>& heap : heaps) {
    std::sort_heap(heap.begin(), heap.end());
    heap.resize(keep, Near{INT32_MAX, -1});
    for (const auto& [distance, row] : heap) {
      *distances++ = distance;
      *labels++ = row;
    }
  }
}

void ScanIndex::range_search(idx_t n, const std::uint8_t* x, int radius,
                             faiss::RangeSearchResult* result,
                             const faiss::SearchParameters* params) const {
  FAISS_THROW_IF_NOT_MSG(params == nullptr, "the scan has no search parameters");
  std::vector<std::vector<std::pair<idx_t, float>>> found(static_cast<std::size_t>(n));
  if (radius > 0) {
    StreamPairs(CodesOf(n, x), std::min(radius - 1, kCodeBits),
                [&](std::size_t query, std::size_t row, int distance) {
                  found[query].emplace_back(static_cast<idx_t>(row), static_cast<float>(distance));
                });
  }
  // FAISS's shape: counts first, which do_allocation turns into offsets.
  for (std::size_t query = 0; query < found.size(); ++query) {
    result->lims[query] = found[query].size();
  }
  result->do_allocation();
  for (std::size_t query = 0; query < found.size(); ++query) {
    std::size_t at = result->lims[query];
    for (const auto& [row, distance] : found[query]) {
      result->labels[at] = row;
      result->distances[at] = distance;
      ++at;
    }
  }
}

void ScanIndex::StreamPairs(std::span<const Code> queries, int radius_bits, PairSink sink) const {
  blocks_.Scan(queries, radius_bits, kernel_, sink);
}

}  // namespace kith::index::internal
