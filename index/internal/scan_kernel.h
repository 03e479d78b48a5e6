// SPDX-License-Identifier: Apache-2.0
//
// The inner loop of the scan, once for each instruction set. The files that implement it are
// compiled with flags that not every processor understands, so this header and they hold no inline
// function and no template of the standard library: the linker keeps one copy of such code for the
// whole program, and it could be the one that an older processor cannot run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kith::index::internal {

inline constexpr std::size_t kLanes = 8;      // codes in a group
inline constexpr std::size_t kTileWidth = 8;  // queries that a kernel holds in registers

// One half (two of four words) of eight codes, word by word, so that a vector register loads the
// same word of eight codes at once. The first halves of all codes lie together and so do the second
// halves: of random codes the scan hardly ever looks at the second.
struct alignas(64) HalfGroup {
  std::uint64_t words[2][kLanes];
};

struct ScanTile {
  const HalfGroup* first;        // words 0 and 1
  const HalfGroup* second;       // words 2 and 3
  std::size_t groups;            // how many of each
  std::size_t rows;              // codes really there, in (8 * (groups - 1), 8 * groups]
  const std::uint64_t* queries;  // 4 words each
  std::size_t query_count;       // 1..kTileWidth
  std::uint32_t radius_bits;     // inclusive, 0..256
};

// Told of each pair within the radius: the query's place in the tile, the row's, and the distance.
using EmitPair = void (*)(void* context, std::size_t query, std::size_t row,
                          std::uint32_t distance_bits);

using ScanKernel = void (*)(const ScanTile& tile, EmitPair emit, void* context);

void ScanScalar(const ScanTile& tile, EmitPair emit, void* context);
void ScanAvx2(const ScanTile& tile, EmitPair emit, void* context);
void ScanAvx512(const ScanTile& tile, EmitPair emit, void* context);

}  // namespace kith::index::internal
