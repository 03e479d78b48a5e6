// SPDX-License-Identifier: Apache-2.0
//
// What kith-bench check concludes from the seconds of a run, on made-up runs.
#include "bench/kith_bench/check_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::bench {
namespace {

using ::testing::DoubleEq;
using ::testing::Each;
using ::testing::ElementsAre;

CheckBenchResult RunOf(double seconds, const StageSeconds& stages) {
  CheckBenchResult result;
  result.seconds = seconds;
  result.stage_seconds = stages;
  return result;
}

TEST(CheckResult, SharesAreOfTheStagesTogether) {
  EXPECT_THAT(StageShares(RunOf(10, {1, 2, 3, 2, 1, 1})),
              ElementsAre(DoubleEq(0.1), DoubleEq(0.2), DoubleEq(0.3), DoubleEq(0.2), DoubleEq(0.1),
                          DoubleEq(0.1)));
}

TEST(CheckResult, AnEmptyRunHasNoShares) {
  EXPECT_THAT(StageShares({}), Each(0.0));
  EXPECT_EQ(HashingBusy({}, 4), 0);
  EXPECT_EQ(EngineBusy({}), 0);
  EXPECT_EQ(BoundBy({}, 4), "rest");
}

TEST(CheckResult, BusyIsOfAllHashingThreadsAndOfTheOneEngine) {
  const CheckBenchResult result = RunOf(10, {2, 4, 20, 10, 3, 1});
  EXPECT_DOUBLE_EQ(HashingBusy(result, 4), 0.9);
  EXPECT_DOUBLE_EQ(EngineBusy(result), 0.4);
}

TEST(CheckResult, IsBoundByTheLongestStageOfTheBusierSide) {
  EXPECT_EQ(BoundBy(RunOf(10, {1, 1, 5, 2, 4, 1}), 1), "decode");
  // Few threads of many waiting for a stage is not what a run waits for.
  EXPECT_EQ(BoundBy(RunOf(10, {1, 1, 10, 2, 7, 1}), 8), "match");
  EXPECT_EQ(BoundBy(RunOf(10, {1, 1, 10, 2, 3, 6}), 8), "commit");
  EXPECT_EQ(BoundBy(RunOf(10, {8, 0, 0, 0, 0, 0}), 1), "read");
}

TEST(CheckResult, IsBoundByTheRestWhereBothSidesWait) {
  EXPECT_EQ(BoundBy(RunOf(10, {1, 1, 1, 1, 2, 2}), 1), "rest");
}

}  // namespace
}  // namespace kith::bench
