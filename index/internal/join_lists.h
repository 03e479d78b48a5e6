// SPDX-License-Identifier: Apache-2.0
//
// What the joins of join_kernel.h share. All of it is in an unnamed namespace, so that each of the
// files that implement them has its own, compiled for its instruction set.
#pragma once

#include <cstdint>

#include "index/internal/join_kernel.h"

namespace kith::index::internal {
namespace {

// Hits on their way to the caller.
struct HitBuffer {
  EmitHits emit;
  void* context;
  std::size_t count;
  SketchHit hits[kHitsAtOnce];

  HitBuffer(EmitHits to, void* with) : emit(to), context(with), count(0) {}
  void Add(const BucketJoin& join, std::uint32_t query, std::uint32_t entry) {
    hits[count++] = {.join = &join, .query = query, .entry = entry};
  }
  void Emit() {
    emit(context, hits, count);
    count = 0;
  }
};

// Of the two lists of a join one stands in registers of `lanes` sketches and the other is walked:
// whether it is cheaper that the queries stand.
[[maybe_unused]] bool QueriesStand(const BucketJoin& join, std::uint64_t lanes) {
  const std::uint64_t entries = join.entry_count;
  const std::uint64_t queries = join.query_count;
  return (queries + lanes - 1) / lanes * entries < (entries + lanes - 1) / lanes * queries;
}

}  // namespace
}  // namespace kith::index::internal
