// SPDX-License-Identifier: Apache-2.0
//
// Four codes a register. AVX2 counts no bits: each nibble is looked up in a table of 16, the bytes
// of two words are added, and one sum over the bytes gives the distance of the half.
#include <immintrin.h>

#include "index/internal/scan_kernel.h"

namespace kith::index::internal {
namespace {

inline constexpr std::size_t kVectorLanes = 4;

__m256i Load(const std::uint64_t* words) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(words));
}

__m256i Broadcast(std::uint64_t word) { return _mm256_set1_epi64x(static_cast<long long>(word)); }

__m256i BitsOfBytes(__m256i bytes) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(0x0f);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, low)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low)));
}

__m256i HalfDistance(__m256i code0, __m256i code1, __m256i query0, __m256i query1) {
  const __m256i bits = _mm256_add_epi8(BitsOfBytes(_mm256_xor_si256(code0, query0)),
                                       BitsOfBytes(_mm256_xor_si256(code1, query1)));
  return _mm256_sad_epu8(bits, _mm256_setzero_si256());
}

// One bit a lane whose distance is within; `beyond` is radius + 1, and 257 fits the signed compare.
unsigned Within(__m256i distance, __m256i beyond) {
  return static_cast<unsigned>(
      _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(beyond, distance))));
}

// Looks at both halves of four codes that hold a candidate of some query.
void EmitVector(const ScanTile& tile, std::size_t group, std::size_t part, EmitPair emit,
                void* context) {
  const std::size_t offset = part * kVectorLanes;
  const HalfGroup& first = tile.first[group];
  const HalfGroup& second = tile.second[group];
  const __m256i beyond = Broadcast(tile.radius_bits + std::uint64_t{1});
  for (std::size_t query = 0; query < tile.query_count; ++query) {
    const std::uint64_t* words = tile.queries + 4 * query;
    __m256i distance = HalfDistance(Load(first.words[0] + offset), Load(first.words[1] + offset),
                                    Broadcast(words[0]), Broadcast(words[1]));
    if (Within(distance, beyond) == 0) continue;
    distance = _mm256_add_epi64(
        distance, HalfDistance(Load(second.words[0] + offset), Load(second.words[1] + offset),
                               Broadcast(words[2]), Broadcast(words[3])));
    unsigned within = Within(distance, beyond);
    if (within == 0) continue;
    alignas(32) std::uint64_t distances[kVectorLanes];
    _mm256_store_si256(reinterpret_cast<__m256i*>(distances), distance);
    for (; within != 0; within &= within - 1) {
      const auto lane = static_cast<std::size_t>(__builtin_ctz(within));
      const std::size_t row = group * kLanes + offset + lane;
      if (row < tile.rows) {
        emit(context, query, row, static_cast<std::uint32_t>(distances[lane]));
      }
    }
  }
}

}  // namespace

void ScanAvx2(const ScanTile& tile, EmitPair emit, void* context) {
  alignas(32) __m256i query0[kTileWidth];
  alignas(32) __m256i query1[kTileWidth];
  for (std::size_t query = 0; query < tile.query_count; ++query) {
    query0[query] = Broadcast(tile.queries[4 * query]);
    query1[query] = Broadcast(tile.queries[4 * query + 1]);
  }
  const __m256i beyond = Broadcast(tile.radius_bits + std::uint64_t{1});
  for (std::size_t group = 0; group < tile.groups; ++group) {
    for (std::size_t part = 0; part < kLanes / kVectorLanes; ++part) {
      const __m256i code0 = Load(tile.first[group].words[0] + part * kVectorLanes);
      const __m256i code1 = Load(tile.first[group].words[1] + part * kVectorLanes);
      __m256i least = HalfDistance(code0, code1, query0[0], query1[0]);
      for (std::size_t query = 1; query < tile.query_count; ++query) {
        least = _mm256_min_epu32(least, HalfDistance(code0, code1, query0[query], query1[query]));
      }
      if (Within(least, beyond) != 0) [[unlikely]] {
        EmitVector(tile, group, part, emit, context);
      }
    }
  }
}

}  // namespace kith::index::internal
