// SPDX-License-Identifier: Apache-2.0
//
// Thirty-two sketches a register. A bucket is loaded once for all queries that probe it; hardly any
// sketch survives, so that one branch a register is enough.
#include <immintrin.h>

#include "index/internal/find_ones.h"
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

void FindOnesAvx512(OneLookup* lookups, std::size_t count) { FindOnes(lookups, count); }

// A value lies in one word of 16 bits or in two; both are brought to its lane and shifted together.
void UnpackAvx512(const std::uint8_t* packed, std::uint64_t first_bit, unsigned bits,
                  std::size_t count, std::uint16_t* values) {
  alignas(64) std::uint16_t offsets[kSketches];
  for (std::uint32_t lane = 0; lane < kSketches; ++lane) {
    offsets[lane] = static_cast<std::uint16_t>(lane * bits);
  }
  const __m512i lanes = _mm512_load_si512(offsets);
  const __m512i ones = _mm512_set1_epi16(1);
  const __m512i width = _mm512_set1_epi16(16);
  const __m128i up = _mm_cvtsi32_si128(static_cast<int>(16 - bits));
  for (std::size_t at = 0; at < count;
       at += kSketches, first_bit += std::uint64_t{kSketches} * bits) {
    const __m512i bytes = _mm512_loadu_si512(packed + first_bit / 8);
    const __m512i places =
        _mm512_add_epi16(lanes, _mm512_set1_epi16(static_cast<short>(first_bit % 8)));
    const __m512i word = _mm512_srli_epi16(places, 4);
    const __m512i shift = _mm512_and_si512(places, _mm512_set1_epi16(15));
    const __m512i low = _mm512_srlv_epi16(_mm512_permutexvar_epi16(word, bytes), shift);
    // A shift by 16 gives zero.
    const __m512i high =
        _mm512_sllv_epi16(_mm512_permutexvar_epi16(_mm512_add_epi16(word, ones), bytes),
                          _mm512_sub_epi16(width, shift));
    _mm512_storeu_si512(values + at, _mm512_sll_epi16(_mm512_or_si512(low, high), up));
  }
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
