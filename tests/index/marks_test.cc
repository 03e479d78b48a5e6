// SPDX-License-Identifier: Apache-2.0
//
// Marks against the plain truth: segments as runs of additions, each of which ends at some moment.
#include "index/internal/marks.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

using Covered = Marks::Covered;

TEST(MarksTest, BeginWithNothingUpToNoMoment) {
  const Marks marks;
  EXPECT_EQ(marks.newest(), (Covered{.mark = "", .segments = 0}));
  ASSERT_NE(marks.NewestWithin(7), nullptr);
  EXPECT_EQ(marks.NewestWithin(7)->segments, 0u);
}

TEST(MarksTest, AMomentWithoutNewSegmentsReplacesTheOneBefore) {
  Marks marks;
  marks.Reached("1", 2);
  marks.Reached("2", 2);
  marks.Reached("3", 5);
  EXPECT_EQ(*marks.NewestWithin(4), (Covered{.mark = "2", .segments = 2}));
  EXPECT_EQ(*marks.NewestWithin(5), (Covered{.mark = "3", .segments = 5}));
  marks.DropBefore({.mark = "3", .segments = 5});
  EXPECT_EQ(marks.NewestWithin(4), nullptr);
}

TEST(MarksTest, WhatIsWithinAMergeIsNoMomentAnyMore) {
  Marks marks;
  for (std::size_t at = 1; at <= 6; ++at) marks.Reached(std::to_string(at), at);
  marks.Replaced(1, 3, 1);  // of the second to the fourth, one
  EXPECT_EQ(*marks.NewestWithin(1), (Covered{.mark = "1", .segments = 1}));
  EXPECT_EQ(*marks.NewestWithin(2), (Covered{.mark = "4", .segments = 2}));
  EXPECT_EQ(marks.newest(), (Covered{.mark = "6", .segments = 4}));
}

TEST(MarksTest, OfSegmentsThatVanishTheLaterMomentStays) {
  Marks marks;
  marks.Reached("1", 1);
  marks.Reached("2", 2);
  marks.Replaced(1, 1, 0);
  EXPECT_EQ(marks.newest(), (Covered{.mark = "2", .segments = 1}));
  EXPECT_EQ(marks.oldest(), (Covered{.mark = "", .segments = 0}));
  marks.Replaced(0, 1, 0);
  EXPECT_EQ(marks.newest(), (Covered{.mark = "2", .segments = 0}));
  EXPECT_EQ(marks.oldest(), marks.newest());
}

// Each segment is the last addition in it, and a moment is right for as many segments as end at or
// before it.
TEST(MarksTest, CoverExactlyWhatCameBeforeThem) {
  RandomCodes random(TestSeed());
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", round " + std::to_string(round));
    Marks marks;
    std::vector<int> ends;
    int additions = 0;
    std::size_t marked = 0;
    for (int step = 0; step < 60; ++step) {
      const auto kind = random.Below(7);
      if (kind < 2) {
        ends.push_back(++additions);
      } else if (kind == 6) {
        // The last of them grows, where it may.
        if (ends.empty() || !marks.MayGrow(ends.size())) continue;
        ends.back() = ++additions;
        marks.Grew(ends.size());
        marked = std::min(marked, ends.size() - 1);
      } else if (kind < 4) {
        marks.Reached(std::to_string(additions), marked = ends.size());
      } else if (kind == 4 && marked >= 2) {
        const std::size_t first = random.Below(marked - 1);
        const std::size_t count = 2 + random.Below(marked - first - 1);
        const auto from = ends.begin() + static_cast<std::ptrdiff_t>(first);
        ends.erase(from, from + static_cast<std::ptrdiff_t>(count) - 1);
        marks.Replaced(first, count, 1);
        marked -= count - 1;
      } else if (const Covered* covered = marks.NewestWithin(random.Below(ends.size() + 1))) {
        const Covered kept = *covered;
        marks.DropBefore(kept);
        EXPECT_EQ(marks.oldest(), kept);
      }
      EXPECT_EQ(marks.newest().segments, marked);
      for (std::size_t within = 0; within <= ends.size(); ++within) {
        const Covered* const covered = marks.NewestWithin(within);
        if (covered == nullptr || covered->mark.empty()) continue;
        EXPECT_LE(covered->segments, within);
        for (std::size_t at = 0; at < ends.size(); ++at) {
          EXPECT_EQ(ends[at] <= std::stoi(covered->mark), at < covered->segments);
        }
      }
    }
  }
}

TEST(MarksTest, WhatGrowsIsCoveredByNoMarkUntilTheNext) {
  Marks marks;
  marks.Reached("1", 1);
  marks.Reached("2", 2);
  EXPECT_TRUE(marks.MayGrow(3)) << "none covers it";
  EXPECT_TRUE(marks.MayGrow(2));
  marks.Grew(2);
  EXPECT_EQ(marks.newest(), (Covered{.mark = "1", .segments = 1}));
  EXPECT_EQ(marks.NewestWithin(2)->mark, "1");
  marks.Reached("3", 2);
  EXPECT_EQ(marks.newest(), (Covered{.mark = "3", .segments = 2}));
  marks.KeepNewest();
  EXPECT_FALSE(marks.MayGrow(2)) << "no other would be left";
}

// The only one left then lay among what became one, and was gone with it.
TEST(MarksTest, NothingGrowsWhoseBeginningNoMarkCovers) {
  Marks marks;
  marks.Reset("1", 2);
  marks.Reached("2", 10);
  EXPECT_FALSE(marks.MayGrow(10));
  marks.Reached("3", 11);
  EXPECT_TRUE(marks.MayGrow(11));
  marks.Grew(11);
  marks.Replaced(1, 9, 1);
  EXPECT_EQ(marks.newest(), (Covered{.mark = "2", .segments = 2}));
}

}  // namespace
}  // namespace kith::index::internal
