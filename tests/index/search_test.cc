// SPDX-License-Identifier: Apache-2.0
//
// Each engine against the plain answer: sizes, radii, limits, filters, duplicates, clusters,
// errors.
#include <gmock/gmock.h>

#include <tuple>

#include "tests/index/truth.h"

namespace kith::index {
namespace {

using ::testing::HasSubstr;

std::string SafeName(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Queries near stored codes, at every distance around the usual radius, and some far from all.
std::vector<Code> QueriesNear(const std::vector<Code>& codes, RandomCodes& random,
                              std::size_t count) {
  std::vector<Code> queries = random.Some(3);
  for (std::size_t i = 0; i < count && !codes.empty(); ++i) {
    queries.push_back(
        random.Flip(codes[random.Below(codes.size())], static_cast<int>(random.Below(41))));
  }
  return queries;
}

void ExpectEqualsTruth(const HammingIndex& index, const Truth& truth,
                       const std::vector<Code>& queries, const std::vector<int>& radii,
                       std::size_t limit) {
  std::vector<std::vector<Hit>> ranked;
  ranked.reserve(queries.size());
  for (const Code& query : queries) ranked.push_back(truth.Ranked(query));
  for (const int radius : radii) {
    const std::vector<SearchResult> results =
        MustSearch(index, queries, {.radius_bits = radius, .limit = limit});
    for (std::size_t i = 0; i < queries.size(); ++i) {
      SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", radius " + std::to_string(radius) +
                   ", query " + std::to_string(i));
      ExpectSame(results[i], Expected(ranked[i], radius, limit));
    }
  }
}

std::vector<int> RadiiFor(const std::string& engine, std::size_t size) {
  std::vector<int> radii;
  for (int radius = 0; radius <= 31; radius += size > 10000 ? 5 : 1) radii.push_back(radius);
  if (radii.back() != 31) radii.push_back(31);
  if (MaxRadius(engine) == kCodeBits) {
    for (const int radius : {32, 63, 64, 100, 127, 128, 129, 255, 256}) radii.push_back(radius);
  }
  return radii;
}

class EngineTest : public ::testing::TestWithParam<const char*> {};

class EngineAndSizeTest : public ::testing::TestWithParam<std::tuple<const char*, std::size_t>> {};

TEST_P(EngineAndSizeTest, EqualsTheTruthWhenAddedAtOnce) {
  const auto& [engine, size] = GetParam();
  RandomCodes random(size);
  Truth truth;
  truth.Add(random.Some(size), LabelsFrom(1, size));
  const auto index = MakeIndex(engine);
  ASSERT_TRUE(index->Add(truth.codes, truth.labels).ok());
  EXPECT_EQ(index->Stats().codes, size);
  ExpectEqualsTruth(*index, truth, QueriesNear(truth.codes, random, size > 10000 ? 9 : 30),
                    RadiiFor(engine, size), 40);
}

TEST_P(EngineAndSizeTest, EqualsTheTruthWhenAddedInBatches) {
  const auto& [engine, size] = GetParam();
  RandomCodes random(size + 1);
  Truth truth;
  truth.Add(random.Some(size), LabelsFrom(1, size));
  const auto index = MakeIndex(engine);
  for (std::size_t first = 0; first < size; first += 999) {
    const std::size_t count = std::min<std::size_t>(999, size - first);
    ASSERT_TRUE(index
                    ->Add(std::span(truth.codes).subspan(first, count),
                          std::span(truth.labels).subspan(first, count))
                    .ok());
  }
  EXPECT_EQ(index->Stats().codes, size);
  EXPECT_EQ(index->Stats().segments, size / 65536);
  ExpectEqualsTruth(*index, truth, QueriesNear(truth.codes, random, size > 10000 ? 9 : 30),
                    {0, 3, 17, 30, 31}, 40);
}

INSTANTIATE_TEST_SUITE_P(
    All, EngineAndSizeTest,
    ::testing::Combine(::testing::Values("scan", "mih", "faiss-flat", "faiss-multihash"),
                       ::testing::Values<std::size_t>(0, 1, 7, 8, 9, 63, 64, 65, 1000, 70000)),
    [](const auto& test) {
      return SafeName(std::get<0>(test.param)) + "_" + std::to_string(std::get<1>(test.param));
    });

TEST_P(EngineTest, RadiusIsInclusive) {
  RandomCodes random(2);
  const std::size_t heads[] = {8, 65536};  // everything in segments, everything in the head
  for (const std::size_t head : heads) {
    const auto index = MakeIndex(GetParam(), head);
    const Code code = random.Next();
    ASSERT_TRUE(index->Add(std::vector<Code>(8, code), LabelsFrom(1, 8)).ok());
    for (int distance = 0; distance <= MaxRadius(GetParam()); ++distance) {
      const std::vector<Code> query = {random.Flip(code, distance)};
      EXPECT_EQ(MustSearch(*index, query, {.radius_bits = distance, .limit = 9})[0].total, 8u)
          << "distance " << distance;
      if (distance == 0) continue;
      EXPECT_EQ(MustSearch(*index, query, {.radius_bits = distance - 1, .limit = 9})[0].total, 0u)
          << "distance " << distance;
    }
  }
}

// The worst case of sixteen bands of sixteen bits: two flips in each but one, wherever they lie.
TEST_P(EngineTest, FindsFlipsSpreadOverAllBands) {
  RandomCodes random(3);
  const std::vector<Code> codes = random.Some(400);
  const auto index = MakeIndex(GetParam(), 8);
  ASSERT_TRUE(index->Add(codes, LabelsFrom(1, codes.size())).ok());
  std::vector<Code> queries;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    Code query = codes[row];
    for (std::size_t band = 0; band < 16; ++band) {
      const std::size_t place = random.Below(16);
      query[2 * band + place / 8] ^= static_cast<std::uint8_t>(1u << place % 8);
      if (band == row % 16) continue;
      const std::size_t other = (place + 1 + random.Below(15)) % 16;
      query[2 * band + other / 8] ^= static_cast<std::uint8_t>(1u << other % 8);
    }
    queries.push_back(query);
  }
  const std::vector<SearchResult> results =
      MustSearch(*index, queries, {.radius_bits = 31, .limit = 5});
  for (std::size_t row = 0; row < codes.size(); ++row) {
    ASSERT_EQ(results[row].hits.size(), 1u) << "row " << row << ", seed " << TestSeed();
    EXPECT_EQ(results[row].hits[0].distance_bits, 31);
    EXPECT_EQ(results[row].hits[0].label.entry, 1 + row / 3);
  }
}

TEST_P(EngineTest, OrdersByDistanceThenEntryThenView) {
  RandomCodes random(4);
  const Code code = random.Next();
  Truth truth;
  // Entries in falling order, so that the order of adding is not the order of the answer.
  for (std::uint64_t entry = 300; entry >= 1; --entry) {
    truth.codes.push_back(random.Flip(code, static_cast<int>(entry % 4)));
    truth.labels.push_back({.entry = entry / 2, .view = static_cast<std::uint32_t>(entry % 5)});
  }
  const auto index = MakeIndex(GetParam(), 64);
  ASSERT_TRUE(index->Add(truth.codes, truth.labels).ok());
  const std::vector<Hit> ranked = truth.Ranked(code);
  for (const std::size_t limit : {0, 1, 74, 75, 76, 299, 300, 301}) {
    SCOPED_TRACE(limit);
    const SearchResult result =
        MustSearch(*index, std::vector<Code>{code}, {.radius_bits = 8, .limit = limit})[0];
    ExpectSame(result, Expected(ranked, 8, limit));
    EXPECT_EQ(result.total, 300u);
    EXPECT_EQ(result.truncated, limit < 300);
  }
}

TEST_P(EngineTest, FindsClusteredCodes) {
  RandomCodes random(5);
  const std::vector<Code> centres = random.Some(10);
  Truth truth;
  for (std::size_t row = 0; row < 3000; ++row) {
    const Code& centre = centres[random.Below(centres.size())];
    truth.codes.push_back(row % 2 == 0 ? centre
                                       : random.Flip(centre, static_cast<int>(random.Below(40))));
  }
  truth.codes.push_back(Code{});  // all bits the same
  truth.codes.push_back(random.Flip(Code{}, kCodeBits));
  truth.labels = LabelsFrom(1, truth.codes.size());
  const auto index = MakeIndex(GetParam(), 512);
  ASSERT_TRUE(index->Add(truth.codes, truth.labels).ok());
  std::vector<Code> queries = centres;
  queries.push_back(Code{});
  queries.push_back(random.Flip(Code{}, kCodeBits));
  ExpectEqualsTruth(*index, truth, queries, RadiiFor(GetParam(), truth.codes.size()), 100);
}

TEST_P(EngineTest, FilterSeesOnlyWhatIsWithinAndDecides) {
  RandomCodes random(6);
  Truth truth;
  truth.Add(random.Some(900), LabelsFrom(1, 900));
  const auto index = MakeIndex(GetParam(), 256);
  ASSERT_TRUE(index->Add(truth.codes, truth.labels).ok());
  // More queries than are answered in one pass.
  std::vector<Code> queries;
  for (std::size_t i = 0; i < 700; ++i) {
    queries.push_back(random.Flip(truth.codes[i], static_cast<int>(i % 40)));
  }
  std::vector<int> calls(queries.size(), 0);
  const std::vector<SearchResult> results =
      MustSearch(*index, queries,
                 {.radius_bits = 20,
                  .limit = 10,
                  .keep = [&](std::size_t query, const Label& label, int bits) {
                    EXPECT_LE(bits, 20);
                    EXPECT_EQ(bits, static_cast<int>(query % 40));
                    EXPECT_EQ(label.entry, 1 + query / 3);
                    ++calls[query];
                    return label.entry % 2 == 0;
                  }});
  for (std::size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(calls[i], i % 40 <= 20 ? 1 : 0) << i;
    const bool kept = i % 40 <= 20 && (1 + i / 3) % 2 == 0;
    EXPECT_EQ(results[i].total, kept ? 1u : 0u) << i;
    EXPECT_EQ(results[i].hits.size(), kept ? 1u : 0u) << i;
    EXPECT_FALSE(results[i].truncated);
  }
}

TEST_P(EngineTest, RefusesLabelsOfAnotherLength) {
  const auto index = MakeIndex(GetParam());
  const std::vector<Code> codes(3);
  const absl::Status status = index->Add(codes, LabelsFrom(1, 2));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("3 codes came with 2 labels"));
  EXPECT_EQ(index->Stats().codes, 0u);
}

