// SPDX-License-Identifier: Apache-2.0
//
// How a segment cuts codes into bands, and which keys of each band a search looks at.
//
// General pigeonhole: give each band b a share u(b) of bits, r + 1 in all. Two codes within r bits
// differ in fewer than u(b) bits of some band, as they would differ in r + 1 bits otherwise. So it
// is enough to look, in each band, at the keys within u(b) - 1 bits of the query's. The shares of a
// radius go where one bit more costs least, which for bands of these costs is the cheapest way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "index/hamming_index.h"
#include "index/internal/segment_format.h"

namespace kith::index::internal {

// A code as four words, the first byte highest: their order is the order of the bytes.
using WordCode = std::array<std::uint64_t, 4>;

inline WordCode WordsOf(const std::uint8_t* code) {
  WordCode words;
  for (std::size_t word = 0; word < words.size(); ++word) {
    std::uint64_t value = 0;
    __builtin_memcpy(&value, code + 8 * word, sizeof(value));
    words[word] = __builtin_bswap64(value);
  }
  return words;
}

inline std::uint32_t KeyOf(const WordCode& code, const SegmentBand& band) {
  const std::uint32_t word = band.first_bit / 64;
  const std::uint32_t shift = band.first_bit % 64;
  // Shifted in two steps: a shift by 64 is not defined.
  const std::uint64_t bits = code[word] << shift | code[(word + 1) % 4] >> 1 >> (63 - shift);
  return static_cast<std::uint32_t>(bits >> (64 - band.key_bits));
}

// Which bands are fastest for so many distinct codes at radius 31 and still lie within the 64 bytes
// a code where that is promised. None for few codes: they are scanned. `bands` other than 0 asks
// for that number of bands.
[[nodiscard]] std::vector<SegmentBand> ChooseBands(std::uint64_t codes, int bands);

// Of codes, postings and directories, a code.
[[nodiscard]] double HotBytesPerCode(std::span<const SegmentBand> bands, std::uint64_t codes);

class SegmentPlan {
 public:
  // Bits in which a key may be asked to differ; where a radius needs more there is a scan.
  static constexpr int kMostFlips = 4;

  SegmentPlan(std::vector<SegmentBand> bands, std::uint64_t codes);

  [[nodiscard]] std::span<const SegmentBand> bands() const { return bands_; }

  // For each band the bits in which a key may differ; negative: it is not looked at. Empty if the
  // radius is not for probing.
  [[nodiscard]] std::vector<int> Flips(int radius_bits) const;
  // Expected time of a query in nanoseconds, for random codes.
  [[nodiscard]] double Cost(std::span<const int> flips) const;
  // All patterns of so many bits with up to `flips` set, ascending: neighbours share what is
  // fetched.
  [[nodiscard]] std::span<const std::uint32_t> Patterns(std::uint32_t key_bits, int flips) const;

 private:
  std::vector<SegmentBand> bands_;
  std::uint64_t codes_;
  std::map<std::uint32_t, std::array<std::vector<std::uint32_t>, kMostFlips + 1>> patterns_;
};

}  // namespace kith::index::internal
