// SPDX-License-Identifier: Apache-2.0
//
// Thirty-two sketches a register.
#include <immintrin.h>

#include "index/internal/find_ones.h"
#include "index/internal/join_kernel.h"
#include "index/internal/join_lists.h"

namespace kith::index::internal {
namespace {

constexpr std::uint32_t kSketches = 32;  // in a register

const __m256i* Unaligned(const void* at) { return static_cast<const __m256i*>(at); }

// What stands in registers and what is walked.
struct Lists {
  const BucketJoin* join;
  bool queries_stand;
  const std::uint16_t* lanes;
  const std::uint16_t* others;
  std::uint32_t lane_count;
  std::uint32_t other_count;
};

Lists ListsOf(const BucketJoin& join) {
  if (QueriesStand(join, kSketches)) {
    return {&join, true, join.queries, join.entries, join.query_count, join.entry_count};
  }
  return {&join, false, join.entries, join.queries, join.entry_count, join.query_count};
}

struct Limits {
  __m512i mask;
  __m512i limit;
};

__mmask32 FirstLanes(std::uint32_t count) {
  return count >= kSketches ? ~__mmask32{0} : (__mmask32{1} << count) - 1;
}

__mmask32 Within(__m512i a, __m512i b, const Limits& limits, __mmask32 lanes) {
  // (a ^ b) & mask
  const __m512i differing = _mm512_ternarylogic_epi32(a, b, limits.mask, 0x28);
  return _mm512_mask_cmple_epu16_mask(lanes, _mm512_popcnt_epi16(differing), limits.limit);
}

// Of a register that stands and a sketch that is walked.
void AddHits(const BucketJoin& join, bool queries_stand, std::uint32_t other,
             std::uint32_t first_lane, __mmask32 within, HitBuffer& hits) {
  for (; within != 0; within &= within - 1) {
    const std::uint32_t lane = first_lane + static_cast<std::uint32_t>(__builtin_ctz(within));
    hits.Add(join, queries_stand ? lane : other, queries_stand ? other : lane);
  }
  // There is room for one register more.
  if (hits.count > kHitsAtOnce - kSketches) [[unlikely]]
    hits.Emit();
}

// Few queries: a branch for each register, hardly ever taken.
void CompareFew(const BucketJoin& join, const Limits& limits, HitBuffer& hits) {
  for (std::uint32_t first = 0; first < join.entry_count; first += kSketches) {
    const __mmask32 in_bucket = FirstLanes(join.entry_count - first);
    const __m512i entries = _mm512_maskz_loadu_epi16(in_bucket, join.entries + first);
    for (std::uint32_t query = 0; query < join.query_count; ++query) {
      const __m512i sketch = _mm512_set1_epi16(static_cast<short>(join.queries[query]));
      const __mmask32 within = Within(entries, sketch, limits, in_bucket);
      if (within != 0) [[unlikely]]
        AddHits(join, false, query, first, within, hits);
    }
  }
}

constexpr std::uint32_t kMasks = 256;
constexpr std::uint32_t kWords = 16;  // of 32 bits in a register

// The places of those of the words that are not 0; 16 words behind the last one are 0.
std::uint32_t FindSome(const std::uint32_t* words, std::uint32_t count, std::uint32_t* places) {
  std::uint32_t found = 0;
  __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (std::uint32_t at = 0; at < count; at += kWords) {
    const __m512i some = _mm512_load_si512(words + at);
    const __mmask16 which = _mm512_test_epi32_mask(some, some);
    _mm512_storeu_si512(places + found, _mm512_maskz_compress_epi32(which, place));
    found += static_cast<std::uint32_t>(__builtin_popcount(which));
    place = _mm512_add_epi32(place, _mm512_set1_epi32(kWords));
  }
  return found;
}

// Many: no branch for a register, as one that is taken once in ten times costs more than the
// comparison. What is within is written down for all, and where there is something is found sixteen
// registers at a time. Of what stands, kRegisters registers from first_lane on.
template <std::uint32_t kRegisters>
void ComparePiece(const Lists& lists, std::uint32_t first_lane, const Limits& limits,
                  HitBuffer& hits) {
  constexpr std::uint32_t kOthers = kMasks / kRegisters;
  alignas(64) std::uint32_t within[kMasks + kWords];
  std::uint32_t places[kMasks + kWords];
  const std::uint32_t last_lane = first_lane + (kRegisters - 1) * kSketches;
  const __mmask32 in_last = FirstLanes(lists.lane_count - last_lane);
  __m512i lanes[kRegisters];
  for (std::uint32_t at = 0; at + 1 < kRegisters; ++at) {
    lanes[at] = _mm512_loadu_si512(lists.lanes + first_lane + std::size_t{at} * kSketches);
  }
  lanes[kRegisters - 1] = _mm512_maskz_loadu_epi16(in_last, lists.lanes + last_lane);
  for (std::uint32_t first = 0; first < lists.other_count; first += kOthers) {
    const std::uint32_t rest = lists.other_count - first;
    const std::uint16_t* const others = lists.others + first;
    const std::uint16_t* const end = others + (rest < kOthers ? rest : kOthers);
    std::uint32_t* to = within;
    for (const std::uint16_t* other = others; other != end; ++other) {
      const __m512i sketch = _mm512_set1_epi16(static_cast<short>(*other));
#pragma GCC unroll 4
      for (std::uint32_t at = 0; at < kRegisters; ++at) {
        *to++ = Within(lanes[at], sketch, limits, at + 1 == kRegisters ? in_last : ~__mmask32{0});
      }
    }
    _mm512_storeu_si512(to, _mm512_setzero_si512());
    const std::uint32_t found = FindSome(within, static_cast<std::uint32_t>(to - within), places);
    for (std::uint32_t at = 0; at < found; ++at) {
      const std::uint32_t place = places[at];
      AddHits(*lists.join, lists.queries_stand, first + place / kRegisters,
              first_lane + place % kRegisters * kSketches, within[place], hits);
    }
  }
}

void CompareMany(const Lists& lists, const Limits& limits, HitBuffer& hits) {
  for (std::uint32_t first = 0; first < lists.lane_count; first += 4 * kSketches) {
    switch ((lists.lane_count - first + kSketches - 1) / kSketches) {
      case 1:
        ComparePiece<1>(lists, first, limits, hits);
        break;
      case 2:
        ComparePiece<2>(lists, first, limits, hits);
        break;
      case 3:
        ComparePiece<3>(lists, first, limits, hits);
        break;
      default:
        ComparePiece<4>(lists, first, limits, hits);
    }
  }
}

}  // namespace

void JoinAvx512(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context) {
  constexpr std::uint32_t kFew = 4;
  HitBuffer hits(emit, context);
  for (const BucketJoin* join = joins; join != joins + count; ++join) {
    const Limits limits = {_mm512_set1_epi16(static_cast<short>(join->mask)),
                           _mm512_set1_epi16(static_cast<short>(join->limit))};
    if (join->query_count <= kFew) {
      CompareFew(*join, limits, hits);
    } else {
      CompareMany(ListsOf(*join), limits, hits);
    }
  }
  hits.Emit();
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
