// SPDX-License-Identifier: Apache-2.0
//
// What kith-bench tune concludes, from made-up measurements.
#include "bench/kith_bench/tune_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::bench {
namespace {

using ::testing::HasSubstr;

TEST(TuneBenchTest, TakesTheCrossoverFromWhichOnMihWinsClearly) {
  TuneResult result;
  result.by_count = {{.value = 1000, .scan_qps = 100, .qps = 200},  // a slip
                     {.value = 2000, .scan_qps = 100, .qps = 105},
                     {.value = 4000, .scan_qps = 100, .qps = 150},
                     {.value = 8000, .scan_qps = 50, .qps = 150}};
  Choose(8000, result);
  EXPECT_EQ(result.crossover, 4000U);
  EXPECT_EQ(result.engine, "mih");
  Choose(3999, result);
  EXPECT_EQ(result.engine, "scan");
}

TEST(TuneBenchTest, StaysWithTheScanWhereMihNeverWins) {
  TuneResult result;
  result.by_count = {{.value = 1000, .scan_qps = 100, .qps = 90}};
  Choose(1000, result);
  EXPECT_EQ(result.crossover, 0U);
  EXPECT_EQ(result.engine, "scan");
}

TEST(TuneBenchTest, TakesTheLeastThatIsNearlyAsGoodAsAny) {
  EXPECT_EQ(
      LeastNearBest({{.value = 1, .qps = 50}, {.value = 2, .qps = 95}, {.value = 4, .qps = 100}}),
      2U);
  EXPECT_EQ(LeastNearBest({}), 1U);
}

TEST(TuneBenchTest, SaysInTheFileWhatWasMeasured) {
  TuneResult result;
  result.by_count = {{.value = 5000, .scan_qps = 100, .qps = 200}};
  result.by_threads = {{.value = 2, .qps = 400}};
  Choose(5000, result);
  result.threads = 2;
  const std::string settings = TuneSettings({.count = 5000}, result, "a machine");
  EXPECT_THAT(settings, HasSubstr("# a machine\n"));
  EXPECT_THAT(settings, HasSubstr("200 queries/s (scan 100)"));
  EXPECT_THAT(settings, HasSubstr("\n[index]\nengine = \"mih\"\n\n[server]\nthreads = 2\n"));
}

}  // namespace
}  // namespace kith::bench
