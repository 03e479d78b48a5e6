// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_plan.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "index/internal/index_limits.h"
#include "index/internal/packed.h"

namespace kith::index::internal {
namespace {

// With a little to spare for the header and padding.
constexpr double kPromisedBytes = 63.95;

// Key and sketch together are a band, so a code takes about the same whatever the number of bands.
// The more there are the fewer buckets are looked at, and the more codes agree with a query in all
// that is known of them in a band: that pays for up to some ten million codes. What remains to be
// chosen is how much of a band is key. The longer it is the more buckets are looked at, and the
// fewer codes in them; the sketch takes the rest.
SegmentCut FastestCut(std::uint64_t codes, double most_bytes) {
  constexpr std::uint32_t kMostBands = 11;
  // Longer keys than positions have bits leave most buckets empty; much shorter ones are slow.
  const std::uint32_t most_key_bits =
      std::clamp<std::uint32_t>(BitsFor(codes), kSegmentLeastKeyBits, kSegmentMostKeyBits);
  const std::uint32_t least_key_bits =
      std::max(kSegmentLeastKeyBits, most_key_bits - std::min(most_key_bits, 10U));
  SegmentCut best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (std::uint32_t bands = kSegmentFewestBands; bands <= kMostBands; ++bands) {
    const std::uint32_t span = kCodeBits / bands;
    for (std::uint32_t key_bits = least_key_bits; key_bits <= most_key_bits; ++key_bits) {
      if (key_bits >= span) break;
      const SegmentCut cut{.bands = bands,
                           .key_bits = key_bits,
                           .sketch_bits = std::min<std::uint32_t>(span - key_bits, kSketchBits),
                           .extra_bits = 0,
                           .low_bits = std::min<std::uint32_t>(key_bits, BitsFor(codes))};
      if (HotBytesPerCode(cut, codes) > most_bytes) continue;
      const BandPlan plan(ShapeOf(cut));
      const double cost = plan.CostOf(kDefaultRadiusBits, codes).Nanoseconds(false);
      if (cost >= best_cost) continue;
      best_cost = cost;
      best = cut;
    }
  }
  return best;
}

SegmentCut CompactCut(std::uint64_t codes) {
  // Small segments are few codes in all, and a byte more makes them twice as fast. Where codes are
  // very few, what the keys share takes more: as little as there is.
  constexpr std::uint64_t kSmall = std::uint64_t{1} << 23;
  for (double most_bytes = kPromisedBytes + (codes < kSmall ? 1 : 0);; most_bytes += 1) {
    const SegmentCut cut = FastestCut(codes, most_bytes);
    if (cut.bands != 0) return cut;
  }
}

// Of the fast layout, about.
constexpr std::uint64_t kFastBytes = 125;

}  // namespace

std::uint64_t IndexLimits::CompactFrom() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return kSizePromisedFrom;
  const auto bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  return std::min<std::uint64_t>(kSizePromisedFrom, bytes / 2 / kFastBytes);
}

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
