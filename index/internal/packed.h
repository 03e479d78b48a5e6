// SPDX-License-Identifier: Apache-2.0
//
// Whole numbers of a fixed number of bits, one behind the other, the lowest bit first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace kith::index::internal {

static_assert(std::endian::native == std::endian::little, "segments are read where they lie");

// What may be read behind the last value.
inline constexpr std::uint64_t kPackedSlackBytes = 16;

inline std::uint64_t LoadWord(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Bits that the numbers 0..count-1 take.
inline unsigned BitsFor(std::uint64_t count) {
  return count < 2 ? 0 : static_cast<unsigned>(std::bit_width(count - 1));
}

inline std::uint64_t LowBits(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);
}

inline std::uint64_t PackedBytes(std::uint64_t count, unsigned bits) {
  return (count * bits + 7) / 8;
}

// Of 0..64 bits.
inline std::uint64_t PackedAt(const std::uint8_t* base, std::uint64_t index, unsigned bits) {
  const std::uint64_t bit = index * bits;
  const std::uint8_t* at = base + bit / 8;
  const auto shift = static_cast<unsigned>(bit % 8);
  // Shifted in two steps: a shift by 64 is not defined.
  return (LoadWord(at) >> shift | LoadWord(at + 8) << 1 << (63 - shift)) & LowBits(bits);
}

// Of 0..57 bits, with one load.
inline std::uint64_t ShortPackedAt(const std::uint8_t* base, std::uint64_t index, unsigned bits,
                                   std::uint64_t mask) {
  const std::uint64_t bit = index * bits;
  return LoadWord(base + bit / 8) >> (bit % 8) & mask;
}

}  // namespace kith::index::internal
