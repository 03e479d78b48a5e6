// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_plan.h"

#include <algorithm>
#include <limits>

#include "index/internal/packed.h"

namespace kith::index::internal {
namespace {

// With a little to spare for the header and padding.
constexpr double kPromisedBytes = 63.95;

// Eight bands of 32 bits: with fewer, their keys would have to be asked with more bits flipped, and
// with more, too many codes agree with a query in all that is known of them in a band. What remains
// to be chosen is how much of the 32 bits is key. The longer it is the more buckets are looked at,
// and the fewer codes in them; the sketch takes the rest of the band.
SegmentCut CompactCut(std::uint64_t codes) {
  constexpr std::uint32_t kBands = 8;
  constexpr std::uint32_t kSpan = kCodeBits / kBands;
  SegmentCut best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (std::uint32_t key_bits = kSegmentLeastKeyBits; key_bits <= kSegmentMostKeyBits; ++key_bits) {
    const SegmentCut cut{.bands = kBands,
                         .key_bits = key_bits,
                         .sketch_bits = std::min<std::uint32_t>(kSpan - key_bits, kSketchBits),
                         .extra_bits = 0,
                         .low_bits = std::min<std::uint32_t>(key_bits, BitsFor(codes))};
    // Of few codes no cut is so small; then it is the shortest key.
    if (best.bands != 0 && HotBytesPerCode(cut, codes) > kPromisedBytes) continue;
    const BandPlan plan(ShapeOf(cut));
    const double cost = plan.CostOf(kDefaultRadiusBits, codes).Nanoseconds(false);
    if (cost >= best_cost) continue;
    best_cost = cost;
    best = cut;
  }
  return best;
}

}  // namespace

BandShape ShapeOf(const SegmentCut& cut) {
  return {.bands = static_cast<int>(cut.bands),
          .key_bits = static_cast<int>(cut.key_bits),
          .sketch_bits = static_cast<int>(cut.sketch_bits),
          .extra_bits = static_cast<int>(cut.extra_bits)};
}

double HotBytesPerCode(const SegmentCut& cut, std::uint64_t codes) {
  if (codes == 0) return 0;
  const auto n = static_cast<double>(codes);
  const double sketches = cut.sketch_bits / 8.0;
  const double starts = static_cast<double>(cut.Buckets() + 1) * 4 / n;
  const double positions =
      static_cast<double>(cut.HighBitsAt(codes) + cut.HighWords(codes) * 8) / n;
  return sizeof(Code) + cut.bands * (sketches + starts) +
         (cut.bands == 0 ? 0 : cut.bands - 1) * positions;
}

SegmentCut ChooseCut(std::uint64_t codes, int bands, bool compact) {
  if (compact || (bands == 0 && codes >= kSizePromisedFrom)) return CompactCut(codes);
  const int wanted = bands == 0 ? FastestBands(codes) : bands;
  if (wanted == 0) return {};
  const auto count = static_cast<std::uint32_t>(wanted);
  // Of few codes the buckets of long keys would be empty.
  const std::uint32_t key_bits =
      std::clamp<std::uint32_t>(BitsFor(codes), kSegmentLeastKeyBits,
                                std::min<std::uint32_t>(kCodeBits / count, kSegmentMostKeyBits));
  // Position and extra bits make one word.
  const std::uint32_t extra_bits = std::min<std::uint32_t>(32 - BitsFor(codes), kSketchBits);
  return {.bands = count,
          .key_bits = key_bits,
          .sketch_bits = kSketchBits,
          .extra_bits = extra_bits,
          .low_bits = 32 - extra_bits};
}

}  // namespace kith::index::internal