TEST_P(EngineTest, RefusesRadiiBeyondTheEngine) {
  const auto index = MakeIndex(GetParam());
  const std::vector<Code> query(1);
  for (const int radius : {-1, MaxRadius(GetParam()) + 1}) {
    const auto results = index->Search(query, {.radius_bits = radius, .limit = 1});
    EXPECT_EQ(results.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(results.status().message()),
                HasSubstr("asked for " + std::to_string(radius)));
  }
}

TEST_P(EngineTest, NoQueriesNoResults) {
  const auto index = MakeIndex(GetParam());
  EXPECT_TRUE(MustSearch(*index, {}, {}).empty());
  ASSERT_TRUE(index->Add({}, {}).ok());
  EXPECT_EQ(index->Stats().codes, 0u);
  EXPECT_EQ(index->Stats().engine, GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, EngineTest,
                         ::testing::Values("scan", "mih", "faiss-flat", "faiss-multihash"),
                         [](const auto& test) { return SafeName(test.param); });

TEST(CreateTest, NamesTheEnginesWhenOneIsUnknown) {
  const auto index = HammingIndex::Create({.engine = "hnsw", .head_codes = 64});
  EXPECT_EQ(index.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(index.status().message()),
              HasSubstr("'hnsw'; use one of scan, mih, faiss-flat, faiss-multihash"));
}

TEST(CreateTest, RefusesHeadsOutOfRange) {
  for (const std::size_t head : {0, 7, 65537}) {
    const auto index = HammingIndex::Create({.engine = "scan", .head_codes = head});
    EXPECT_EQ(index.status().code(), absl::StatusCode::kInvalidArgument) << head;
  }
}

}  // namespace
}  // namespace kith::index
