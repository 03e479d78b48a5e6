// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "index/internal/find_ones.h"
#include "index/internal/join_kernel.h"
#include "index/internal/join_lists.h"

namespace kith::index::internal {

void JoinScalar(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context) {
  HitBuffer hits(emit, context);
  for (const BucketJoin* join = joins; join != joins + count; ++join) {
    for (std::uint32_t query = 0; query < join->query_count; ++query) {
      for (std::uint32_t entry = 0; entry < join->entry_count; ++entry) {
        const int distance =
            __builtin_popcount((join->queries[query] ^ join->entries[entry]) & join->mask);
        if (distance > join->limit) continue;
        hits.Add(*join, query, entry);
        if (hits.count == kHitsAtOnce) hits.Emit();
      }
    }
  }
  hits.Emit();
}

void FindOnesScalar(OneLookup* lookups, std::size_t count) { FindOnes(lookups, count); }

void UnpackScalar(const std::uint8_t* packed, std::uint64_t first_bit, unsigned bits,
                  std::size_t count, std::uint16_t* values) {
  for (std::size_t at = 0; at < count; ++at, first_bit += bits) {
    std::uint64_t word = 0;
    std::memcpy(&word, packed + first_bit / 8, sizeof(word));
    values[at] = static_cast<std::uint16_t>(word >> first_bit % 8 << (16 - bits));
  }
}

void CountBitsScalar(std::uint32_t* values, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) {
    values[at] = static_cast<std::uint32_t>(__builtin_popcount(values[at]));
  }
}

void DistancesScalar(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                     std::uint32_t* distances) {
  for (std::size_t at = 0; at < count; ++at) {
    std::uint64_t words_a[4];
    std::uint64_t words_b[4];
    std::memcpy(words_a, a[at], sizeof(words_a));
    std::memcpy(words_b, b[at], sizeof(words_b));
    std::uint32_t distance = 0;
    for (int word = 0; word < 4; ++word) {
      distance += static_cast<std::uint32_t>(__builtin_popcountll(words_a[word] ^ words_b[word]));
    }
    distances[at] = distance;
  }
}

}  // namespace kith::index::internal
