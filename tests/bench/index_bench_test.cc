// SPDX-License-Identifier: Apache-2.0
//
// An engine that promises to be exact and is not must not pass: kith-bench ends with 2 then.
#include "bench/kith_bench/index_bench.h"

#include <gtest/gtest.h>

#include <vector>

namespace kith::bench {
namespace {

using index::Hit;
using index::SearchResult;

// Of two queries: two neighbours within 31 bits and one beyond, and one.
const std::vector<std::vector<Hit>> kTruth = {{Hit{.distance_bits = 3, .label = {.entry = 7}},
                                               Hit{.distance_bits = 31, .label = {.entry = 2}},
                                               Hit{.distance_bits = 32, .label = {.entry = 9}}},
                                              {Hit{.distance_bits = 0, .label = {.entry = 1}}}};

std::vector<SearchResult> Answers() {
  return {{.hits = {kTruth[0][0], kTruth[0][1]}, .total = 2}, {.hits = {kTruth[1][0]}, .total = 1}};
}

IndexBenchResult Compared(const std::vector<SearchResult>& answers, bool is_exact = true) {
  IndexBenchResult result;
  result.radius_bits = 31;
  result.is_exact = is_exact;
  CompareWithTruth(kTruth, answers, result);
  EXPECT_EQ(result.checked, 2u);
  return result;
}

TEST(IndexBenchTest, TheWholeTruthPasses) {
  const IndexBenchResult result = Compared(Answers());
  EXPECT_EQ(result.recall, 1.0);
  EXPECT_EQ(result.wrong_hits, 0u);
  EXPECT_TRUE(result.KeepsItsPromise());
}

TEST(IndexBenchTest, AHitThatIsLostBreaksThePromise) {
  std::vector<SearchResult> answers = Answers();
  answers[0].hits.pop_back();
  const IndexBenchResult result = Compared(answers);
  EXPECT_EQ(result.recall, 2.0 / 3);
  EXPECT_FALSE(result.KeepsItsPromise());
  EXPECT_TRUE(Compared(answers, false).KeepsItsPromise()) << "a peer promises nothing";
}

TEST(IndexBenchTest, SoDoesAHitThatIsNoneOrATotalThatIsWrong) {
  std::vector<SearchResult> answers = Answers();
  answers[0].hits.push_back(kTruth[0][2]);
  EXPECT_EQ(Compared(answers).recall, 1.0);
  EXPECT_FALSE(Compared(answers).KeepsItsPromise());
  answers = Answers();
  answers[1].total = 2;
  EXPECT_FALSE(Compared(answers).KeepsItsPromise());
}

}  // namespace
}  // namespace kith::bench
