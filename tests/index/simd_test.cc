// SPDX-License-Identifier: Apache-2.0
//
// Every instruction set that this machine has, forced by name, against the plain answer.
#include "index/simd.h"

#include <gmock/gmock.h>

#include "index/internal/code_blocks.h"
#include "index/internal/simd_dispatch.h"
#include "tests/index/forced_simd.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using ::testing::HasSubstr;

TEST(SimdTest, ForcedTargetIsTheOneThatRuns) {
  RandomCodes random(1);
  Truth truth;
  truth.Add(random.Some(3001), LabelsFrom(1, 3001));
  for (const SimdTarget target : SupportedSimdTargets()) {
    const std::string name(SimdTargetName(target));
    SCOPED_TRACE(name);
    const ForcedSimd forced(name);
    EXPECT_EQ(*ActiveSimdTarget(), target);
    const auto index = MakeIndex("scan", 1000);
    EXPECT_EQ(index->Stats().simd, name);
    ASSERT_TRUE(index->Add(truth.codes, truth.labels).ok());
    for (int i = 0; i < 20; ++i) {
      const Code query =
          random.Flip(truth.codes[random.Below(3001)], static_cast<int>(random.Below(256)));
      const std::vector<Hit> ranked = truth.Ranked(query);
      for (const int radius : {0, 15, 31, 64, 110, 128, 256}) {
        const SearchResult result =
            MustSearch(*index, std::vector<Code>{query}, {.radius_bits = radius, .limit = 30})[0];
        ExpectSame(result, Expected(ranked, radius, 30));
      }
    }
  }
}

TEST(SimdTest, EachTargetHasAKernelOfItsOwn) {
  std::set<internal::ScanKernel> kernels;
  for (const SimdTarget target : SupportedSimdTargets()) {
    kernels.insert(internal::ScanKernelOf(target));
  }
  EXPECT_EQ(kernels.size(), SupportedSimdTargets().size());
  EXPECT_TRUE(kernels.contains(&internal::ScanScalar));
}

using Pair = std::tuple<std::size_t, std::size_t, int>;  // query, row, distance

std::vector<Pair> PairsOf(const internal::CodeBlocks& blocks, const std::vector<Code>& queries,
                          int radius, SimdTarget target) {
  std::vector<Pair> pairs;
  blocks.Scan(queries, radius, internal::ScanKernelOf(target),
              [&](std::size_t query, std::size_t row, int distance) {
                pairs.emplace_back(query, row, distance);
              });
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

// Every batch size around the width of a tile, every filling of the last group, radii on both sides
// of what a half can hold, and codes near each other so that all branches are taken.
TEST(SimdTest, KernelsAgreeOnEveryShape) {
  RandomCodes random(2);
  for (std::size_t rows = 0; rows <= 33; ++rows) {
    const Code centre = random.Next();
    std::vector<Code> codes(rows);
    for (Code& code : codes) code = random.Flip(centre, static_cast<int>(random.Below(257)));
    internal::CodeBlocks blocks;
    blocks.Append(std::span(codes).first(rows / 2));  // in two parts: the last group is filled up
    blocks.Append(std::span(codes).subspan(rows / 2));
    for (std::size_t row = 0; row < rows; ++row) EXPECT_EQ(blocks.At(row), codes[row]);
    for (std::size_t count = 1; count <= 17; ++count) {
      std::vector<Code> queries(count);
      for (Code& query : queries) query = random.Flip(centre, static_cast<int>(random.Below(257)));
      for (const int radius : {0, 1, 31, 63, 64, 65, 127, 128, 129, 200, 255, 256}) {
        std::vector<Pair> truth;
        for (std::size_t query = 0; query < count; ++query) {
          for (std::size_t row = 0; row < rows; ++row) {
            const int distance = PlainDistance(queries[query], codes[row]);
            if (distance <= radius) truth.emplace_back(query, row, distance);
          }
        }
        for (const SimdTarget target : SupportedSimdTargets()) {
          ASSERT_EQ(PairsOf(blocks, queries, radius, target), truth)
              << SimdTargetName(target) << ", rows " << rows << ", queries " << count << ", radius "
              << radius << ", seed " << TestSeed();
        }
      }
    }
  }
}

TEST(SimdTest, DistanceCountsEveryBit) {
  RandomCodes random(3);
  for (int bits = 0; bits <= kCodeBits; ++bits) {
    const Code code = random.Next();
    EXPECT_EQ(HammingDistance(code, random.Flip(code, bits)), bits);
  }
}

TEST(SimdTest, UnknownTargetIsRefusedWithTheKnownOnes) {
  for (const char* wrong : {"avx", "AVX2", "fastest", " "}) {
    const ForcedSimd forced(wrong);
    const auto index = HammingIndex::Create();
    EXPECT_EQ(index.status().code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(std::string(index.status().message()), HasSubstr("scalar, avx2, avx512"));
  }
}

TEST(SimdTest, EmptyValueMeansTheFastest) {
  const ForcedSimd forced("");
  EXPECT_EQ(*ActiveSimdTarget(), SupportedSimdTargets().back());
}

TEST(SimdTest, TargetThatTheProcessorLacksIsRefused) {
  const std::span<const SimdTarget> supported = SupportedSimdTargets();
  for (const SimdTarget target : {SimdTarget::kScalar, SimdTarget::kAvx2, SimdTarget::kAvx512}) {
    const ForcedSimd forced{std::string(SimdTargetName(target))};
    const bool here = std::find(supported.begin(), supported.end(), target) != supported.end();
    EXPECT_EQ(HammingIndex::Create().status().code(),
              here ? absl::StatusCode::kOk : absl::StatusCode::kFailedPrecondition);
  }
}

}  // namespace
}  // namespace kith::index
