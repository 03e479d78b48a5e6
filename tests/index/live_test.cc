// SPDX-License-Identifier: Apache-2.0
//
// Additions, withdrawals, merges and searches in one seeded order, against the plain answer.
#include "index/simd.h"
#include "tests/index/forced_simd.h"
#include "tests/index/interleaved.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

class LiveTest : public ::testing::TestWithParam<std::tuple<const char*, std::size_t>> {
 protected:
  std::string Engine() const { return std::get<0>(GetParam()); }
  std::size_t HeadCodes() const { return std::get<1>(GetParam()); }
  std::size_t MostBits() const { return Engine() == "faiss-multihash" ? 31 : 63; }
};

// The head is scanned by the target whatever the engine.
TEST_P(LiveTest, InterleavedEqualsTheTruthOnEachTarget) {
  for (const SimdTarget target : SupportedSimdTargets()) {
    const std::string name(SimdTargetName(target));
    SCOPED_TRACE(name);
    const ForcedSimd forced(name);
    RandomCodes random(HeadCodes() + 1000 * static_cast<std::uint64_t>(target));
    const auto index = MakeIndex(Engine(), HeadCodes());
    ASSERT_EQ(index->Stats().simd, name);
    ExpectTheTruthInterleaved(*index, random, MostBits());
    if (HasFatalFailure()) return;
  }
}

// The set of an entry, its radius and whether it is asked are decided by a filter, as the server
// does: exact, whatever the segments hold.
TEST_P(LiveTest, FiltersLoseNothingWhileCodesComeAndGo) {
  RandomCodes random(HeadCodes() + 500);
  const auto index = MakeIndex(Engine(), HeadCodes());
  constexpr std::size_t kSets = 5;
  const std::vector<Code> centres = random.Some(3);
  Truth truth;
  std::uint64_t next_entry = 1;
  for (int step = 0; step < 60; ++step) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", step " + std::to_string(step));
    std::vector<Code> codes;
    for (std::size_t i = random.Below(60); i > 0; --i) {
      codes.push_back(
          random.Flip(centres[random.Below(centres.size())], static_cast<int>(random.Below(30))));
    }
    const std::vector<Label> labels = LabelsFrom(next_entry, codes.size());
    next_entry += codes.size() / 3 + 1;
    ASSERT_TRUE(index->Add(codes, labels).ok());
    truth.Add(codes, labels);
    const std::vector<std::uint64_t> gone = {1 + random.Below(next_entry)};
    ASSERT_TRUE(index->Withdraw(gone).ok());
    truth.Withdraw(gone);

    // By the set, which is the entry's remainder: below zero the set is not asked.
    std::vector<int> radius_of_set(kSets);
    for (int& radius : radius_of_set) radius = static_cast<int>(random.Below(33)) - 1;
    const auto counts = [&](const Label& label, int distance_bits) {
      return distance_bits <= radius_of_set[label.entry % kSets];
    };
    const std::size_t limit = random.Below(40);
    const std::vector<SearchResult> results =
        MustSearch(*index, centres,
                   {.radius_bits = 31,
                    .limit = limit,
                    .keep = [&](std::size_t, const Label& label, int distance_bits) {
                      return counts(label, distance_bits);
                    }});
    for (std::size_t query = 0; query < centres.size(); ++query) {
      std::vector<Hit> ranked = truth.Ranked(centres[query]);
      std::erase_if(ranked, [&](const Hit& hit) { return !counts(hit.label, hit.distance_bits); });
      ExpectSame(results[query], Expected(ranked, 31, limit));
    }
  }
}

TEST_P(LiveTest, WithdrawnIsSilentAtOnceAndMayComeBack) {
  RandomCodes random(77);
  const auto index = MakeIndex(Engine(), HeadCodes());
  const std::vector<Code> codes = random.Some(100);
  ASSERT_TRUE(index->Add(codes, LabelsFrom(1, codes.size())).ok());
  const std::vector<std::uint64_t> entries = {5};
  const std::vector<Code> query = {codes[12]};  // entry 5, view 0
  EXPECT_EQ(MustSearch(*index, query, {})[0].total, 1u);
  EXPECT_EQ(*index->Withdraw(entries), 3u);
  EXPECT_EQ(MustSearch(*index, query, {})[0].total, 0u);
  EXPECT_EQ(*index->Withdraw(entries), 0u);
  ASSERT_TRUE(index->Add(query, LabelsFrom(5, 1)).ok());
  EXPECT_EQ(MustSearch(*index, query, {})[0].total, 1u);
  EXPECT_EQ(*index->Withdraw(entries), 1u);
  EXPECT_EQ(MustSearch(*index, query, {})[0].total, 0u);
}

TEST_P(LiveTest, WithdrawnCodesGiveTheirMemoryBack) {
  RandomCodes random(78);
  const auto index = MakeIndex(Engine(), HeadCodes());
  constexpr std::size_t kCodes = 3000;
  ASSERT_TRUE(index->Add(random.Some(kCodes), LabelsFrom(1, kCodes)).ok());
  const HammingIndexStats before = index->Stats();
  std::vector<std::uint64_t> entries;
  for (std::uint64_t entry = 1; entry <= kCodes / 3; ++entry) entries.push_back(entry);
  EXPECT_EQ(*index->Withdraw(entries), kCodes);
  index->Settle();
  const HammingIndexStats after = index->Stats();
  EXPECT_EQ(after.codes, 0u);
  EXPECT_EQ(after.segments, 0u);
  EXPECT_LT(after.withdrawn, HeadCodes());
  EXPECT_LT(after.bytes, before.bytes);
}

TEST_P(LiveTest, SmallSegmentsAreMerged) {
  RandomCodes random(79);
  const auto index = MakeIndex(Engine(), HeadCodes());
  Truth truth;
  for (std::uint64_t batch = 0; batch < 100; ++batch) {
    const std::vector<Code> codes = random.Some(HeadCodes());
    const std::vector<Label> labels = LabelsFrom(1 + batch * HeadCodes(), codes.size());
    ASSERT_TRUE(index->Add(codes, labels).ok());
    truth.Add(codes, labels);
  }
  index->Settle();
  // At most seven of each size: 8^2 < 100 < 8^3.
  EXPECT_LE(index->Stats().segments, 21u);
  EXPECT_EQ(index->Stats().codes, truth.codes.size());
  ExpectSameAnswers(*index, truth, random, MostBits());
}

INSTANTIATE_TEST_SUITE_P(All, LiveTest,
                         ::testing::Combine(::testing::Values("scan", "mih", "faiss-flat",
                                                              "faiss-multihash"),
                                            ::testing::Values<std::size_t>(8, 37, 64)),
                         [](const auto& test) {
                           std::string name = std::get<0>(test.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + "_" + std::to_string(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace kith::index
