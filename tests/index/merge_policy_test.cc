// SPDX-License-Identifier: Apache-2.0
#include "index/internal/merge_policy.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kUnit = 64;

std::vector<SegmentSize> Sizes(std::initializer_list<std::size_t> units) {
  std::vector<SegmentSize> sizes;
  for (const std::size_t count : units) sizes.push_back({.rows = count * kUnit, .withdrawn = 0});
  return sizes;
}

void ExpectRun(const std::vector<SegmentSize>& sizes, std::size_t first, std::size_t count) {
  const MergeRun run = PickMerge(sizes, kUnit);
  EXPECT_EQ(run.count, count);
  if (count > 0) {
    EXPECT_EQ(run.first, first);
  }
}

TEST(MergePolicyTest, EightNeighboursOfATierBecomeOne) {
  ExpectRun({}, 0, 0);
  ExpectRun(Sizes({1, 1, 1, 1, 1, 1, 1}), 0, 0);
  ExpectRun(Sizes({1, 1, 1, 1, 1, 1, 1, 1}), 0, 8);
  ExpectRun(Sizes({8, 1, 1, 1, 1, 1, 1, 1, 1}), 1, 8);
  ExpectRun(Sizes({8, 1, 1, 1, 1, 1, 1, 1}), 0, 0);
}

TEST(MergePolicyTest, SmallOnesBetweenLargeOnesGoWithThem) {
  ExpectRun(Sizes({8, 1, 8, 1, 8, 1, 8, 1}), 0, 0);
  ExpectRun(Sizes({8, 1, 8, 1, 8, 1, 8, 1, 8}), 0, 8);
}

TEST(MergePolicyTest, TheCheapestComesFirst) {
  ExpectRun(Sizes({9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1}), 8, 8);
}

TEST(MergePolicyTest, WhatIsWithdrawnByMoreThanAQuarterIsRewritten) {
  std::vector<SegmentSize> sizes = Sizes({8, 4});
  sizes[1].withdrawn = kUnit;
  ExpectRun(sizes, 0, 0);
  ++sizes[1].withdrawn;
  ExpectRun(sizes, 1, 1);
  sizes[0].withdrawn = sizes[0].rows;  // nothing to copy
  ExpectRun(sizes, 0, 1);
}

TEST(MergePolicyTest, NothingTooLargeIsMade) {
  std::vector<SegmentSize> sizes(kMergeWidth, {.rows = kMaxMergedRows / kMergeWidth});
  ExpectRun(sizes, 0, kMergeWidth);
  ++sizes[3].rows;
  ExpectRun(sizes, 0, 0);
  // A large one alone is still rewritten.
  sizes.push_back({.rows = 4 * kMaxMergedRows, .withdrawn = 2 * kMaxMergedRows});
  ExpectRun(sizes, kMergeWidth, 1);
}

// Whatever is added and withdrawn: few segments remain, in order, and no code is copied often.
TEST(MergePolicyTest, FewRemainAndLittleIsCopied) {
  RandomCodes random(1);
  std::vector<SegmentSize> sizes;
  double added = 0;
  double copied = 0;
  std::size_t most = 0;
  for (int step = 0; step < 20000; ++step) {
    const std::size_t rows = random.Below(30) == 0 ? kUnit * (1 + random.Below(300)) : kUnit;
    sizes.push_back({.rows = rows});
    added += static_cast<double>(rows);
    if (random.Below(50) == 0) {
      SegmentSize& one = sizes[random.Below(sizes.size())];
      one.withdrawn += random.Below(one.rows - one.withdrawn + 1);
    }
    for (MergeRun run = PickMerge(sizes, kUnit); run.count > 0; run = PickMerge(sizes, kUnit)) {
      ASSERT_LE(run.first + run.count, sizes.size());
      SegmentSize merged;
      for (std::size_t i = run.first; i < run.first + run.count; ++i) {
        merged.rows += sizes[i].rows - sizes[i].withdrawn;
      }
      copied += static_cast<double>(merged.rows);
      const auto first = sizes.begin() + static_cast<std::ptrdiff_t>(run.first);
      const auto place = sizes.erase(first, first + static_cast<std::ptrdiff_t>(run.count));
      if (merged.rows > 0) sizes.insert(place, merged);
    }
    most = std::max(most, sizes.size());
  }
  const double tiers = std::log(added / kUnit) / std::log(kMergeWidth) + 1;
  EXPECT_LE(static_cast<double>(most), tiers * (kMergeWidth - 1)) << "seed " << TestSeed();
  EXPECT_LE(copied / added, 2 * tiers) << "seed " << TestSeed();
}

}  // namespace
}  // namespace kith::index::internal
