// SPDX-License-Identifier: Apache-2.0
//
// Sixteen sketches a register. There is no instruction that counts bits in a register: a table of
// sixteen nibbles is looked up twice for each byte, and the two bytes of a sketch are added.
#include <immintrin.h>

#include "index/internal/find_ones.h"
#include "index/internal/join_kernel.h"
#include "index/internal/join_lists.h"

namespace kith::index::internal {
namespace {

constexpr std::uint32_t kSketches = 16;  // in a register

__m256i BytePopcount(__m256i bytes) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(0x0f);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, low)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low)));
}

const __m256i* Unaligned(const void* at) { return static_cast<const __m256i*>(at); }

// Inlined, so that what is the same for all joins stands in registers: most have one query and few
// entries.
template <bool kQueriesStand>
[[gnu::always_inline]] inline void Compare(const BucketJoin& join, HitBuffer& to) {
  const std::uint16_t* const lanes = kQueriesStand ? join.queries : join.entries;
  const std::uint16_t* const others = kQueriesStand ? join.entries : join.queries;
  const std::uint32_t lane_count = kQueriesStand ? join.query_count : join.entry_count;
  const std::uint32_t other_count = kQueriesStand ? join.entry_count : join.query_count;
  const __m256i ones = _mm256_set1_epi8(1);
  const __m256i mask = _mm256_set1_epi16(static_cast<short>(join.mask));
  const __m256i above = _mm256_set1_epi16(static_cast<short>(join.limit + 1));
  for (std::uint32_t first = 0; first < lane_count; first += kSketches) {
    const std::uint32_t rest = lane_count - first;
    // A bit a byte, two a sketch.
    const std::uint32_t in_list =
        rest >= kSketches ? ~std::uint32_t{0} : (std::uint32_t{1} << (2 * rest)) - 1;
    const __m256i sketches = _mm256_loadu_si256(Unaligned(lanes + first));
    for (std::uint32_t other = 0; other < other_count; ++other) {
      const __m256i sketch = _mm256_set1_epi16(static_cast<short>(others[other]));
      const __m256i bits = _mm256_maddubs_epi16(
          BytePopcount(_mm256_and_si256(_mm256_xor_si256(sketches, sketch), mask)), ones);
      auto within =
          static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi16(above, bits))) &
          in_list & 0x55555555U;
      if (within == 0) [[likely]]
        continue;
      for (; within != 0; within &= within - 1) {
        const std::uint32_t lane = first + static_cast<std::uint32_t>(__builtin_ctz(within)) / 2;
        to.Add(join, kQueriesStand ? lane : other, kQueriesStand ? other : lane);
      }
      if (to.count > kHitsAtOnce - kSketches) to.Emit();
    }
  }
}

}  // namespace

void JoinAvx2(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context) {
  HitBuffer hits(emit, context);
  for (const BucketJoin* join = joins; join != joins + count; ++join) {
    if (join->query_count > 1 && QueriesStand(*join, kSketches)) {
      Compare<true>(*join, hits);
    } else {
      Compare<false>(*join, hits);
    }
  }
  hits.Emit();
}

void FindOnesAvx2(OneLookup* lookups, std::size_t count) { FindOnes(lookups, count); }

void CountBitsAvx2(std::uint32_t* values, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) {
    values[at] = static_cast<std::uint32_t>(__builtin_popcount(values[at]));
  }
}

void DistancesAvx2(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                   std::uint32_t* distances) {
  for (std::size_t at = 0; at < count; ++at) {
    const __m256i bits = BytePopcount(_mm256_xor_si256(_mm256_loadu_si256(Unaligned(a[at])),
                                                       _mm256_loadu_si256(Unaligned(b[at]))));
    const __m256i sums = _mm256_sad_epu8(bits, _mm256_setzero_si256());
    const __m128i half =
        _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    distances[at] =
        static_cast<std::uint32_t>(_mm_extract_epi32(half, 0) + _mm_extract_epi32(half, 2));
  }
}

}  // namespace kith::index::internal
