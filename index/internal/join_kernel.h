// SPDX-License-Identifier: Apache-2.0
//
// The inner loops of MultiIndexHash, once for each instruction set. As with scan_kernel.h, the
// files that implement them hold no inline function that others see and no template of the standard
// library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/internal/bucket.h"

namespace kith::index::internal {

// How many values may be read, and are ignored, behind the sketches of a bucket or of queries.
inline constexpr std::size_t kSketchSlack = 32;

// A bucket of the index and queries that probe it: which sketches lie within `limit` bits? Long
// lists are cheap: of two, one stands in registers and the other is walked.
struct BucketJoin {
  const std::uint16_t* entries;  // sketches of the bucket
  const std::uint16_t* queries;  // sketches of the queries
  std::uint32_t entry_count;
  std::uint32_t query_count;
  std::uint16_t mask;   // bits of the sketch that count
  std::uint16_t limit;  // inclusive
  // Not read by the kernel:
  std::uint16_t band;
  std::uint16_t flips;
  Bucket bucket;
  std::uint32_t first_rank;  // in the bucket, of entries[0]
};

// A pair of sketches within the limit.
struct SketchHit {
  const BucketJoin* join;
  std::uint32_t query;
  std::uint32_t entry;
};

// Told of all such pairs, at most kHitsAtOnce in a call: a call for each would take longer than the
// comparisons between two of them, as it drops what the vector registers hold.
using EmitHits = void (*)(void* context, const SketchHit* hits, std::size_t count);
inline constexpr std::size_t kHitsAtOnce = 256;

// The place of a one in a row of bits: the rank-th (from 0) from first_bit on.
struct OneLookup {
  const std::uint64_t* words;
  std::uint64_t word_count;
  std::uint64_t first_bit;
  std::uint64_t rank;
  std::uint64_t
      place;  // set: bits between first_bit and it; kNoPlace if there are not so many ones
};
inline constexpr std::uint64_t kNoPlace = ~std::uint64_t{0};

struct JoinKernel {
  void (*join)(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context);
  // Whether it reads no value behind the sketches of a bucket.
  bool reads_exactly;
  // values[i] = number of bits set in it.
  void (*count_bits)(std::uint32_t* values, std::size_t count);
  // distances[i] = bits that differ between the 256-bit codes a[i] and b[i].
  void (*distances)(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                    std::uint32_t* distances);
  // Those in a row that share first_bit and ascend in rank cost no more than the last of them.
  void (*find_ones)(OneLookup* lookups, std::size_t count);
  // Numbers of `bits` (1..15) bits, packed as in packed.h, the first of which begins at bit
  // first_bit of `packed`, into the upper bits of values. kSketchSlack values more may be written,
  // and 64 bytes more be read.
  void (*unpack)(const std::uint8_t* packed, std::uint64_t first_bit, unsigned bits,
                 std::size_t count, std::uint16_t* values);
};

void JoinScalar(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context);
void JoinAvx2(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context);
void JoinAvx512(const BucketJoin* joins, std::size_t count, EmitHits emit, void* context);

void FindOnesScalar(OneLookup* lookups, std::size_t count);
void FindOnesAvx2(OneLookup* lookups, std::size_t count);
void FindOnesAvx512(OneLookup* lookups, std::size_t count);

void UnpackScalar(const std::uint8_t* packed, std::uint64_t first_bit, unsigned bits,
                  std::size_t count, std::uint16_t* values);
void UnpackAvx512(const std::uint8_t* packed, std::uint64_t first_bit, unsigned bits,
                  std::size_t count, std::uint16_t* values);

void CountBitsScalar(std::uint32_t* values, std::size_t count);
void DistancesScalar(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                     std::uint32_t* distances);
void CountBitsAvx2(std::uint32_t* values, std::size_t count);
void DistancesAvx2(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                   std::uint32_t* distances);
void CountBitsAvx512(std::uint32_t* values, std::size_t count);
void DistancesAvx512(const std::uint8_t* const* a, const std::uint8_t* const* b, std::size_t count,
                     std::uint32_t* distances);

}  // namespace kith::index::internal
