// SPDX-License-Identifier: Apache-2.0
//
// MultiIndexHash against plain comparison of all pairs.
#include "index/internal/multi_index_hash.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "index/internal/join_dispatch.h"
#include "index/internal/simd_dispatch.h"
#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kAlwaysJoin = 1;
constexpr std::size_t kNeverJoin = std::numeric_limits<std::size_t>::max();

using Pair = std::tuple<std::size_t, std::size_t, int>;  // query, row, distance

std::unique_ptr<MultiIndexHash> Make(const std::vector<Code>& codes, MultiIndexHashOptions options,
                                     SimdTarget target = SupportedSimdTargets().back()) {
  auto index =
      std::make_unique<MultiIndexHash>(JoinKernelOf(target), ScanKernelOf(target), options);
  if (!codes.empty()) {
    index->add(static_cast<faiss::IndexBinary::idx_t>(codes.size()), codes[0].data());
  }
  return index;
}

std::vector<Pair> Found(const MultiIndexHash& index, std::span<const Code> queries, int radius) {
  std::vector<Pair> pairs;
  index.StreamPairs(queries, radius, [&](std::size_t query, std::size_t row, int distance) {
    pairs.emplace_back(query, row, distance);
  });
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

// All pairs up to the widest radius, once; a smaller radius takes a part of them.
class AllPairs {
 public:
  AllPairs(const std::vector<Code>& codes, std::span<const Code> queries) {
    for (std::size_t query = 0; query < queries.size(); ++query) {
      for (std::size_t row = 0; row < codes.size(); ++row) {
        const int distance = HammingDistance(queries[query], codes[row]);
        if (distance <= BandPlan::kMaxRadiusBits) pairs_.emplace_back(query, row, distance);
      }
    }
  }
  std::vector<Pair> Within(int radius) const {
    std::vector<Pair> within;
    std::copy_if(pairs_.begin(), pairs_.end(), std::back_inserter(within),
                 [&](const Pair& pair) { return std::get<2>(pair) <= radius; });
    return within;
  }

 private:
  std::vector<Pair> pairs_;
};

std::vector<Code> QueriesNear(const std::vector<Code>& codes, std::size_t count,
                              RandomCodes& random) {
  std::vector<Code> queries;
  for (std::size_t query = 0; query < count; ++query) {
    const Code base = codes.empty() ? random.Next() : codes[random.Below(codes.size())];
    queries.push_back(random.Flip(base, static_cast<int>(random.Below(70))));
  }
  return queries;
}

class BandCountTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Some, BandCountTest,
                         ::testing::Values(12, 13, 14, 15, 16, 17, 18, 20, 23, 24, 28, 31, 32));

TEST_P(BandCountTest, FindsAllPairsAtEveryRadius) {
  RandomCodes random(static_cast<std::uint64_t>(100 + GetParam()));
  const std::vector<Code> codes = ClusteredCodes(700, random);
  const std::vector<Code> queries = QueriesNear(codes, 25, random);
  const AllPairs truth(codes, queries);
  const auto each = Make(codes, {GetParam(), kNeverJoin, true});
  const auto joined = Make(codes, {GetParam(), kAlwaysJoin, true});
  ASSERT_EQ(each->Bands(), GetParam());
  for (int radius = 0; radius <= BandPlan::kMaxRadiusBits; ++radius) {
    // With long keys the widest radii have very many probes a query; a few of them will do.
    if (GetParam() < 16 && radius > 40 && radius % 11 != 0) continue;
    const std::vector<Pair> want = truth.Within(radius);
    EXPECT_TRUE(Found(*each, queries, radius) == want) << "radius " << radius;
    EXPECT_TRUE(Found(*joined, queries, radius) == want) << "radius " << radius;
  }
}

