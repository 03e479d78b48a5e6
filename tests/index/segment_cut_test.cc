// SPDX-License-Identifier: Apache-2.0
//
// Cuts that only segments of very many codes have, at sizes whose every pair can be compared:
// sketches of fewer than 16 bits, which are packed, and positions in parts.

#include <algorithm>
#include <string>
#include <vector>

#include "index/internal/row_spool.h"
#include "index/internal/segment_builder.h"
#include "index/internal/segment_format.h"
#include "tests/index/segment_files.h"
#include "tests/index/segment_pairs.h"

namespace kith::index {
namespace {

using internal::SegmentCut;

// Buckets of more codes than are unpacked at once.
constexpr std::size_t kCrowd = 9000;

class SegmentCutTest : public SegmentFiles, public ::testing::WithParamInterface<SegmentCut> {
 protected:
  void Fill(RandomCodes& random) {
    truth_.codes = CodesWithNeighbours(9000, random);
    // They agree in the key of some band, half of them in several whole bands; the others are near
    // each other in the rest too, so that it takes that band to see many pairs.
    const Code first = truth_.codes[0];
    for (std::size_t row = 0; row < kCrowd; ++row) {
      const bool far = row % 2 == 0;
      Code code = far ? random.Next() : random.Flip(first, static_cast<int>(random.Below(28)));
      std::copy_n(first.begin() + 9, far ? 14 : 6, code.begin() + 9);
      truth_.codes.push_back(code);
    }
    truth_.labels = LabelsFrom(1, truth_.codes.size());
  }
  void Build() {
    internal::RowSpool rows(directory_, std::size_t{1} << 24);
    ASSERT_TRUE(rows.Add(truth_.codes, truth_.labels).ok());
    ASSERT_TRUE(rows.EndOfRows().ok());
    const auto file = internal::File::Create(Path());
    ASSERT_TRUE(file.ok()) << file.status();
    // So that the bands are written in several passes.
    const SegmentBuildOptions options{.memory_bytes = std::size_t{1} << 16};
    const auto info = internal::SegmentBuilder(*file, rows, options, GetParam()).Build();
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->bands, static_cast<int>(GetParam().bands));
  }
  // Probed in both ways, at each of these radii.
  void ExpectExact(const std::vector<Code>& queries, const std::vector<int>& radii,
                   SimdTarget simd) {
    std::vector<Pair> all;
    for (std::size_t query = 0; query < queries.size(); ++query) {
      for (std::size_t row = 0; row < truth_.codes.size(); ++row) {
        const int distance = HammingDistance(queries[query], truth_.codes[row]);
        if (distance <= radii.back()) all.emplace_back(query, truth_.labels[row], distance);
      }
    }
    std::sort(all.begin(), all.end());
    const auto index = OpenIndex(Path(), simd);
    ASSERT_NE(index, nullptr);
    for (const std::size_t join_from : {kNeverJoin, kAlwaysJoin}) {
      index->NeverScan(join_from);
      for (const int radius : radii) {
        ASSERT_EQ(Found(*index, queries, radius), Within(all, radius))
            << SimdTargetName(simd) << ", radius " << radius << ", join from " << join_from
            << ", seed " << TestSeed();
      }
    }
  }
  // Near codes of the crowd and near others.
  std::vector<Code> Queries(std::size_t count, RandomCodes& random) {
    std::vector<Code> queries = QueriesAround(truth_.codes, count / 2, random);
    while (queries.size() < count) {
      const std::size_t row = truth_.codes.size() - 1 - random.Below(kCrowd);
      queries.push_back(random.Flip(truth_.codes[row], static_cast<int>(random.Below(40))));
    }
    return queries;
  }

  Truth truth_;
};

TEST_P(SegmentCutTest, EveryRadiusIsExact) {
  RandomCodes random(70);
  Fill(random);
  Build();
  const std::vector<Code> queries = Queries(6, random);
  std::vector<int> all_radii;
  for (int radius = 0; radius <= 63; ++radius) all_radii.push_back(radius);
  ExpectExact(queries, all_radii, SupportedSimdTargets().back());
  for (const SimdTarget simd : SupportedSimdTargets()) ExpectExact(queries, {0, 7, 31, 39}, simd);
}

// With so many queries the join walks the buckets of short keys.
TEST_P(SegmentCutTest, ABatchIsExact) {
  RandomCodes random(71);
  Fill(random);
  Build();
  std::vector<Code> queries = Queries(60, random);
  if (GetParam().key_bits <= 12) {
    const std::vector<Code> codes(truth_.codes.begin(), truth_.codes.end() - kCrowd);
    const std::vector<Code> more =
        QueriesAround(codes, std::size_t{1800} >> (12 - GetParam().key_bits), random);
    queries.insert(queries.end(), more.begin(), more.end());
  }
  for (const SimdTarget simd : SupportedSimdTargets()) ExpectExact(queries, {3, 31}, simd);
}

INSTANTIATE_TEST_SUITE_P(
    Cuts, SegmentCutTest,
    // Bands, bits of key, of sketch, extra ones, low ones of a position.
    ::testing::Values(SegmentCut{8, 18, 14, 0, 18}, SegmentCut{8, 20, 12, 0, 20},
                      SegmentCut{8, 12, 14, 0, 12}, SegmentCut{8, 10, 9, 0, 10},
                      SegmentCut{9, 12, 15, 0, 12}, SegmentCut{10, 19, 6, 0, 19},
                      SegmentCut{11, 12, 11, 0, 13}, SegmentCut{12, 9, 1, 0, 9}),
    [](const auto& test) {
      const SegmentCut& cut = test.param;
      return std::to_string(cut.bands) + "Bands" + std::to_string(cut.key_bits) + "Key" +
             std::to_string(cut.sketch_bits) + "Sketch";
    });

}  // namespace
}  // namespace kith::index
