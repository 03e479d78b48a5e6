// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/jpeg_huffman.h"

#include <cstddef>

namespace kith::hashing::internal {

HuffmanTable::HuffmanTable(const HuffmanCode& code) : symbols_(code.symbols) {
  std::uint32_t next = 0;  // the code of the length at hand
  int symbol = 0;
  for (std::size_t bits = 1; bits <= 16; ++bits) {
    const auto length = static_cast<int>(bits);
    symbols_before_[bits] = symbol - static_cast<int>(next);
    for (int i = 0; i < code.counts[bits]; ++i, ++next, ++symbol) {
      if (length > kShortBits) continue;
      const int free_bits = kShortBits - length;
      const auto entry =
          static_cast<std::uint16_t>(length << 8 | code.symbols[static_cast<std::size_t>(symbol)]);
      for (std::uint32_t k = 0; k < 1u << free_bits; ++k) short_[(next << free_bits) + k] = entry;
    }
    end_[bits] = next << (16 - length);
    next <<= 1;
  }
}

HuffmanTable::Symbol HuffmanTable::FindLong(std::uint32_t bits16) const {
  for (std::size_t bits = kShortBits + 1; bits <= 16; ++bits) {
    if (bits16 >= end_[bits]) continue;
    const auto length = static_cast<int>(bits);
    const int place = symbols_before_[bits] + static_cast<int>(bits16 >> (16 - length));
    return {length, symbols_[static_cast<std::size_t>(place)]};
  }
  return {};
}

DcTable::DcTable(const HuffmanCode& code) : table_(code) {
  for (std::uint32_t index = 0; index < entries_.size(); ++index) {
    const HuffmanTable::Symbol symbol = table_.Find(index << (16 - kBits));
    const int bits = symbol.bits + symbol.value;
    if (symbol.bits == 0 || bits > kBits) continue;
    int difference = 0;
    if (symbol.value > 0) {
      const std::uint32_t below = (1u << symbol.value) - 1;
      difference = ExtendSign(index >> (kBits - bits) & below, symbol.value);
    }
    entries_[index] = static_cast<std::uint32_t>(bits) | static_cast<std::uint32_t>(difference)
                                                             << 16;
  }
}

bool DcTable::TakeLong(JpegBits& bits, int& difference) const {
  const HuffmanTable::Symbol symbol = table_.Find(bits.Peek(16));
  if (symbol.bits == 0) return false;
  bits.Drop(symbol.bits);
  difference = symbol.value == 0 ? 0 : ExtendSign(bits.Take(symbol.value), symbol.value);
  return true;
}

AcTable::AcTable(const HuffmanCode& code) : table_(code) {
  for (std::uint32_t index = 0; index < entries_.size(); ++index) {
    int bits = 0;
    int places = 0;
    // As many whole symbols as the bits hold, up to the end of a block.
    while (places < kEndOfBlock) {
      const std::uint32_t rest = index << bits & ((1u << kBits) - 1);
      const HuffmanTable::Symbol symbol = table_.Find(rest << (16 - kBits));
      const int run = symbol.value >> 4;
      const int size = symbol.value & 15;
      if (symbol.bits == 0 || bits + symbol.bits + size > kBits) break;
      if (size == 0 && run != 0 && run != 15) break;
      const bool is_end = symbol.value == 0;
      if (!is_end && places + run + 1 >= kBlockTerms) break;
      bits += symbol.bits + size;
      places += is_end ? kEndOfBlock : run + 1;
    }
    if (bits == 0) places = kNone;
    entries_[index] = static_cast<std::uint16_t>(bits | places << 8);
  }
}

bool AcTable::SkipOne(JpegBits& bits, int& k) const {
  const HuffmanTable::Symbol symbol = table_.Find(bits.Peek(16));
  const int run = symbol.value >> 4;
  const int size = symbol.value & 15;
  if (symbol.bits == 0 || (size == 0 && run != 0 && run != 15)) return false;
  bits.Drop(symbol.bits);
  if (size > 0) bits.Drop(size);
  k += symbol.value == 0 ? kEndOfBlock : run + 1;
  return true;
}

bool AcTable::Skip(JpegBits& bits, int k, int last) const {
  while (k <= last) {
    bits.Fill();
    // Four looks fit into what is there.
    static_assert(4 * kBits <= JpegBits::kFilled);
    for (int look = 0; look < 4; ++look) {
      const std::uint32_t entry = entries_[bits.Peek(kBits)];
      const int next = k + static_cast<int>(entry >> 8);
      if (next <= last) {
        bits.Drop(static_cast<int>(entry & 255));
        k = next;
        continue;
      }
      if (next == last + 1 || (next >= kEndOfBlock && next <= last + kEndOfBlock)) {
        bits.Drop(static_cast<int>(entry & 255));
        return true;
      }
      // Too long for the table, or reaching into the next block: one by one.
      bits.Fill();
      if (!SkipOne(bits, k)) return false;
      if (k >= kEndOfBlock) return true;
      if (k > last + 1) return false;
      break;
    }
  }
  return true;
}

}  // namespace kith::hashing::internal