TEST(MultiIndexHashTest, FindsAllPairsOfAnyNumberOfCodes) {
  RandomCodes random(2);
  for (const std::size_t count : {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 300}) {
    const std::vector<Code> codes = ClusteredCodes(count, random);
    const std::vector<Code> queries = QueriesNear(codes, 20, random);
    const AllPairs truth(codes, queries);
    for (const MultiIndexHashOptions& options :
         {MultiIndexHashOptions{}, MultiIndexHashOptions{16, kNeverJoin, true},
          MultiIndexHashOptions{16, kAlwaysJoin, true}, MultiIndexHashOptions{20, 0, false}}) {
      const auto index = Make(codes, options);
      EXPECT_EQ(index->ntotal, static_cast<faiss::IndexBinary::idx_t>(count));
      for (const int radius : {0, 5, 31, 63}) {
        EXPECT_TRUE(Found(*index, queries, radius) == truth.Within(radius))
            << count << " codes, radius " << radius;
      }
    }
  }
}

// Buckets longer than a register and than a block of survivors: all codes share three of four
// words.
TEST(MultiIndexHashTest, FindsAllPairsInCrowdedBuckets) {
  RandomCodes random(3);
  const Code base = random.Next();
  std::vector<Code> codes;
  for (int row = 0; row < 3000; ++row) {
    codes.push_back(base);
    const Code other = random.Next();
    std::copy_n(other.begin(), 4 + 4 * (row % 2), codes.back().begin());
  }
  std::vector<Code> queries = {base, codes[17]};
  for (int i = 0; i < 100; ++i) queries.push_back(random.Flip(base, 20));
  const AllPairs truth(codes, queries);
  for (const SimdTarget target : SupportedSimdTargets()) {
    for (const std::size_t join_from : {kNeverJoin, kAlwaysJoin}) {
      const auto index = Make(codes, {16, join_from, true}, target);
      for (const int radius : {12, 31, 47}) {
        EXPECT_TRUE(Found(*index, queries, radius) == truth.Within(radius))
            << SimdTargetName(target) << ", radius " << radius;
      }
    }
  }
}

// So many queries that buckets are walked, each with all that look at it: more of them than are
// gathered at once, in more lists than are, and long lists of one key.
TEST(MultiIndexHashTest, FindsAllPairsWhereManyQueriesLookAtABucket) {
  RandomCodes random(14);
  for (const std::size_t count : {100, 1500, 6000}) {
    for (const int bands : {24, 32}) {
      const std::vector<Code> codes = ClusteredCodes(2000, random);
      std::vector<Code> queries = QueriesNear(codes, count, random);
      queries.resize(count + 5000, queries.front());
      const AllPairs truth(codes, queries);
      for (const SimdTarget target : SupportedSimdTargets()) {
        const auto index = Make(codes, {bands, kAlwaysJoin, true}, target);
        for (const int radius : {0, 31, 40, 63}) {
          EXPECT_TRUE(Found(*index, queries, radius) == truth.Within(radius))
              << count << " queries, " << bands << " bands, radius " << radius << ", "
              << SimdTargetName(target);
        }
      }
    }
  }
}

TEST(MultiIndexHashTest, FindsAllPairsAmongAHundredThousandCodesOnEveryTarget) {
  RandomCodes random(4);
  std::vector<Code> codes = random.Some(100000);
  std::vector<Code> queries;
  for (int distance = 0; distance <= 63; ++distance) {
    queries.push_back(random.Flip(codes[random.Below(codes.size())], distance));
  }
  const AllPairs truth(codes, queries);
  for (const SimdTarget target : SupportedSimdTargets()) {
    const auto each = Make(codes, {.join_from = kNeverJoin, .never_scan = true}, target);
    const auto joined = Make(codes, {.join_from = kAlwaysJoin, .never_scan = true}, target);
    EXPECT_GE(each->Bands(), BandPlan::kMinBands);
    for (int radius = 0; radius <= BandPlan::kMaxRadiusBits; ++radius) {
      const std::vector<Pair> want = truth.Within(radius);
      EXPECT_TRUE(Found(*each, queries, radius) == want)
          << SimdTargetName(target) << ", radius " << radius;
      EXPECT_TRUE(Found(*joined, queries, radius) == want)
          << SimdTargetName(target) << ", radius " << radius << ", joined";
    }
  }
}

