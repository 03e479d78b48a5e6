// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "index/internal/bands.h"
#include "index/internal/bucket.h"
#include "index/internal/distinct.h"
#include "index/internal/huge_array.h"
#include "index/internal/join_kernel.h"

namespace kith::index::internal {

// For each band, the codes in the order of their keys: a directory tells where a bucket begins, and
// beside each other lie the sketches, which are compared, and the tails, which are read for the few
// that survive. Immutable.
class Postings {
 public:
  Postings() = default;
  // Two passes over the codes a band; O(bands * codes). Throws std::bad_alloc.
  // `plan` was made for ExtraBits of the number of codes.
  Postings(const BandPlan& plan, std::span<const RawCode> codes);

  // What a ProbeWalk asks of its store; see there.
  [[nodiscard]] std::size_t ExpectedCodes() const { return codes_; }
  [[nodiscard]] static constexpr bool HasWholeSketches() { return true; }

  void FetchBucket(std::size_t band, std::uint32_t key) const { Fetch(StartsOf(band) + key); }
  [[nodiscard]] Bucket BucketAt(std::size_t band, std::uint32_t key) const {
    const std::uint32_t* starts = StartsOf(band) + key;
    return {.key = key, .start = starts[0], .count = starts[1] - starts[0]};
  }
  [[nodiscard]] const std::uint16_t* WholeSketches(std::size_t band, const Bucket& bucket) const {
    return sketches_.data() + band * codes_ + bucket.start;
  }
  void FetchSketches(std::size_t band, const Bucket& bucket) const {
    FetchLines(WholeSketches(band, bucket), bucket.count * sizeof(std::uint16_t));
  }
  // Never asked for, as all are whole.
  static void Unpack(const JoinKernel& /*kernel*/, std::size_t /*band*/, const Bucket& /*bucket*/,
                     std::uint32_t /*first_rank*/, std::uint32_t /*count*/,
                     std::uint16_t* /*sketches*/) {}
  void FetchTail(const Survivor& survivor) const { Fetch(&TailOf(survivor)); }
  // Drops those whose further bits are too far, and sets the positions of the others.
  [[nodiscard]] std::size_t Resolve(std::span<Survivor> survivors,
                                    std::span<const BandProbe> probes,
                                    const JoinKernel& kernel) const;

  // How many bits are free for so many codes, at most 16.
  [[nodiscard]] static int ExtraBits(std::size_t codes);
  [[nodiscard]] std::size_t Bytes() const {
    return starts_.Bytes() + sketches_.Bytes() + tails_.Bytes();
  }

 private:
  [[nodiscard]] std::uint32_t PositionMask() const {
    return static_cast<std::uint32_t>((std::uint64_t{1} << position_bits_) - 1);
  }
  [[nodiscard]] const std::uint32_t* StartsOf(std::size_t band) const {
    return starts_.data() + band * starts_stride_;
  }
  // A tail is the position of a code in the lower bits and, in those that this leaves free, what
  // follows the sketch: the upper bits of Band::Rest.
  [[nodiscard]] const std::uint32_t& TailOf(const Survivor& survivor) const {
    return tails_.data()[survivor.band * codes_ + survivor.start + survivor.rank];
  }

  std::size_t codes_ = 0;
  int position_bits_ = 32;
  std::size_t starts_stride_ = 0;
  HugeArray<std::uint32_t> starts_;    // one a bucket, and one past the last
  HugeArray<std::uint16_t> sketches_;  // kSketchSlack more may be read
  HugeArray<std::uint32_t> tails_;
};

}  // namespace kith::index::internal
