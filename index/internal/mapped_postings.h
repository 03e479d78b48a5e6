// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/internal/bands.h"
#include "index/internal/bucket.h"
#include "index/internal/join_kernel.h"
#include "index/internal/packed.h"
#include "index/internal/segment_format.h"

namespace kith::index::internal {

// The bands of a segment file where they lie (FORMAT.md): of each, where the buckets begin, the
// sketches of the items, and their tails: further bits of the code above its position, or above
// the lower bits of it, the rest of which a row of ones and zeros tells for each bucket. What is
// read is held within the numbers of the header, for the sake of files whose checksums are right
// and whose content is not.
class MappedPostings {
 public:
  struct BandTables {
    const std::uint32_t* starts = nullptr;
    const std::uint8_t* sketches = nullptr;
    const std::uint8_t* tails = nullptr;  // null: the codes lie in the order of this band
    const std::uint64_t* high_bits = nullptr;
  };

  MappedPostings() = default;
  MappedPostings(std::uint64_t codes, const SegmentCut& cut, std::vector<BandTables> bands);

  // What a ProbeWalk asks of its store; see there.
  [[nodiscard]] std::size_t ExpectedCodes() const { return codes_; }
  [[nodiscard]] bool HasWholeSketches() const { return sketch_bits_ == kSketchBits; }

  void FetchBucket(std::size_t band, std::uint32_t key) const { Fetch(bands_[band].starts + key); }
  [[nodiscard]] Bucket BucketAt(std::size_t band, std::uint32_t key) const {
    const std::uint32_t* starts = bands_[band].starts + key;
    const std::uint32_t start = std::min(starts[0], codes_);
    return {.key = key, .start = start, .count = std::clamp(starts[1], start, codes_) - start};
  }
  void FetchSketches(std::size_t band, const Bucket& bucket) const {
    const std::uint64_t first = std::uint64_t{bucket.start} * sketch_bits_ / 8;
    const std::uint64_t bits = std::uint64_t{bucket.count} * sketch_bits_;
    FetchLines(bands_[band].sketches + first, (bits + 15) / 8);
  }
  [[nodiscard]] const std::uint16_t* WholeSketches(std::size_t band, const Bucket& bucket) const {
    return reinterpret_cast<const std::uint16_t*>(bands_[band].sketches) + bucket.start;
  }
  void Unpack(const JoinKernel& kernel, std::size_t band, const Bucket& bucket,
              std::uint32_t first_rank, std::uint32_t count, std::uint16_t* sketches) const {
    const std::uint64_t first = std::uint64_t{bucket.start} + first_rank;
    kernel.unpack(bands_[band].sketches, first * sketch_bits_, sketch_bits_, count, sketches);
  }
  void FetchTail(const Survivor& survivor) const;
  // Drops those whose further bits are too far, and those without a position, and sets the
  // positions of the others.
  [[nodiscard]] std::size_t Resolve(std::span<Survivor> survivors,
                                    std::span<const BandProbe> probes,
                                    const JoinKernel& kernel) const;

 private:
  // Sets the lower bits as positions; drops those whose further bits are too far.
  [[nodiscard]] std::size_t ReadTails(std::span<Survivor> survivors,
                                      std::span<const BandProbe> probes,
                                      const JoinKernel& kernel) const;
  // Adds the higher bits.
  void AddParts(std::span<Survivor> survivors, const JoinKernel& kernel) const;
  [[nodiscard]] std::uint64_t FirstHighBit(const Survivor& survivor) const {
    return survivor.start + survivor.key * parts_;
  }

  std::uint32_t codes_ = 0;
  unsigned sketch_bits_ = kSketchBits;
  unsigned low_bits_ = 0;
  unsigned extra_bits_ = 0;
  unsigned tail_bits_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t high_words_ = 0;  // 0: the lower bits are all
  std::vector<BandTables> bands_;
};

}  // namespace kith::index::internal
