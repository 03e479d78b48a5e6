// SPDX-License-Identifier: Apache-2.0
//
// Codes that are added while others search, against plain comparison of all pairs.
#include "index/internal/growing_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "index/simd.h"
#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

using Pair = std::tuple<std::size_t, std::size_t, int>;  // query, row, distance

std::vector<Pair> Found(const GrowingCodes& codes, std::span<const Code> queries, int radius_bits,
                        std::size_t rows) {
  std::vector<Pair> pairs;
  codes.StreamPairs(queries, radius_bits, rows, [&](std::size_t query, std::size_t row, int bits) {
    pairs.emplace_back(query, row, bits);
  });
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<Pair> Expected(std::span<const Code> codes, std::span<const Code> queries,
                           int radius_bits) {
  std::vector<Pair> pairs;
  for (std::size_t query = 0; query < queries.size(); ++query) {
    for (std::size_t row = 0; row < codes.size(); ++row) {
      const int bits = PlainDistance(queries[query], codes[row]);
      if (bits <= radius_bits) pairs.emplace_back(query, row, bits);
    }
  }
  return pairs;
}

// Some of them alike in the bits of a few bands only.
std::vector<Code> SomeCodes(std::size_t count, RandomCodes& random) {
  std::vector<Code> codes = ClusteredCodes(count, random);
  for (std::size_t row = 1; row < count; row += 1 + random.Below(10)) {
    codes[row] = random.Next();
    std::copy_n(codes[random.Below(row)].begin(), random.Below(20), codes[row].begin());
  }
  return codes;
}

std::vector<Code> QueriesFor(std::span<const Code> codes, std::size_t count, RandomCodes& random) {
  std::vector<Code> queries = random.Some(2);
  while (queries.size() < count) {
    queries.push_back(
        random.Flip(codes[random.Below(codes.size())], static_cast<int>(random.Below(66))));
  }
  return queries;
}

class GrowingCodesTest : public ::testing::TestWithParam<SimdTarget> {};

TEST_P(GrowingCodesTest, FindsWhatPlainComparisonFindsAsItGrows) {
  RandomCodes random(TestSeed() + 41);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  for (const std::size_t capacity : {std::size_t{1}, std::size_t{31}, std::size_t{1500}}) {
    const std::vector<Code> all = SomeCodes(capacity, random);
    const std::vector<Label> labels = LabelsFrom(1, capacity);
    GrowingCodes growing(capacity, GetParam(), /*never_scan=*/true);
    EXPECT_TRUE(Found(growing, all, 31, 0).empty());
    while (growing.Room() > 0) {
      const std::size_t at = growing.size();
      const std::size_t some = std::min(growing.Room(), 1 + random.Below(1 + capacity / 2));
      growing.Append(std::span(all).subspan(at, some), std::span(labels).subspan(at, some));
      ASSERT_EQ(growing.size(), at + some);
      const std::vector<Code> queries = QueriesFor(std::span(all).first(at + some), 12, random);
      for (int radius_bits = 0; radius_bits <= 63; radius_bits += 5 + (radius_bits * 7) % 5) {
        // What was there before, and what is there now.
        for (const std::size_t rows : {at, at + some}) {
          ASSERT_EQ(Found(growing, queries, radius_bits, rows),
                    Expected(std::span(all).first(rows), queries, radius_bits))
              << capacity << " radius " << radius_bits;
        }
      }
      for (std::size_t row = at; row < at + some; ++row) {
        ASSERT_EQ(growing.CodeAt(row), all[row]);
        ASSERT_TRUE(growing.LabelAt(row) == labels[row]);
      }
    }
  }
}

TEST_P(GrowingCodesTest, EveryRadiusIsAnsweredAlsoWhereAScanIsFaster) {
  RandomCodes random(TestSeed() + 42);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  const std::vector<Code> all = SomeCodes(2000, random);
  for (const bool never_scan : {false, true}) {
    GrowingCodes growing(4096, GetParam(), never_scan);
    growing.Append(all, LabelsFrom(1, all.size()));
    const std::vector<Code> queries = QueriesFor(all, 10, random);
    for (int radius_bits = 0; radius_bits <= 256; radius_bits += radius_bits < 64 ? 1 : 37) {
      ASSERT_EQ(Found(growing, queries, radius_bits, all.size()),
                Expected(all, queries, radius_bits))
          << radius_bits;
    }
  }
}

TEST_P(GrowingCodesTest, ALargeBatchIsJoined) {
  RandomCodes random(TestSeed() + 43);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  const std::vector<Code> all = SomeCodes(1500, random);
  GrowingCodes growing(1500, GetParam(), /*never_scan=*/true);
  growing.Append(all, LabelsFrom(1, all.size()));
  const std::vector<Code> queries = QueriesFor(all, 2500, random);
  EXPECT_EQ(Found(growing, queries, 31, all.size()), Expected(all, queries, 31));
  EXPECT_EQ(Found(growing, queries, 31, 700), Expected(std::span(all).first(700), queries, 31));
}

// More than a bucket holds: they are found all the same, and it is told that there are too many.
TEST_P(GrowingCodesTest, CopiesAreFoundHoweverManyThereAre) {
  RandomCodes random(TestSeed() + 44);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  std::vector<Code> all = random.Some(5200);
  std::fill(all.begin() + 100, all.begin() + 5000, all[0]);
  GrowingCodes growing(8192, GetParam(), /*never_scan=*/true);
  const std::vector<Label> labels = LabelsFrom(1, all.size());
  growing.Append(std::span(all).first(200), std::span(labels).first(200));
  EXPECT_FALSE(growing.IsCrowded());
  growing.Append(std::span(all).subspan(200), std::span(labels).subspan(200));
  EXPECT_TRUE(growing.IsCrowded());
  const std::vector<Code> queries = {all[0], random.Flip(all[0], 31), random.Flip(all[0], 32),
                                     all[5100]};
  EXPECT_EQ(Found(growing, queries, 31, all.size()), Expected(all, queries, 31));
}

// A search that learnt of so many rows finds these, all of them and no others, while more come.
TEST_P(GrowingCodesTest, AnyNumberSearchWhileOneAdds) {
  RandomCodes random(TestSeed() + 46);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  constexpr std::size_t kRows = 16000;
  const std::vector<Code> all = SomeCodes(kRows, random);
  const std::vector<Label> labels = LabelsFrom(1, kRows);
  GrowingCodes growing(kRows, GetParam(), /*never_scan=*/true);
  std::atomic<std::size_t> there{0};
  std::thread adding([&] {
    for (std::size_t row = 0; row < kRows; row += 10) {
      growing.Append(std::span(all).subspan(row, 10), std::span(labels).subspan(row, 10));
      there = row + 10;
      // So that all of the others see it grow.
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  std::vector<std::thread> searching;
  for (std::uint64_t salt = 0; salt < 3; ++salt) {
    searching.emplace_back([&, salt] {
      RandomCodes own(TestSeed() + 47 + salt);
      for (std::size_t rows = 0; rows < kRows;) {
        rows = there;
        if (rows == 0) continue;
        std::vector<Code> queries = {own.Flip(all[rows - 1], static_cast<int>(own.Below(32))),
                                     all[own.Below(kRows)]};
        // At first so many that each bucket is joined with all that look at it.
        if (salt == 2 && rows < kRows / 4) queries.resize(3000, queries.back());
        EXPECT_EQ(Found(growing, queries, 31, rows),
                  Expected(std::span(all).first(rows), queries, 31));
      }
    });
  }
  adding.join();
  for (std::thread& thread : searching) thread.join();
}

INSTANTIATE_TEST_SUITE_P(All, GrowingCodesTest, ::testing::ValuesIn(SupportedSimdTargets()),
                         [](const auto& test) { return std::string(SimdTargetName(test.param)); });

TEST(GrowingCodesWithdrawTest, WithdrawsByEntryInWhateverOrderTheyCame) {
  RandomCodes random(TestSeed() + 45);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  for (const bool ascends : {true, false}) {
    std::vector<Label> labels = LabelsFrom(1, 600);  // three codes an entry
    if (!ascends) std::reverse(labels.begin(), labels.end());
    GrowingCodes growing(600, SupportedSimdTargets().back(), false);
    growing.Append(random.Some(600), labels);
    EXPECT_EQ(growing.entries(), (EntryRange{.first_entry = 1, .last_entry = 200}));
    const std::vector<std::uint64_t> gone = {1, 7, 100, 200, 999};
    EXPECT_EQ(growing.Withdraw(gone), 12u);
    EXPECT_EQ(growing.Withdraw(gone), 0u);
    for (std::size_t row = 0; row < labels.size(); ++row) {
      EXPECT_EQ(growing.tombstones()->IsWithdrawn(row),
                std::binary_search(gone.begin(), gone.end(), labels[row].entry));
    }
  }
}

}  // namespace
}  // namespace kith::index::internal