// Where it decides by itself between probing and scanning, with few and with many queries.
TEST(MultiIndexHashTest, ScansWithTheSameAnswer) {
  RandomCodes random(5);
  std::vector<Code> codes = ClusteredCodes(20000, random);
  codes.insert(codes.end(), 100, codes[7]);
  const std::vector<Code> queries = QueriesNear(codes, 40, random);
  const AllPairs truth(codes, queries);
  const auto index = Make(codes, {.bands = 24});
  for (int radius = 0; radius <= 63; radius += 9) {
    EXPECT_TRUE(Found(*index, queries, radius) == truth.Within(radius)) << "radius " << radius;
    const std::span<const Code> one = std::span(queries).first(1);
    EXPECT_TRUE(Found(*index, one, radius) == AllPairs(codes, one).Within(radius));
  }
  std::size_t all = 0;
  index->StreamPairs(queries, kCodeBits, [&](std::size_t, std::size_t, int) { ++all; });
  EXPECT_EQ(all, codes.size() * queries.size());
}

TEST(MultiIndexHashTest, KeepsIdenticalCodesOnceAndTellsEveryRow) {
  RandomCodes random(6);
  std::vector<Code> codes = random.Some(500);
  for (int copy = 0; copy < 1500; ++copy) codes.push_back(codes[random.Below(3)]);
  const auto index = Make(codes, {16, 0, true});
  // The 1500 copies cost less than as many codes.
  const auto without_copies = Make(random.Some(2000), {16, 0, true});
  EXPECT_LT(index->Bytes() + 1500 * sizeof(Code), without_copies->Bytes());
  EXPECT_EQ(index->ntotal, 2000);
  const std::vector<Code> queries = {codes[0], codes[1], codes[400]};
  EXPECT_TRUE(Found(*index, queries, 31) == AllPairs(codes, queries).Within(31));
  for (std::size_t row = 0; row < codes.size(); ++row) {
    Code code;
    index->reconstruct(static_cast<faiss::IndexBinary::idx_t>(row), code.data());
    EXPECT_EQ(code, codes[row]);
  }
}

TEST(MultiIndexHashTest, AddsInSeveralPartsAndStartsAnew) {
  RandomCodes random(7);
  const std::vector<Code> codes = ClusteredCodes(900, random);
  const auto index = Make({}, {16, 0, true});
  index->add(400, codes[0].data());
  index->add(0, nullptr);
  index->add(500, codes[400].data());
  const std::vector<Code> queries = QueriesNear(codes, 20, random);
  EXPECT_TRUE(Found(*index, queries, 31) == AllPairs(codes, queries).Within(31));
  index->reset();
  EXPECT_EQ(index->ntotal, 0);
  EXPECT_TRUE(Found(*index, queries, 63).empty());
  index->add(1, codes[0].data());
  EXPECT_EQ(Found(*index, std::span(codes).first(1), 0).size(), 1u);
}

TEST(MultiIndexHashTest, KeepsTheRadiusOfFaissExclusive) {
  RandomCodes random(8);
  const std::vector<Code> codes = ClusteredCodes(1000, random);
  const std::vector<Code> queries = QueriesNear(codes, 30, random);
  const auto index = Make(codes, {16, 0, true});
  for (const int radius : {0, 1, 32, 64}) {
    faiss::RangeSearchResult result(static_cast<faiss::IndexBinary::idx_t>(queries.size()));
    index->range_search(static_cast<faiss::IndexBinary::idx_t>(queries.size()), queries[0].data(),
                        radius, &result);
    std::vector<Pair> got;
    for (std::size_t query = 0; query < queries.size(); ++query) {
      for (std::size_t at = result.lims[query]; at < result.lims[query + 1]; ++at) {
        got.emplace_back(query, static_cast<std::size_t>(result.labels[at]),
                         static_cast<int>(result.distances[at]));
      }
    }
    std::sort(got.begin(), got.end());
    EXPECT_TRUE(got == AllPairs(codes, queries).Within(radius - 1)) << "radius " << radius;
  }
}

