// SPDX-License-Identifier: Apache-2.0
//
// Eight codes a register, up to eight queries held in registers: a group of codes is loaded once
// for all of them. Two random codes differ in 64 +- 5.7 of 128 bits, so the first half rejects all
// but the real neighbours; one comparison on the smallest of the 64 partial distances decides for
// the whole group.
#include <immintrin.h>

#include "index/internal/scan_kernel.h"

namespace kith::index::internal {
namespace {

__m512i HalfDistance(__m512i code0, __m512i code1, __m512i query0, __m512i query1) {
  return _mm512_add_epi64(_mm512_popcnt_epi64(_mm512_xor_si512(code0, query0)),
                          _mm512_popcnt_epi64(_mm512_xor_si512(code1, query1)));
}

__m512i Broadcast(std::uint64_t word) { return _mm512_set1_epi64(static_cast<long long>(word)); }

// Looks at both halves of a group that holds a candidate of some query.
void EmitGroup(const ScanTile& tile, std::size_t group, EmitPair emit, void* context) {
  const HalfGroup& first = tile.first[group];
  const HalfGroup& second = tile.second[group];
  const __m512i radius = Broadcast(tile.radius_bits);
  for (std::size_t query = 0; query < tile.query_count; ++query) {
    const std::uint64_t* words = tile.queries + 4 * query;
    __m512i distance =
        HalfDistance(_mm512_load_si512(first.words[0]), _mm512_load_si512(first.words[1]),
                     Broadcast(words[0]), Broadcast(words[1]));
    if (_mm512_cmple_epu64_mask(distance, radius) == 0) continue;
    distance = _mm512_add_epi64(distance, HalfDistance(_mm512_load_si512(second.words[0]),
                                                       _mm512_load_si512(second.words[1]),
                                                       Broadcast(words[2]), Broadcast(words[3])));
    unsigned within = _mm512_cmple_epu64_mask(distance, radius);
    if (within == 0) continue;
    alignas(64) std::uint64_t distances[kLanes];
    _mm512_store_si512(distances, distance);
    for (; within != 0; within &= within - 1) {
      const auto lane = static_cast<std::size_t>(__builtin_ctz(within));
      const std::size_t row = group * kLanes + lane;
      if (row < tile.rows) {
        emit(context, query, row, static_cast<std::uint32_t>(distances[lane]));
      }
    }
  }
}

template <std::size_t kQueries>
void ScanTileOf(const ScanTile& tile, EmitPair emit, void* context) {
  __m512i query0[kQueries];
  __m512i query1[kQueries];
  for (std::size_t query = 0; query < kQueries; ++query) {
    query0[query] = Broadcast(tile.queries[4 * query]);
    query1[query] = Broadcast(tile.queries[4 * query + 1]);
  }
  const __m512i radius = Broadcast(tile.radius_bits);
  for (std::size_t group = 0; group < tile.groups; ++group) {
    const __m512i code0 = _mm512_load_si512(tile.first[group].words[0]);
    const __m512i code1 = _mm512_load_si512(tile.first[group].words[1]);
    __m512i least = HalfDistance(code0, code1, query0[0], query1[0]);
    for (std::size_t query = 1; query < kQueries; ++query) {
      // The upper halves of the lanes are zero, and the 32-bit minimum is the cheaper one.
      least = _mm512_min_epu32(least, HalfDistance(code0, code1, query0[query], query1[query]));
    }
    if (_mm512_cmple_epu64_mask(least, radius) != 0) [[unlikely]] {
      EmitGroup(tile, group, emit, context);
    }
  }
}

}  // namespace

void ScanAvx512(const ScanTile& tile, EmitPair emit, void* context) {
  switch (tile.query_count) {
    case 1:
      return ScanTileOf<1>(tile, emit, context);
    case 2:
      return ScanTileOf<2>(tile, emit, context);
    case 3:
      return ScanTileOf<3>(tile, emit, context);
    case 4:
      return ScanTileOf<4>(tile, emit, context);
    case 5:
      return ScanTileOf<5>(tile, emit, context);
    case 6:
      return ScanTileOf<6>(tile, emit, context);
    case 7:
      return ScanTileOf<7>(tile, emit, context);
    default:
      return ScanTileOf<8>(tile, emit, context);
  }
}

}  // namespace kith::index::internal
