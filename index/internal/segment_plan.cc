// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "index/internal/packed.h"

namespace kith::index::internal {
namespace {

// Nanoseconds for a key looked up and for a code compared, both far from any cache (measured on a
// Zen 5). Only their ratio matters for the bands.
constexpr double kProbeCost = 20;
constexpr double kCodeCost = 22;
// Below so many codes the scan is faster.
constexpr std::uint64_t kScannedBelow = 16384;
// From so many codes on the size is promised; with a little to spare for headers and padding.
constexpr std::uint64_t kSizePromisedFrom = 100000000;
constexpr double kPromisedBytes = 63.95;

double Choose(unsigned n, int k) {
  double result = 1;
  for (int i = 0; i < k; ++i) result = result * (n - static_cast<unsigned>(i)) / (i + 1);
  return result;
}

double KeyCost(std::uint32_t key_bits, std::uint64_t codes) {
  return kProbeCost +
         kCodeCost * std::ldexp(static_cast<double>(codes), -static_cast<int>(key_bits));
}

// The flips of each band for a radius, the cheapest way.
std::vector<int> Share(std::span<const SegmentBand> bands, std::uint64_t codes, int radius_bits) {
  std::vector<int> flips(bands.size(), -1);
  std::vector<double> next_cost;
  next_cost.reserve(bands.size());
  for (const SegmentBand& band : bands) next_cost.push_back(KeyCost(band.key_bits, codes));
  for (int bit = 0; bit <= radius_bits; ++bit) {
    const auto least = std::min_element(next_cost.begin(), next_cost.end()) - next_cost.begin();
    const auto band = static_cast<std::size_t>(least);
    const std::uint32_t key_bits = bands[band].key_bits;
    ++flips[band];
    next_cost[band] = flips[band] >= static_cast<int>(key_bits)
                          ? std::numeric_limits<double>::infinity()
                          : KeyCost(key_bits, codes) * Choose(key_bits, flips[band] + 1);
  }
  return flips;
}

double CostOf(std::span<const SegmentBand> bands, std::uint64_t codes, std::span<const int> flips) {
  double cost = 0;
  for (std::size_t band = 0; band < bands.size(); ++band) {
    for (int set = 0; set <= flips[band]; ++set) {
      cost += KeyCost(bands[band].key_bits, codes) * Choose(bands[band].key_bits, set);
    }
  }
  return cost;
}

// `count` bands of `narrow` bits, the first `wide` of them wider by `more`. Empty where that is not
// possible.
std::vector<SegmentBand> Cut(int count, int narrow, int wide, int more) {
  if (count * narrow + wide * more > kCodeBits) return {};
  std::vector<SegmentBand> bands;
  std::uint32_t first_bit = 0;
  for (int band = 0; band < count; ++band) {
    const int bits = narrow + (band < wide ? more : 0);
    if (bits < static_cast<int>(kSegmentLeastKeyBits) ||
        bits > static_cast<int>(kSegmentMostKeyBits)) {
      return {};
    }
    bands.push_back({.first_bit = first_bit, .key_bits = static_cast<std::uint32_t>(bits)});
    first_bit += static_cast<std::uint32_t>(bits);
  }
  return bands;
}

// All patterns of `bits` bits with up to `most` set, ascending.
std::vector<std::uint32_t> PatternsOf(std::uint32_t bits, int most) {
  std::vector<std::uint32_t> patterns = {0};
  const std::uint64_t end = std::uint64_t{1} << bits;
  for (int set = 1; set <= std::min(most, static_cast<int>(bits)); ++set) {
    // The next greater number with as many bits set: Gosper's step.
    for (std::uint64_t pattern = (std::uint64_t{1} << set) - 1; pattern < end;) {
      patterns.push_back(static_cast<std::uint32_t>(pattern));
      const std::uint64_t lowest = pattern & (~pattern + 1);
      const std::uint64_t ripple = pattern + lowest;
      pattern = ripple | ((pattern ^ ripple) >> 2) / lowest;
    }
  }
  std::sort(patterns.begin(), patterns.end());
  return patterns;
}

}  // namespace

double HotBytesPerCode(std::span<const SegmentBand> bands, std::uint64_t codes) {
  if (codes == 0) return 0;
  const auto n = static_cast<double>(codes);
  double bytes = sizeof(Code);
  for (std::size_t band = 0; band < bands.size(); ++band) {
    const auto buckets = static_cast<double>(bands[band].Buckets());
    if (band > 0) bytes += BitsFor(codes) / 8.0;
    bytes += (n + buckets) / 8 / n + buckets / (1 << kSampleBits) * 4 / n;
  }
  return bytes;
}

std::vector<SegmentBand> ChooseBands(std::uint64_t codes, int bands) {
  if (bands != 0) return Cut(bands, kCodeBits / bands, kCodeBits % bands, 1);
  if (codes < kScannedBelow) return {};
  // The best is near where a key has as many values as there are codes.
  const int about = kCodeBits / static_cast<int>(std::bit_width(codes));
  const int fewest = std::max(about - 1, 8);
  const int most = about + 2;
  constexpr int kMostWider = 4;
  std::vector<SegmentBand> best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (int count = fewest; count <= most; ++count) {
    // Bands need not cover the code: where keys grow longer than the codes are many, the
    // directories grow and the buckets are empty.
    for (int narrow = kCodeBits / count - kMostWider; narrow <= kCodeBits / count; ++narrow) {
      for (int wide = 0; wide < count; ++wide) {
        for (int more = 1; more <= (wide == 0 ? 1 : kMostWider); ++more) {
          std::vector<SegmentBand> cut = Cut(count, narrow, wide, more);
          if (cut.empty()) continue;
          if (codes >= kSizePromisedFrom && HotBytesPerCode(cut, codes) > kPromisedBytes) continue;
          const double cost = CostOf(cut, codes, Share(cut, codes, kDefaultRadiusBits));
          if (cost >= best_cost) continue;
          best_cost = cost;
          best = std::move(cut);
        }
      }
    }
  }
  return best;
}

SegmentPlan::SegmentPlan(std::vector<SegmentBand> bands, std::uint64_t codes)
    : bands_(std::move(bands)), codes_(codes) {
  for (const SegmentBand& band : bands_) {
    auto& patterns = patterns_[band.key_bits];
    if (!patterns[0].empty()) continue;
    for (int flips = 0; flips <= kMostFlips; ++flips) {
      patterns[static_cast<std::size_t>(flips)] = PatternsOf(band.key_bits, flips);
    }
  }
}

std::vector<int> SegmentPlan::Flips(int radius_bits) const {
  if (bands_.empty() || radius_bits >= static_cast<int>(bands_.size()) * (kMostFlips + 1)) {
    return {};
  }
  std::vector<int> flips = Share(bands_, codes_, radius_bits);
  if (*std::max_element(flips.begin(), flips.end()) > kMostFlips) return {};
  return flips;
}

double SegmentPlan::Cost(std::span<const int> flips) const { return CostOf(bands_, codes_, flips); }

std::span<const std::uint32_t> SegmentPlan::Patterns(std::uint32_t key_bits, int flips) const {
  return patterns_.at(key_bits)[static_cast<std::size_t>(flips)];
}

}  // namespace kith::index::internal