TEST(MultiIndexHashTest, GivesTheKNearest) {
  RandomCodes random(9);
  const std::vector<Code> codes = ClusteredCodes(1000, random);
  const std::vector<Code> queries = QueriesNear(codes, 20, random);
  const auto index = Make(codes, {16, 0, true});
  for (const std::size_t k : {1, 5, 50, 1003}) {
    std::vector<std::int32_t> distances(k * queries.size());
    std::vector<faiss::IndexBinary::idx_t> rows(k * queries.size());
    index->search(static_cast<faiss::IndexBinary::idx_t>(queries.size()), queries[0].data(),
                  static_cast<faiss::IndexBinary::idx_t>(k), distances.data(), rows.data());
    for (std::size_t query = 0; query < queries.size(); ++query) {
      std::vector<std::pair<std::int32_t, faiss::IndexBinary::idx_t>> want;
      for (std::size_t row = 0; row < codes.size(); ++row) {
        want.emplace_back(HammingDistance(queries[query], codes[row]), row);
      }
      std::sort(want.begin(), want.end());
      want.resize(k, {std::numeric_limits<std::int32_t>::max(), -1});
      for (std::size_t at = 0; at < k; ++at) {
        ASSERT_EQ(distances[query * k + at], want[at].first);
        ASSERT_EQ(rows[query * k + at], want[at].second);
      }
    }
  }
}

TEST(MultiIndexHashTest, SearchesRunSideBySide) {
  RandomCodes random(11);
  const std::vector<Code> codes = ClusteredCodes(3000, random);
  const std::vector<Code> queries = QueriesNear(codes, 60, random);
  const std::vector<Pair> want = AllPairs(codes, queries).Within(31);
  const auto index = Make(codes, {16, 50, true});
  std::vector<std::vector<Pair>> got(4);
  std::vector<std::thread> threads;
  for (std::vector<Pair>& pairs : got) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) pairs = Found(*index, queries, 31);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<Pair>& pairs : got) EXPECT_TRUE(pairs == want);
}

// Each kernel against the scalar one, on every length that fills registers or does not.
TEST(JoinKernelTest, EveryTargetComparesAlike) {
  RandomCodes random(10);
  const JoinKernel scalar = JoinKernelOf(SimdTarget::kScalar);
  std::vector<std::uint16_t> entries(400 + kSketchSlack);
  std::vector<std::uint16_t> queries(400 + kSketchSlack);
  for (auto& entry : entries) entry = static_cast<std::uint16_t>(random.Below(65536));
  for (auto& query : queries) query = static_cast<std::uint16_t>(random.Below(65536));
  using Hits = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  const auto hits_of = [](const JoinKernel& kernel, const BucketJoin& join) {
    Hits hits;
    kernel.join(
        &join, 1,
        [](void* to, const SketchHit* found, std::size_t number) {
          for (const SketchHit* hit = found; hit != found + number; ++hit) {
            static_cast<Hits*>(to)->emplace_back(hit->query, hit->entry);
          }
        },
        &hits);
    std::sort(hits.begin(), hits.end());
    return hits;
  };
  for (const SimdTarget target : SupportedSimdTargets()) {
    const JoinKernel kernel = JoinKernelOf(target);
    // Short and long lists of both, so that either stands in registers, one to many of them; limits
    // that hardly any pair keeps, and such that all do.
    for (int round = 0; round < 600; ++round) {
      const std::size_t most = round % 2 == 0 ? 40 : 330;
      const BucketJoin join{.entries = entries.data() + random.Below(60),
                            .queries = queries.data() + random.Below(60),
                            .entry_count = static_cast<std::uint32_t>(random.Below(most)),
                            .query_count = static_cast<std::uint32_t>(random.Below(most)),
                            .mask = static_cast<std::uint16_t>(random.Below(65536)),
                            .limit = static_cast<std::uint16_t>(random.Below(18)),
                            .band = 0,
                            .flips = 0,
                            .bucket = {},
                            .first_rank = 0};
      EXPECT_TRUE(hits_of(kernel, join) == hits_of(scalar, join))
          << SimdTargetName(target) << ", " << join.entry_count << " and " << join.query_count;
    }
    std::vector<std::uint32_t> got(40);
    for (auto& value : got) value = static_cast<std::uint32_t>(random.Below(std::size_t{1} << 32));
    std::vector<std::uint32_t> want = got;
    kernel.count_bits(got.data(), got.size());
    scalar.count_bits(want.data(), want.size());
    EXPECT_EQ(got, want) << SimdTargetName(target);
    const std::vector<Code> codes = random.Some(21);
    std::vector<const std::uint8_t*> a;
    std::vector<const std::uint8_t*> b;
    for (std::size_t at = 0; at + 1 < codes.size(); ++at) {
      a.push_back(codes[at].data());
      b.push_back(codes[at + 1].data());
    }
    std::vector<std::uint32_t> distances(a.size());
    kernel.distances(a.data(), b.data(), a.size(), distances.data());
    for (std::size_t at = 0; at < a.size(); ++at) {
      EXPECT_EQ(static_cast<int>(distances[at]), PlainDistance(codes[at], codes[at + 1]));
    }
  }
}

