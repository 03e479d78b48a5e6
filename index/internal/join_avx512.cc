// SPDX-License-Identifier: Apache-2.0
//
// Thirty-two sketches a register. A bucket is loaded once for all queries that probe it; hardly any
// sketch survives, so that one branch a register is enough.
#include <immintrin.h>

#include "index/internal/join_kernel.h"

namespace kith::index::internal {
namespace {

constexpr std::uint32_t kSketches = 32;  // in a register

const __m256i* Unaligned(const void* at) { return static_cast<const __m256i*>(at); }

// Hits on their way to the caller, with room for one register more.
struct Hits {
  EmitHits emit;
  void* context;
  std::size_t count;
  SketchHit hits[kHitsAtOnce];
};

void EmitAll(Hits& hits) {
  hits.emit(hits.context, hits.hits, hits.count);
  hits.count = 0;
}

void AddLanes(Hits& hits, const BucketJoin* join, std::uint32_t query, std::uint32_t first,
              __mmask32 within) {
  for (; within != 0; within &= within - 1) {
    hits.hits[hits.count++] = {.join = join,
                               .query = query,
                               .entry = first + static_cast<std::uint32_t>(__builtin_ctz(within))};
  }
  if (hits.count > kHitsAtOnce - kSketches) [[unlikely]]
    EmitAll(hits);
}

}  // namespace

void JoinAvx512(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context) {
  Hits hits;
  hits.emit = emit;
  hits.context = context;
  hits.count = 0;
  for (const BucketJoin* join = joins; join != joins + count; ++join) {
    const __m512i mask = _mm512_set1_epi16(static_cast<short>(join->mask));
    const __m512i limit = _mm512_set1_epi16(static_cast<short>(join->limit));
    for (std::uint32_t first = 0; first < join->entry_count; first += kSketches) {
      const std::uint32_t rest = join->entry_count - first;
      const __mmask32 lanes = rest >= kSketches ? ~__mmask32{0} : (__mmask32{1} << rest) - 1;
      const __m512i entries = _mm512_maskz_loadu_epi16(lanes, join->entries + first);
      for (std::uint32_t query = 0; query < join->query_count; ++query) {
        const __m512i sketch = _mm512_set1_epi16(static_cast<short>(join->queries[query]));
        // (entries ^ sketch) & mask
        const __m512i differing = _mm512_ternarylogic_epi32(entries, sketch, mask, 0x28);
        const __mmask32 within =
            _mm512_mask_cmple_epu16_mask(lanes, _mm512_popcnt_epi16(differing), limit);
        if (within != 0) [[unlikely]]
          AddLanes(hits, join, query, first, within);
      }
    }
  }
  EmitAll(hits);
}

void CountBitsAvx512(std::uint32_t* values, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) {
    values[at] = static_cast<std::uint32_t>(__builtin_popcount(values[at]));
  }
}

void DistancesAvx512(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                     std::uint32_t* distances) {
  for (std::size_t at = 0; at < count; ++at) {
    const __m256i bits = _mm256_popcnt_epi64(_mm256_xor_si256(
        _mm256_loadu_si256(Unaligned(a[at])), _mm256_loadu_si256(Unaligned(b[at]))));
    const __m128i half =
        _mm_add_epi64(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
    distances[at] =
        static_cast<std::uint32_t>(_mm_extract_epi64(half, 0) + _mm_extract_epi64(half, 1));
  }
}

}  // namespace kith::index::internal
