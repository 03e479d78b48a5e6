// SPDX-License-Identifier: Apache-2.0
//
// What MultiIndexHash looks at is enough: whatever bits differ, some band sees the pair.
#include "index/internal/bands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

class BandsTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(AllBands, BandsTest,
                         ::testing::Range(BandPlan::kMinBands, BandPlan::kMaxBands + 1));

bool SeenSomewhere(const BandPlan& plan, int radius, const RingCode& differing) {
  const std::span<const BandProbe> probes = plan.Probes(radius);
  for (std::size_t band = 0; band < probes.size(); ++band) {
    if (BandPlan::Seen(plan.bands()[band], probes[band], differing)) return true;
  }
  return false;
}

// So many bits of each band, at random places in it.
RingCode Differing(const BandPlan& plan, const std::vector<int>& bits, RandomCodes& random) {
  RingCode ring{};
  for (std::size_t band = 0; band < bits.size(); ++band) {
    const unsigned first = plan.bands()[band].first_bit;
    const unsigned width = plan.bands()[band].span_bits;
    std::vector<unsigned> places(width);
    std::iota(places.begin(), places.end(), first);
    for (int i = 0; i < bits[band]; ++i) {
      const std::size_t at = random.Below(places.size());
      ring[places[at] / 64] |= std::uint64_t{1} << (63 - places[at] % 64);
      places.erase(places.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return ring;
}

TEST_P(BandsTest, CoverTheRing) {
  const BandPlan plan({.bands = GetParam(), .extra_bits = 16});
  unsigned next = 0;
  for (const Band& band : plan.bands()) {
    EXPECT_EQ(band.first_bit, next);
    next += band.key_bits;
  }
  EXPECT_EQ(next, static_cast<unsigned>(kCodeBits));
  EXPECT_GE(plan.max_radius_bits(), 59);
}

TEST_P(BandsTest, PatternsAreAllPatternsOfSoManyBits) {
  const BandPlan plan({.bands = GetParam()});
  for (const BandProbe& probe : plan.Probes(std::min(plan.max_radius_bits(), 47))) {
    const Band& band = plan.bands()[0];
    std::set<std::uint32_t> seen;
    for (const FlipPattern& pattern : probe.patterns) {
      EXPECT_EQ(std::popcount(pattern.bits), static_cast<int>(pattern.count));
      EXPECT_LE(static_cast<int>(pattern.count), probe.flips);
      EXPECT_LT(pattern.bits, 2 * band.Buckets());
      seen.insert(pattern.bits);
    }
    EXPECT_EQ(seen.size(), probe.patterns.size());
  }
}

// As many bits as may differ, since fewer are easier: anywhere, or in few bands, or evenly.
std::vector<int> SomeBits(const BandPlan& plan, int radius, int round, RandomCodes& random) {
  const std::size_t bands = plan.bands().size();
  const auto is_full = [&](std::size_t band, int bits) {
    return bits == static_cast<int>(plan.bands()[band].span_bits);
  };
  std::vector<int> bits(bands, 0);
  const std::size_t spread = 1 + random.Below(bands);
  const std::size_t first = random.Below(bands);
  for (int left = radius; left > 0;) {
    const std::size_t band = round % 3 == 0 ? (first + static_cast<std::size_t>(left)) % bands
                                            : (first + random.Below(spread)) % bands;
    const std::size_t at = is_full(band, bits[band]) ? random.Below(bands) : band;
    if (is_full(at, bits[at])) continue;
    ++bits[at];
    --left;
  }
  return bits;
}

void ExpectEveryPairIsSeen(const BandPlan& plan, RandomCodes& random) {
  for (int radius = 0; radius <= plan.max_radius_bits(); ++radius) {
    for (int round = 0; round < 30; ++round) {
      const std::vector<int> bits = SomeBits(plan, radius, round, random);
      EXPECT_TRUE(SeenSomewhere(plan, radius, Differing(plan, bits, random)))
          << "radius " << radius << ", seed " << TestSeed();
    }
  }
}

TEST_P(BandsTest, SomeBandSeesEveryPairWithinTheRadius) {
  RandomCodes random(static_cast<std::uint64_t>(GetParam()));
  for (const int extra_bits : {0, 5, 16}) {
    SCOPED_TRACE("extra bits " + std::to_string(extra_bits));
    ExpectEveryPairIsSeen(BandPlan({.bands = GetParam(), .extra_bits = extra_bits}), random);
  }
}

// As segment files have them: fewer bands, whose keys are shorter than the bands.
class ShortKeysTest : public ::testing::TestWithParam<BandShape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, ShortKeysTest,
                         ::testing::Values(BandShape{8, 24, 8, 0}, BandShape{8, 20, 12, 0},
                                           BandShape{8, 16, 16, 0}, BandShape{8, 10, 16, 16},
                                           BandShape{9, 22, 6, 0}, BandShape{9, 18, 10, 0},
                                           BandShape{10, 20, 5, 0}, BandShape{10, 12, 13, 0},
                                           BandShape{11, 17, 6, 0}, BandShape{11, 4, 1, 0},
                                           BandShape{12, 15, 16, 9}, BandShape{16, 12, 3, 0}),
                         [](const auto& test) {
                           return std::to_string(test.param.bands) + "Bands" +
                                  std::to_string(test.param.key_bits) + "Key" +
                                  std::to_string(test.param.sketch_bits) + "Sketch";
                         });

TEST_P(ShortKeysTest, SomeBandSeesEveryPairWithinTheRadius) {
  RandomCodes random(static_cast<std::uint64_t>(GetParam().bands * 100 + GetParam().key_bits));
  const BandPlan plan(GetParam());
  EXPECT_EQ(plan.max_radius_bits(), std::min(GetParam().bands * 5 - 1, 63));
  ExpectEveryPairIsSeen(plan, random);
}

// Otherwise the test above would also pass if every pair were compared.
TEST_P(BandsTest, RandomPairsAreHardlySeen) {
  RandomCodes random(99);
  const BandPlan plan({.bands = GetParam(), .extra_bits = 16});
  int seen = 0;
  for (int round = 0; round < 2000; ++round) {
    if (SeenSomewhere(plan, 31, RingOf(random.Next().data()))) ++seen;
  }
  EXPECT_LT(seen, 20);
}

}  // namespace
}  // namespace kith::index::internal
