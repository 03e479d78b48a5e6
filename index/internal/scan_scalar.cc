// SPDX-License-Identifier: Apache-2.0
//
// The one truth that the other targets are tested against: no vectors, no tricks.
#include <bit>

#include "index/internal/scan_kernel.h"

namespace kith::index::internal {

void ScanScalar(const ScanTile& tile, EmitPair emit, void* context) {
  for (std::size_t row = 0; row < tile.rows; ++row) {
    const HalfGroup& first = tile.first[row / kLanes];
    const HalfGroup& second = tile.second[row / kLanes];
    const std::size_t lane = row % kLanes;
    for (std::size_t query = 0; query < tile.query_count; ++query) {
      const std::uint64_t* words = tile.queries + 4 * query;
      int distance = std::popcount(first.words[0][lane] ^ words[0]) +
                     std::popcount(first.words[1][lane] ^ words[1]);
      if (static_cast<std::uint32_t>(distance) > tile.radius_bits) continue;
      distance += std::popcount(second.words[0][lane] ^ words[2]) +
                  std::popcount(second.words[1][lane] ^ words[3]);
      if (static_cast<std::uint32_t>(distance) > tile.radius_bits) continue;
      emit(context, query, row, static_cast<std::uint32_t>(distance));
    }
  }
}

}  // namespace kith::index::internal
