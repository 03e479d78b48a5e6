// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/hevc_sides.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kith::hashing::internal {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr int kSequenceParameterSet = 33;
constexpr std::uint64_t kVeryMuch = 1ull << 40;

// The bits of a unit. Beyond its end there are zeros.
class Bits {
 public:
  explicit Bits(Bytes bytes) : bytes_(bytes) {}

  std::uint64_t Get(int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 1 | Bit();
    return value;
  }
  void Skip(int count) {
    for (int i = 0; i < count; ++i) (void)Bit();
  }
  // As many bits behind a one as zeros before it.
  std::uint64_t ExpGolomb() {
    int zeros = 0;
    while (zeros < 32 && Bit() == 0) ++zeros;
    return (1ull << zeros) - 1 + Get(zeros);
  }
  [[nodiscard]] bool is_over() const { return at_ >= bytes_.size(); }

 private:
  std::uint64_t Bit() {
    // A 3 behind two zeros only keeps them from looking like the start of a unit.
    if (left_ == 0 && at_ >= 2 && at_ + 1 < bytes_.size() && bytes_[at_] == 0 &&
        bytes_[at_ - 1] == 0 && bytes_[at_ + 1] == 3) {
      ++at_;
    }
    if (left_ == 0) ++at_, left_ = 8;
    if (is_over()) return 0;
    --left_;
    return bytes_[at_] >> left_ & 1U;
  }

  Bytes bytes_;
  std::size_t at_ = 0;
  int left_ = 8;  // bits of the byte at at_
};

void SkipProfiles(Bits& bits, int more_layers) {
  constexpr int kProfile = 88;
  constexpr int kLevel = 8;
  bits.Skip(kProfile + kLevel);
  std::array<int, 8> skip{};
  for (int i = 0; i < more_layers; ++i) {
    const std::uint64_t profile = bits.Get(1);
    const std::uint64_t level = bits.Get(1);
    skip[static_cast<std::size_t>(i)] = (profile != 0 ? kProfile : 0) + (level != 0 ? kLevel : 0);
  }
  if (more_layers > 0) bits.Skip(2 * (8 - more_layers));
  for (const int count : skip) bits.Skip(count);
}

}  // namespace

std::uint64_t HevcPixels(Bytes unit) {
  if (unit.size() < 2) return 0;
  const int kind = unit[0] >> 1 & 0x3F;
  const int layer = (unit[0] & 1) << 5 | unit[1] >> 3;
  if (kind != kSequenceParameterSet || layer != 0) return 0;
  Bits bits(unit);
  bits.Skip(16 + 4);
  const int more_layers = static_cast<int>(bits.Get(3));
  bits.Skip(1);
  SkipProfiles(bits, more_layers);
  (void)bits.ExpGolomb();  // its own number
  constexpr std::uint64_t kFullChroma = 3;
  if (bits.ExpGolomb() == kFullChroma) bits.Skip(1);
  const std::uint64_t width = bits.ExpGolomb();
  const std::uint64_t height = bits.ExpGolomb();
  if (bits.is_over()) return 0;
  return width > kVeryMuch / std::max<std::uint64_t>(1, height) ? kVeryMuch : width * height;
}

}  // namespace kith::hashing::internal
