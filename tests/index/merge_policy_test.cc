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
constexpr std::size_t kMost = 256 * kUnit;
constexpr std::size_t kNoLimit = std::size_t{1} << 40;

std::vector<SegmentSize> Sizes(std::initializer_list<std::size_t> units) {
  std::vector<SegmentSize> sizes;
  for (const std::size_t count : units) sizes.push_back({.rows = count * kUnit, .withdrawn = 0});
  return sizes;
}

void ExpectThis(const MergeRun& run, std::size_t first, std::size_t count) {
  EXPECT_EQ(run.count, count);
  if (count > 0) {
    EXPECT_EQ(run.first, first);
  }
}

void ExpectRun(const std::vector<SegmentSize>& sizes, std::size_t first, std::size_t count) {
  ExpectThis(PickMerge(sizes, kUnit, kMost), first, count);
}

std::size_t RowsOf(const std::vector<SegmentSize>& sizes) {
  std::size_t rows = 0;
  for (const SegmentSize& size : sizes) rows += size.rows - size.withdrawn;
  return rows;
}

// Does as the index does, and returns how many rows that copied.
std::size_t Apply(const MergeRun& run, std::vector<SegmentSize>& sizes) {
  EXPECT_LE(run.first + run.count, sizes.size());
  const auto first = sizes.begin() + static_cast<std::ptrdiff_t>(run.first);
  const auto end = first + static_cast<std::ptrdiff_t>(run.count);
  const SegmentSize merged{.rows = RowsOf({first, end})};
  const auto place = sizes.erase(first, end);
  if (merged.rows > 0) sizes.insert(place, merged);
  return merged.rows;
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

TEST(MergePolicyTest, WhereEightAreTooLargeFewerBecomeOne) {
  std::vector<SegmentSize> sizes(kMergeWidth, {.rows = kMost / kMergeWidth});
  ExpectRun(sizes, 0, kMergeWidth);
  ++sizes[0].rows;
  ExpectRun(sizes, 1, kMergeWidth - 1);
  // As many as fit, the smallest of them.
  sizes.assign(kMergeWidth, {.rows = kMost / 3});
  sizes[4].rows -= kUnit;
  ExpectRun(sizes, 2, 3);
}

TEST(MergePolicyTest, WhatIsLargeIsNotCopiedForTheSakeOfWhatIsSmall) {
  std::vector<SegmentSize> sizes(7, {.rows = kMost / 2 + 1});
  sizes.insert(sizes.end(), 7, {.rows = kMost / 8});
  ExpectRun(sizes, 0, 0);
  sizes.push_back({.rows = kMost / 8});
  ExpectRun(sizes, 7, 8);
  // It is still rewritten alone.
  sizes[2].withdrawn = kMost / 4;
  ExpectRun(sizes, 2, 1);
}

// Segments of an import that are a little more than an eighth of what may be made.
TEST(MergePolicyTest, MergingGoesOnWhateverTheirSize) {
  for (const std::size_t rows : {kMost / 8 + 37, kMost / 4 + 1, kMost / 3, kMost / 8 * 3}) {
    std::vector<SegmentSize> sizes;
    for (int i = 0; i < 400; ++i) {
      sizes.push_back({.rows = rows});
      for (MergeRun run = PickMerge(sizes, kUnit, kMost); run.count > 0;
           run = PickMerge(sizes, kUnit, kMost)) {
        EXPECT_LE(Apply(run, sizes), kMost);
      }
    }
    EXPECT_LE(sizes.size(), 400 * rows * 2 / kMost + kMergeWidth) << rows;
  }
}

TEST(MergePolicyTest, LargeOnesBecomeTheLargestThatIsAllowed) {
  // What a large import leaves behind is copied once.
  std::vector<SegmentSize> sizes = Sizes({250, 250, 250, 250, 250, 250, 250});
  ExpectThis(PickCalmMerge(sizes, kMost, RowsOf(sizes) / 2), 0, 3);
  Apply({.first = 0, .count = 3}, sizes);
  ExpectThis(PickCalmMerge(sizes, kMost, RowsOf(sizes) / 2), 1, 3);
  Apply({.first = 1, .count = 3}, sizes);
  // The last of them is small beside what is before it.
  ExpectThis(PickCalmMerge(sizes, kMost, RowsOf(sizes) / 2), 0, 0);
  // Small ones that stand beside large ones go with them,
  ExpectThis(PickCalmMerge(Sizes({250, 250, 250, 30, 30, 3, 1}), kMost, kNoLimit), 1, 6);
  // and alone are for PickMerge.
  ExpectThis(PickCalmMerge(Sizes({900, 20, 20, 20}), kMost, kNoLimit), 0, 0);
  ExpectThis(PickCalmMerge({}, kMost, kNoLimit), 0, 0);
}

TEST(MergePolicyTest, WhereItIsCalmSmallOnesBecomeOneToo) {
  ExpectThis(PickCalmMerge(Sizes({8, 8, 8}), 0, kMost), 0, 3);
  // The cheapest first, and none for the sake of which one much larger would be copied.
  ExpectThis(PickCalmMerge(Sizes({100, 40, 8, 8, 1}), 0, kMost), 2, 3);
  ExpectThis(PickCalmMerge(Sizes({100, 40, 16, 1}), 0, kMost), 0, 0);
  ExpectThis(PickCalmMerge(Sizes({200, 200}), 0, kMost), 0, 0);
}

TEST(MergePolicyTest, WhatIsOutgrownIsWrittenAgainWhenNothingElseIsDue) {
  std::vector<SegmentSize> sizes = Sizes({250, 250, 100});
  sizes[0].is_outgrown = sizes[2].is_outgrown = true;
  ExpectThis(PickCalmMerge(sizes, kMost, kNoLimit), 0, 3);
  ExpectThis(PickCalmMerge(sizes, kMost, 300 * kUnit), 2, 1);
  sizes[2].is_outgrown = false;
  ExpectThis(PickCalmMerge(sizes, kMost, 300 * kUnit), 0, 1);
}

// It was a small merge, given up whenever additions came, so that it might never end.
TEST(MergePolicyTest, ALargeOneThatWithersIsALargeMerge) {
  std::vector<SegmentSize> sizes = Sizes({1000, 300, 1, 1});
  sizes[0].withdrawn = 251 * kUnit;
  ExpectThis(PickMerge(sizes, kUnit, kMost), 0, 0);
  ExpectThis(PickCalmMerge(sizes, kMost, 500 * kUnit), 0, 1);
  sizes[1].withdrawn = 100 * kUnit;
  ExpectThis(PickMerge(sizes, kUnit, kMost), 1, 1);
  ExpectThis(PickCalmMerge(sizes, kMost, 500 * kUnit), 0, 1);
  sizes[0].withdrawn = 250 * kUnit;
  ExpectThis(PickCalmMerge(sizes, kMost, 500 * kUnit), 0, 0);
}

// An index that grows to two thousand times what is made while somebody waits, and then some.
TEST(MergePolicyTest, FewLargeOnesRemainAndLittleIsCopied) {
  RandomCodes random(2);
  std::vector<SegmentSize> sizes;
  double added = 0;
  double copied = 0;
  for (int step = 0; step < 20000; ++step) {
    sizes.push_back({.rows = kUnit * (1 + random.Below(50))});
    added += static_cast<double>(sizes.back().rows);
    const bool calm = step % 97 == 0;
    while (true) {
      MergeRun run = PickMerge(sizes, kUnit, kMost);
      if (run.count == 0 && calm) {
        run = PickCalmMerge(sizes, kMost, std::max(kMost, RowsOf(sizes) / 2));
      }
      if (run.count == 0) break;
      copied += static_cast<double>(Apply(run, sizes));
    }
    if (!calm) continue;
    const auto large = std::count_if(sizes.begin(), sizes.end(),
                                     [](const SegmentSize& size) { return 2 * size.rows > kMost; });
    const double doublings = std::log2(static_cast<double>(RowsOf(sizes)) / kMost + 2);
    ASSERT_LE(static_cast<double>(large), 2 + 1.25 * doublings)
        << "seed " << TestSeed() << ", step " << step;
  }
  EXPECT_LE(copied / added, 2.5 * std::log2(added / kMost)) << "seed " << TestSeed();
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
    for (MergeRun run = PickMerge(sizes, kUnit, kNoLimit); run.count > 0;
         run = PickMerge(sizes, kUnit, kNoLimit)) {
      copied += static_cast<double>(Apply(run, sizes));
    }
    most = std::max(most, sizes.size());
  }
  const double tiers = std::log(added / kUnit) / std::log(kMergeWidth) + 1;
  EXPECT_LE(static_cast<double>(most), tiers * (kMergeWidth - 1)) << "seed " << TestSeed();
  EXPECT_LE(copied / added, 2 * tiers) << "seed " << TestSeed();
}

}  // namespace
}  // namespace kith::index::internal
