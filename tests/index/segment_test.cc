// SPDX-License-Identifier: Apache-2.0
//
// Segment files give what the plain comparison of all codes gives, and keep their promises.
#include "index/segment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "index/internal/segment_plan.h"
#include "index/simd.h"
#include "tests/index/segment_files.h"
#include "tests/index/segment_pairs.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

class SegmentTest : public SegmentFiles {
 protected:
  // Every radius, every instruction set, as it decides by itself and probed: query by query, and
  // joined.
  void ExpectExact(const Truth& truth, const std::vector<Code>& queries,
                   const SegmentBuildOptions& options, int step) {
    const SegmentInfo info = MustBuild(Path(), truth.codes, truth.labels, options);
    EXPECT_EQ(info.rows, truth.codes.size());
    const std::vector<Pair> all = TruePairs(truth, queries);
    for (const SimdTarget simd : SupportedSimdTargets()) {
      const auto index = OpenIndex(Path(), simd);
      ASSERT_NE(index, nullptr);
      for (const std::size_t join_from : {std::size_t{0}, kNeverJoin, kAlwaysJoin}) {
        if (join_from != 0) index->NeverScan(join_from);
        for (int radius = 0; radius <= 63; radius += step) {
          ASSERT_EQ(Found(*index, queries, radius), Within(all, radius))
              << SimdTargetName(simd) << ", radius " << radius << ", " << info.bands << " bands, "
              << truth.codes.size() << " rows, join from " << join_from;
        }
      }
    }
  }
};

TEST_F(SegmentTest, SmallSizesAreExactForEveryRadius) {
  for (const std::size_t size : {0, 1, 2, 63, 64, 65, 129, 500}) {
    RandomCodes random(size);
    Truth truth;
    truth.codes = CodesWithNeighbours(size, random);
    truth.labels = LabelsFrom(7, size);
    const std::vector<Code> queries = QueriesAround(truth.codes, 6, random);
    ExpectExact(truth, queries, {}, 1);
    ExpectExact(truth, queries, {.bands = 16}, 1);
    ExpectExact(truth, queries, {.compact = true}, 1);
  }
}

TEST_F(SegmentTest, EveryNumberOfBandsIsExact) {
  for (int bands = 8; bands <= 32; ++bands) {
    RandomCodes random(static_cast<std::uint64_t>(bands));
    Truth truth;
    truth.codes = CodesWithNeighbours(700, random);
    truth.labels = LabelsFrom(1, truth.codes.size());
    ExpectExact(truth, QueriesAround(truth.codes, 4, random), {.bands = bands}, 7);
  }
}

TEST_F(SegmentTest, AHundredThousandCodesAreExactForEveryRadius) {
  RandomCodes random(100000);
  Truth truth;
  truth.codes = CodesWithNeighbours(100000, random);
  truth.labels = LabelsFrom(1, truth.codes.size());
  const std::vector<Code> queries = QueriesAround(truth.codes, 5, random);
  const std::vector<Pair> all = Within(TruePairs(truth, queries), 63);
  for (const bool compact : {false, true}) {
    MustBuild(Path(), truth.codes, truth.labels, {.compact = compact});
    const auto index = OpenIndex(Path(), SupportedSimdTargets().back());
    ASSERT_NE(index, nullptr);
    EXPECT_GT(index->info().bands, 0);
    for (const std::size_t join_from : {kNeverJoin, kAlwaysJoin}) {
      index->NeverScan(join_from);
      for (int radius = 0; radius <= 63; ++radius) {
        ASSERT_EQ(Found(*index, queries, radius), Within(all, radius)) << "radius " << radius;
      }
    }
  }
}

