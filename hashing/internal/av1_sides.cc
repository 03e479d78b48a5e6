// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/av1_sides.h"

#include <algorithm>
#include <cstddef>

namespace kith::hashing::internal {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr int kSequenceHeader = 1;

// Beyond the end there are zeros.
class Bits {
 public:
  explicit Bits(Bytes bytes) : bytes_(bytes) {}

  std::uint64_t Get(int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      const bool is_there = at_ / 8 < bytes_.size();
      value = value << 1 | (is_there ? bytes_[at_ / 8] >> (7 - at_ % 8) & 1U : 0U);
    }
    return value;
  }
  bool Flag() { return Get(1) != 0; }
  void Skip(std::uint64_t count) { at_ += count; }
  // As many bits behind a one as zeros before it.
  void SkipVariable() {
    int zeros = 0;
    while (zeros < 32 && !Flag()) ++zeros;
    if (zeros < 32) Skip(static_cast<std::uint64_t>(zeros));
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

void SkipOperatingPoints(Bits& bits) {
  bool decoder_model = false;
  std::uint64_t delay_bits = 0;
  if (bits.Flag()) {  // times
    bits.Skip(32 + 32);
    if (bits.Flag()) bits.SkipVariable();
    decoder_model = bits.Flag();
    if (decoder_model) {
      delay_bits = bits.Get(5) + 1;
      bits.Skip(32 + 5 + 5);
    }
  }
  const bool initial_delay = bits.Flag();
  const std::uint64_t points = bits.Get(5) + 1;
  for (std::uint64_t i = 0; i < points; ++i) {
    constexpr std::uint64_t kLevelsOfOneTier = 7;
    bits.Skip(12);
    if (bits.Get(5) > kLevelsOfOneTier) bits.Skip(1);
    if (decoder_model && bits.Flag()) bits.Skip(2 * delay_bits + 1);
    if (initial_delay && bits.Flag()) bits.Skip(4);
  }
}

std::uint64_t PixelsOfHeader(Bytes header) {
  Bits bits(header);
  bits.Skip(3 + 1);  // profile, still picture
  const bool reduced = bits.Flag();
  if (reduced) {
    bits.Skip(5);
  } else {
    SkipOperatingPoints(bits);
  }
  const int width_bits = static_cast<int>(bits.Get(4)) + 1;
  const int height_bits = static_cast<int>(bits.Get(4)) + 1;
  const std::uint64_t width = bits.Get(width_bits) + 1;
  return width * (bits.Get(height_bits) + 1);
}

}  // namespace

std::uint64_t Av1Pixels(Bytes units) {
  std::uint64_t most = 0;
  while (!units.empty()) {
    const int kind = units[0] >> 3 & 15;
    std::size_t at = (units[0] & 4) != 0 ? 2 : 1;
    std::uint64_t size = units.size();
    if ((units[0] & 2) != 0) {  // seven bits a byte, least significant first
      size = 0;
      for (int i = 0; i < 8 && at < units.size(); ++i) {
        const std::uint8_t byte = units[at++];
        size |= std::uint64_t{byte & 0x7FU} << (7 * i);
        if ((byte & 0x80) == 0) break;
      }
    }
    const Bytes rest = units.subspan(std::min(at, units.size()));
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(size, rest.size()));
    if (kind == kSequenceHeader) most = std::max(most, PixelsOfHeader(rest.first(length)));
    units = rest.subspan(length);
  }
  return most;
}

}  // namespace kith::hashing::internal