TEST(JoinKernelTest, EveryTargetUnpacksAlike) {
  RandomCodes random(12);
  constexpr std::size_t kValues = 150;
  for (unsigned bits = 1; bits <= 15; ++bits) {
    std::vector<std::uint16_t> values(kValues);
    std::vector<std::uint8_t> packed(kValues * 2 + 128);
    for (std::size_t at = 0; at < kValues; ++at) {
      values[at] = static_cast<std::uint16_t>(random.Below(std::size_t{1} << bits));
      for (unsigned bit = 0; bit < bits; ++bit) {
        const std::size_t place = at * bits + bit;
        if ((values[at] >> bit & 1) != 0) {
          packed[place / 8] |= static_cast<std::uint8_t>(1U << place % 8);
        }
      }
    }
    for (const SimdTarget target : SupportedSimdTargets()) {
      for (std::size_t first = 0; first < 40; ++first) {
        const std::size_t count = random.Below(kValues - first);
        std::vector<std::uint16_t> got(count + kSketchSlack);
        JoinKernelOf(target).unpack(packed.data(), first * bits, bits, count, got.data());
        for (std::size_t at = 0; at < count; ++at) {
          ASSERT_EQ(got[at] >> (16 - bits), values[first + at])
              << SimdTargetName(target) << ", " << bits << " bits, value " << first + at;
          ASSERT_EQ(got[at] & ((1U << (16 - bits)) - 1), 0U);
        }
      }
    }
  }
}

TEST(JoinKernelTest, EveryTargetFindsTheOnes) {
  RandomCodes random(13);
  for (int round = 0; round < 30; ++round) {
    std::vector<std::uint64_t> words(1 + random.Below(9));
    for (std::uint64_t& word : words) {
      // Some full, some empty.
      const std::size_t kind = random.Below(4);
      word = kind == 0 ? 0 : kind == 1 ? ~std::uint64_t{0} : random.Below(~std::size_t{0});
    }
    const std::size_t end = words.size() * 64;
    std::vector<OneLookup> lookups;
    std::vector<std::uint64_t> want;
    for (int at = 0; at < 60; ++at) {
      const std::size_t first = at % 4 == 0 ? random.Below(end + 100) : lookups.back().first_bit;
      const std::size_t rank = random.Below(80);
      lookups.push_back({.words = words.data(),
                         .word_count = words.size(),
                         .first_bit = first,
                         .rank = rank,
                         .place = 0});
      std::size_t ones = 0;
      std::uint64_t place = kNoPlace;
      for (std::size_t bit = first; bit < end && place == kNoPlace; ++bit) {
        if ((words[bit / 64] >> bit % 64 & 1) == 0) continue;
        if (ones++ == rank) place = bit - first;
      }
      want.push_back(place);
    }
    for (const SimdTarget target : SupportedSimdTargets()) {
      JoinKernelOf(target).find_ones(lookups.data(), lookups.size());
      for (std::size_t at = 0; at < want.size(); ++at) {
        ASSERT_EQ(lookups[at].place, want[at]) << SimdTargetName(target) << ", " << at;
      }
    }
  }
}

}  // namespace
}  // namespace kith::index::internal
