// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tables that take Huffman codes of a JPEG together with the bits that belong to them:
// differences of DC terms at once, and AC terms skipped several at a time.
//
// Thread-safety: const after making. Complexity: some 10 us to make one; 20 KiB.
// Source: ITU-T T.81, annexes C and F; to skip several symbols by one look is our own.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hashing/internal/jpeg_bits.h"
#include "hashing/internal/jpeg_layout.h"

namespace kith::hashing::internal {

// Codes alone: of the first bits their length and symbol.
class HuffmanTable {
 public:
  explicit HuffmanTable(const HuffmanCode& code);

  struct Symbol {
    int bits = 0;  // 0: there is no such code
    int value = 0;
  };
  // The symbol at the start of 16 bits.
  [[nodiscard]] Symbol Find(std::uint32_t bits16) const {
    const std::uint16_t entry = short_[bits16 >> (16 - kShortBits)];
    if (entry != 0) return {entry >> 8, entry & 255};
    return FindLong(bits16);
  }

 private:
  static constexpr int kShortBits = 9;

  [[nodiscard]] Symbol FindLong(std::uint32_t bits16) const;

  std::array<std::uint16_t, 1 << kShortBits> short_{};  // length and symbol, 0: longer
  std::array<std::uint32_t, 18> end_{};   // of the codes of each length, as 16 bits; ascending
  std::array<int, 18> symbols_before_{};  // symbol of a code = this + the code of its length
  std::vector<std::uint8_t> symbols_;
};

// A number of `bits` bits as T.81 writes them: without its highest bit it is negative.
[[nodiscard]] inline int ExtendSign(std::uint32_t value, int bits) {
  const auto signed_value = static_cast<int>(value);
  return signed_value < 1 << (bits - 1) ? signed_value - (1 << bits) + 1 : signed_value;
}

class DcTable {
 public:
  explicit DcTable(const HuffmanCode& code);

  // The next difference; false where there is no such code. Needs 27 bits.
  [[nodiscard]] bool Take(JpegBits& bits, int& difference) const {
    const std::uint32_t entry = entries_[bits.Peek(kBits)];
    if (entry != 0) {
      bits.Drop(static_cast<int>(entry & 255));
      difference = static_cast<std::int16_t>(entry >> 16);
      return true;
    }
    return TakeLong(bits, difference);
  }

 private:
  static constexpr int kBits = 11;

  [[nodiscard]] bool TakeLong(JpegBits& bits, int& difference) const;

  HuffmanTable table_;
  std::array<std::uint32_t, 1 << kBits> entries_{};  // bits, and the difference above 16
};

class AcTable {
 public:
  explicit AcTable(const HuffmanCode& code);

  [[nodiscard]] const HuffmanTable& table() const { return table_; }

  // Skips the terms from zigzag place k to `last`, or to the end of the block before it; false
  // where the bits are none of a sequential block.
  [[nodiscard]] bool Skip(JpegBits& bits, int k, int last) const;

 private:
  static constexpr int kBits = 12;
  // What is added to the places where an end of block is among the symbols.
  static constexpr int kEndOfBlock = 128;
  // The places where the bits hold no whole symbol: beyond every block.
  static constexpr int kNone = 255;

  // One symbol. Its places in `k`; kEndOfBlock more at an end of block.
  [[nodiscard]] bool SkipOne(JpegBits& bits, int& k) const;

  HuffmanTable table_;
  std::array<std::uint16_t, 1 << kBits> entries_{};  // bits, and above 8 the places
};

}  // namespace kith::hashing::internal
