// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/hnsw_peer.h"

#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <exception>

#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHNSW.h>

namespace kith::bench {
namespace {

absl::Status FromFaiss(const std::exception& error) {
  return absl::InternalError(fmt::format("FAISS: {}", error.what()));
}

// FAISS's loops run on the thread that calls; the setting belongs to that thread.
void UseOneThread() { omp_set_num_threads(1); }

}  // namespace

struct HnswPeer::Impl {
  faiss::IndexBinaryHNSW graph{index::kCodeBits, kLinks};
};

HnswPeer::HnswPeer() : impl_(std::make_unique<Impl>()) {
  // Read by searches, and the same for all of them, so that they can run side by side.
  impl_->graph.hnsw.efSearch = kEffort;
}
HnswPeer::~HnswPeer() = default;

absl::Status HnswPeer::Add(std::span<const index::Code> codes) {
  UseOneThread();
  try {
    impl_->graph.add(static_cast<faiss::IndexBinary::idx_t>(codes.size()), codes.front().data());
  } catch (const std::exception& error) {
    return FromFaiss(error);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<index::SearchResult>> HnswPeer::Search(
    std::span<const index::Code> queries, int radius_bits) const {
  UseOneThread();
  std::vector<index::SearchResult> results(queries.size());
  std::vector<std::int32_t> distances;
  std::vector<faiss::IndexBinary::idx_t> labels;
  try {
    for (std::size_t query = 0; query < queries.size(); ++query) {
      std::vector<index::Hit>& hits = results[query].hits;
      for (int wanted = kFirst;; wanted *= 2) {
        hits.clear();
        distances.assign(static_cast<std::size_t>(wanted), 0);
        labels.assign(static_cast<std::size_t>(wanted), -1);
        impl_->graph.search(1, queries[query].data(), wanted, distances.data(), labels.data());
        for (std::size_t at = 0; at < labels.size(); ++at) {
          if (labels[at] < 0 || distances[at] > radius_bits) continue;
          hits.push_back({.distance_bits = static_cast<std::uint16_t>(distances[at]),
                          .label = {.entry = static_cast<std::uint64_t>(labels[at]), .view = 0}});
        }
        if (hits.size() < labels.size() || wanted >= kMost) break;
      }
      std::sort(hits.begin(), hits.end());
      results[query].total = hits.size();
    }
  } catch (const std::exception& error) {
    return FromFaiss(error);
  }
  return results;
}

std::size_t HnswPeer::Bytes() const {
  const auto* codes = dynamic_cast<const faiss::IndexBinaryFlat*>(impl_->graph.storage);
  const faiss::HNSW& graph = impl_->graph.hnsw;
  return (codes == nullptr ? 0 : codes->xb.capacity()) +
         graph.neighbors.capacity() * sizeof(graph.neighbors[0]) +
         graph.offsets.capacity() * sizeof(graph.offsets[0]) +
         graph.levels.capacity() * sizeof(graph.levels[0]);
}

}  // namespace kith::bench
