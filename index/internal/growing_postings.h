// SPDX-License-Identifier: Apache-2.0
//
// The bands of codes that are added one by one while others search them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/internal/bands.h"
#include "index/internal/bucket.h"
#include "index/internal/huge_array.h"
#include "index/internal/join_kernel.h"

namespace kith::index::internal {

// Every bucket is a line of 64 bytes: 31 sketches and their number. A probe so touches one line,
// where a directory and a list beside it are two and more: what it costs is reading from memory.
// The tails lie apart, in the same order, as few are read. A code whose bucket is full in some band
// finds no place; whoever adds keeps it elsewhere.
//
// One thread adds, any number search meanwhile. A sketch is written before it is counted and never
// changes. A kernel that would read more than what is counted, though it ignores it, is given a
// copy.
class GrowingPostings {
 public:
  static constexpr std::uint32_t kSlots = 31;  // of a bucket
  // How the ring is cut for so many codes: about 16 in a bucket at the end, so that few are full.
  [[nodiscard]] static BandShape ShapeFor(std::size_t capacity);
  // More would be slower in this way than in two parts: from 17 bits a key on, bands are so few
  // that a key may differ in two bits.
  static constexpr std::size_t kMostCodes = std::size_t{1} << 20;

  // `plan` is of the shape for `capacity`. 192 bytes a bucket, zeroed as they are touched. Throws
  // std::bad_alloc. `kernel_reads_exactly`: JoinKernel::reads_exactly of the searches.
  GrowingPostings(const BandPlan& plan, std::size_t capacity, bool kernel_reads_exactly);

  // Brings what Add reads into the cache.
  void FetchFor(const std::uint8_t* code) const;
  // False, and nothing is added, where a bucket is full. O(bands).
  [[nodiscard]] bool Add(const std::uint8_t* code, std::uint32_t position);

  // What a ProbeWalk asks of its store; see there.
  [[nodiscard]] std::size_t ExpectedCodes() const { return capacity_; }  // at the end
  [[nodiscard]] bool HasWholeSketches() const { return reads_exactly_; }

  void FetchBucket(std::size_t band, std::uint32_t key) const { Fetch(LineOf(band, key)); }
  [[nodiscard]] Bucket BucketAt(std::size_t band, std::uint32_t key) const {
    return {.key = key, .start = 0, .count = CountOf(*LineOf(band, key))};
  }
  void FetchSketches(std::size_t /*band*/, const Bucket& /*bucket*/) const {}
  [[nodiscard]] const std::uint16_t* WholeSketches(std::size_t band, const Bucket& bucket) const {
    return LineOf(band, bucket.key)->sketches;
  }
  void Unpack(const JoinKernel& kernel, std::size_t band, const Bucket& bucket,
              std::uint32_t first_rank, std::uint32_t count, std::uint16_t* sketches) const;
  void FetchTail(const Survivor& survivor) const { Fetch(&TailOf(survivor)); }
  // Drops those whose further bits are too far, and sets the positions of the others.
  [[nodiscard]] std::size_t Resolve(std::span<Survivor> survivors,
                                    std::span<const BandProbe> probes,
                                    const JoinKernel& kernel) const;

  [[nodiscard]] std::size_t Bytes() const { return lines_.Bytes() + tails_.Bytes(); }

 private:
  static constexpr std::size_t kTails = 32;  // room for those of a bucket

  struct alignas(64) Line {
    std::uint16_t sketches[kSlots];
    std::uint16_t count;
  };
  static_assert(sizeof(Line) == 64);

  [[nodiscard]] static std::uint16_t CountOf(const Line& line) {
    // Only loaded from: what is const here is so for this reader alone.
    return std::atomic_ref(const_cast<std::uint16_t&>(line.count)).load(std::memory_order_acquire);
  }
  [[nodiscard]] std::size_t BucketNumber(std::size_t band, std::uint32_t key) const {
    return first_bucket_[band] + key;
  }
  [[nodiscard]] const Line* LineOf(std::size_t band, std::uint32_t key) const {
    return lines_.data() + BucketNumber(band, key);
  }
  [[nodiscard]] const std::uint32_t& TailOf(const Survivor& survivor) const {
    return tails_.data()[BucketNumber(survivor.band, survivor.key) * kTails + survivor.rank];
  }

  std::size_t capacity_;
  std::span<const Band> bands_;
  std::vector<std::size_t> first_bucket_;  // of each band
  std::uint32_t position_mask_;
  bool reads_exactly_;
  HugeArray<Line> lines_;
  // The position of a code in the lower bits, above it what follows the sketch.
  HugeArray<std::uint32_t> tails_;
};

}  // namespace kith::index::internal