// As many queries as make the join walk the buckets, some of which are crowded.
TEST_F(SegmentTest, ABatchAsLargeAsTheBucketsIsExact) {
  RandomCodes random(9);
  Truth truth;
  truth.codes = CodesWithNeighbours(17000, random);
  for (int row = 0; row < 3000; ++row) {
    Code code = truth.codes[0];
    const Code other = random.Next();
    std::copy_n(other.begin(), 12 + row % 2 * 8, code.begin());
    truth.codes.push_back(code);
  }
  truth.labels = LabelsFrom(1, truth.codes.size());
  std::vector<Code> queries = QueriesAround(truth.codes, 590, random);
  for (int at = 0; at < 10; ++at) queries.push_back(random.Flip(truth.codes.back(), 3 * at));
  std::vector<Pair> all;
  for (std::size_t query = 0; query < queries.size(); ++query) {
    for (std::size_t row = 0; row < truth.codes.size(); ++row) {
      const int distance = HammingDistance(queries[query], truth.codes[row]);
      if (distance <= 39) all.emplace_back(query, truth.labels[row], distance);
    }
  }
  std::sort(all.begin(), all.end());
  for (const bool compact : {false, true}) {
    MustBuild(Path(), truth.codes, truth.labels, {.compact = compact});
    for (const SimdTarget simd : SupportedSimdTargets()) {
      const auto index = OpenIndex(Path(), simd);
      ASSERT_NE(index, nullptr);
      for (const std::size_t join_from : {kNeverJoin, kAlwaysJoin}) {
        index->NeverScan(join_from);
        for (const int radius : {0, 9, 31, 39}) {
          ASSERT_EQ(Found(*index, queries, radius), Within(all, radius))
              << SimdTargetName(simd) << ", radius " << radius << ", compact " << compact;
        }
      }
    }
  }
}

TEST_F(SegmentTest, IdenticalCodesAreStoredOnceAndToldForEachRow) {
  RandomCodes random(3);
  Truth truth;
  truth.codes = CodesWithNeighbours(900, random);
  const std::size_t distinct = 900;
  for (int copy = 0; copy < 1500; ++copy) truth.codes.push_back(truth.codes[random.Below(5)]);
  truth.labels = LabelsFrom(1000, truth.codes.size());
  // The very same row twice is told twice.
  truth.codes.push_back(truth.codes[0]);
  truth.labels.push_back(truth.labels[0]);
  std::vector<Code> queries = QueriesAround(truth.codes, 4, random);
  queries.push_back(truth.codes[2]);
  ExpectExact(truth, queries, {.bands = 16}, 9);
  const auto file = MustOpen(Path());
  ASSERT_NE(file, nullptr);
  EXPECT_LE(file->info().codes, distinct);
  std::multimap<Label, Code> expected;
  for (std::size_t row = 0; row < truth.codes.size(); ++row) {
    expected.emplace(truth.labels[row], truth.codes[row]);
  }
  std::uint64_t next = 0;
  file->ForEachRow([&](std::uint64_t row, const Code& code, const Label& label) {
    EXPECT_EQ(row, next++);
    EXPECT_EQ(file->LabelAt(row), label);
    const auto [begin, end] = expected.equal_range(label);
    const auto found =
        std::find_if(begin, end, [&](const auto& pair) { return pair.second == code; });
    EXPECT_NE(found, end);
    if (found == end) return false;
    expected.erase(found);
    return true;
  });
  EXPECT_EQ(next, truth.codes.size());
  EXPECT_TRUE(expected.empty());
  // False ends it.
  next = 0;
  file->ForEachRow([&](std::uint64_t, const Code&, const Label&) { return ++next < 3; });
  EXPECT_EQ(next, 3U);
}

TEST_F(SegmentTest, FindsTheRowsOfAnEntry) {
  RandomCodes random(4);
  const std::vector<Code> codes = random.Some(1000);
  std::vector<Label> labels;
  std::map<std::uint64_t, std::size_t> counts;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    // Far apart, and up to the highest that there is.
    const std::uint64_t entry = ~std::uint64_t{0} - (random.Below(300) << 50);
    labels.push_back(
        {.entry = entry, .view = static_cast<std::uint32_t>(random.Below(3)) * 2147483647U});
    ++counts[entry];
  }
  MustBuild(Path(), codes, labels);
  const auto file = MustOpen(Path());
  ASSERT_NE(file, nullptr);
  for (const auto& [entry, count] : counts) {
    const std::vector<std::uint64_t> rows = file->RowsOf(entry);
    EXPECT_EQ(rows.size(), count);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    for (const std::uint64_t row : rows) EXPECT_EQ(file->LabelAt(row).entry, entry);
    EXPECT_TRUE(file->RowsOf(entry - 1).empty());
  }
  EXPECT_TRUE(file->RowsOf(0).empty());
}

