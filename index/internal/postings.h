// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "index/internal/bands.h"
#include "index/internal/huge_array.h"

namespace kith::index::internal {

// For each band, the codes in the order of their keys: a directory tells where a bucket begins, and
// beside each other lie the sketches, which are compared, and the tails, which are read for the few
// that survive. Immutable.
class Postings {
 public:
  Postings() = default;
  // Two passes over the codes a band; O(bands * codes). Throws std::bad_alloc.
  // `plan` was made for ExtraBits of the number of codes.
  Postings(const BandPlan& plan, std::span<const RingCode> codes);

  // Of one band.
  struct View {
    const std::uint32_t* starts;    // one a bucket, and one past the last
    const std::uint16_t* sketches;  // kSketchSlack more may be read
    const std::uint32_t* tails;     // see Position and Extra
  };
  [[nodiscard]] View Of(std::size_t band) const {
    return View{.starts = starts_.data() + band * starts_stride_,
                .sketches = sketches_.data() + band * codes_,
                .tails = tails_.data() + band * codes_};
  }
  // A tail is the position of a code and, in the bits that this leaves free, what follows the
  // sketch.
  [[nodiscard]] std::uint32_t Position(std::uint32_t tail) const {
    return static_cast<std::uint32_t>(tail & ((std::uint64_t{1} << position_bits_) - 1));
  }
  [[nodiscard]] std::uint32_t Extra(std::uint32_t tail) const {
    return static_cast<std::uint32_t>(std::uint64_t{tail} >> position_bits_);
  }
  // How many bits are free for so many codes, at most 16.
  [[nodiscard]] static int ExtraBits(std::size_t codes);
  [[nodiscard]] std::size_t Bytes() const {
    return starts_.Bytes() + sketches_.Bytes() + tails_.Bytes();
  }

 private:
  std::size_t codes_ = 0;
  int position_bits_ = 32;
  std::size_t starts_stride_ = 0;
  HugeArray<std::uint32_t> starts_;
  HugeArray<std::uint16_t> sketches_;
  HugeArray<std::uint32_t> tails_;
};

}  // namespace kith::index::internal