TEST_F(SegmentTest, SearchesAsTheIndexDoes) {
  RandomCodes random(5);
  Truth truth;
  truth.codes = CodesWithNeighbours(3000, random);
  truth.labels = LabelsFrom(1, truth.codes.size());
  const std::vector<Code> queries = QueriesAround(truth.codes, 12, random);
  MustBuild(Path(), truth.codes, truth.labels, {.bands = 16});
  for (const bool resident : {false, true}) {
    const auto file = MustOpen(Path(), {.resident = resident});
    ASSERT_NE(file, nullptr);
    const auto results = file->Search(queries, {.radius_bits = 40, .limit = 3});
    ASSERT_TRUE(results.ok()) << results.status();
    for (std::size_t query = 0; query < queries.size(); ++query) {
      ExpectSame((*results)[query], Expected(truth.Ranked(queries[query]), 40, 3));
    }
    const auto kept = file->Search(
        queries, {.radius_bits = 40,
                  .limit = 1000,
                  .keep = [](std::size_t, const Label& label, int) { return label.view == 1; }});
    ASSERT_TRUE(kept.ok()) << kept.status();
    for (const SearchResult& result : *kept) {
      for (const Hit& hit : result.hits) EXPECT_EQ(hit.label.view, 1u);
    }
    EXPECT_EQ(file->Search(queries, {.radius_bits = -1}).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(file->Search(queries, {.radius_bits = 257}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

// With hardly any memory the rows go through the disk and the bands through many passes, and the
// file is the same to the byte.
TEST_F(SegmentTest, IsTheSameFileOutOfCore) {
  RandomCodes random(6);
  std::vector<Code> codes = CodesWithNeighbours(60000, random);
  for (int copy = 0; copy < 3000; ++copy) codes.push_back(codes[random.Below(9)]);
  const std::vector<Label> labels = LabelsFrom(1, codes.size());
  for (const bool compact : {false, true}) {
    MustBuild(Path("ample"), codes, labels, {.compact = compact});
    absl::StatusOr<std::unique_ptr<SegmentWriter>> writer =
        SegmentWriter::Create(Path("scarce"), {.memory_bytes = 1 << 17, .compact = compact});
    ASSERT_TRUE(writer.ok()) << writer.status();
    // In another order, in pieces.
    for (std::size_t end = codes.size(); end > 0;) {
      const std::size_t begin = end - std::min<std::size_t>(end, 777);
      ASSERT_TRUE((*writer)
                      ->Add(std::span(codes).subspan(begin, end - begin),
                            std::span(labels).subspan(begin, end - begin))
                      .ok());
      end = begin;
    }
    EXPECT_EQ(std::filesystem::exists(Path("scarce")), compact);  // that of the round before
    const auto info = (*writer)->Finish();
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(ReadBytes(Path("scarce")), ReadBytes(Path("ample")));
    EXPECT_FALSE(std::filesystem::exists(Path("scarce.tmp")));
    EXPECT_EQ(info->file_bytes, std::filesystem::file_size(Path("scarce")));
    EXPECT_EQ(info->file_bytes, 4096 + info->hot_bytes + info->cold_bytes);
  }
}

TEST_F(SegmentTest, AnUnfinishedOneLeavesNothing) {
  {
    absl::StatusOr<std::unique_ptr<SegmentWriter>> writer = SegmentWriter::Create(Path());
    ASSERT_TRUE(writer.ok()) << writer.status();
    const std::vector<Code> one(1);
    const std::vector<Label> two(2);
    EXPECT_EQ((*writer)->Add(one, two).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(SegmentTest, OneThatIsGivenUpLeavesNothing) {
  RandomCodes random(9);
  const std::vector<Code> codes = CodesWithNeighbours(20000, random);
  const std::vector<Label> labels = LabelsFrom(1, codes.size());
  int asked = 0;
  int until = std::numeric_limits<int>::max();
  const SegmentBuildOptions options{
      .memory_bytes = std::size_t{1} << 17, .bands = 16, .stop = [&] { return ++asked > until; }};
  MustBuild(Path(), codes, labels, options);
  std::filesystem::remove(Path());
  // Asked while rows, entries and bands are written, and before the end.
  const int often = asked;
  EXPECT_GT(often, 256 + 2 * 16);
  for (until = 0; until < often; until += often / 23 + 1) {
    asked = 0;
    const auto info = BuildSegment(Path(), codes, labels, options);
    EXPECT_TRUE(absl::IsCancelled(info.status())) << info.status();
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
  }
}

TEST_F(SegmentTest, SaysWhatIsWrong) {
  EXPECT_EQ(SegmentFile::Open(Path()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(SegmentFile::Open(directory_).ok());
  EXPECT_FALSE(SegmentWriter::Create(Path("none/a.segment")).ok());
  EXPECT_EQ(SegmentWriter::Create(Path(), {.bands = 7}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SegmentTest, SearchesRunSideBySide) {
  RandomCodes random(8);
  Truth truth;
  truth.codes = CodesWithNeighbours(2000, random);
  truth.labels = LabelsFrom(1, truth.codes.size());
  const std::vector<Code> queries = QueriesAround(truth.codes, 20, random);
  MustBuild(Path(), truth.codes, truth.labels, {.bands = 16});
  const auto file = MustOpen(Path());
  ASSERT_NE(file, nullptr);
  const auto want = file->Search(queries);
  ASSERT_TRUE(want.ok());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        const auto got = file->Search(queries);
        ASSERT_TRUE(got.ok());
        for (std::size_t query = 0; query < queries.size(); ++query) {
          ExpectSame((*got)[query], (*want)[query]);
        }
      }
    });
  }
  for (int round = 0; round < 20; ++round) EXPECT_TRUE(file->Scrub(5000).ok());
  for (std::thread& thread : threads) thread.join();
}

// Of the promise what arithmetic can show; bench/SCORES.md has what was measured.
TEST(SegmentPlanTest, KeepsToSixtyFourBytesACodeFromAHundredMillionOn) {
  for (const std::uint64_t codes :
       {100000000ULL, 134217728ULL, 134217729ULL, 200000000ULL, 268435456ULL, 330000000ULL,
        536870912ULL, 1000000000ULL, 4000000000ULL}) {
    const internal::SegmentCut cut = internal::ChooseCut(codes, 0, false);
    ASSERT_GT(cut.bands, 0U) << codes;
    internal::SegmentHeader header;
    header.rows = codes;
    header.codes = codes;
    header.entry_bits = 29;
    header.view_bits = 5;
    header.cut = cut;
    internal::LayOut(header);
    double hot = 0;
    double cold = 0;
    for (const internal::Section& section : header.sections) {
      (section.IsHot() ? hot : cold) += static_cast<double>(section.bytes);
    }
    EXPECT_LE(hot / static_cast<double>(codes), 64.0) << codes;
    EXPECT_LE(cold / static_cast<double>(codes), 8.5) << codes;
    if (codes <= 330000000) {
      EXPECT_LE(cold / static_cast<double>(codes), 8.0) << codes;
    }
  }
}

// A compact index has segments of all sizes from a million codes on.
TEST(SegmentPlanTest, CompactSegmentsOfFewerCodesTakeLittleMore) {
  for (const std::uint64_t codes :
       {1048576ULL, 4000000ULL, 10000000ULL, 16777216ULL, 30000000ULL, 50000000ULL, 99999999ULL}) {
    const internal::SegmentCut cut = internal::ChooseCut(codes, 0, true);
    EXPECT_LE(internal::HotBytesPerCode(cut, codes), codes < 10000000 ? 65.0 : 64.0) << codes;
    // And are probed, not read from end to end.
    EXPECT_GE(cut.Buckets() * 512, codes) << codes;
  }
}

}  // namespace
}  // namespace kith::index
