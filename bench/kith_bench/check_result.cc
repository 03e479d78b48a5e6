// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/check_result.h"

#include <algorithm>
#include <numeric>

namespace kith::bench {
namespace {

// Below it neither the hashing threads nor the engine can be what the run waited for.
constexpr double kBusy = 0.5;

double Sum(const StageSeconds& seconds, std::size_t first, std::size_t end) {
  return std::accumulate(seconds.begin() + static_cast<std::ptrdiff_t>(first),
                         seconds.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
}

}  // namespace

StageSeconds StageShares(const CheckBenchResult& result) {
  StageSeconds shares = result.stage_seconds;
  const double all = Sum(shares, 0, shares.size());
  for (double& share : shares) share = all > 0 ? share / all : 0.0;
  return shares;
}

double HashingBusy(const CheckBenchResult& result, int threads) {
  if (result.seconds <= 0) return 0.0;
  return Sum(result.stage_seconds, 0, kHashingStages) / (result.seconds * threads);
}

double EngineBusy(const CheckBenchResult& result) {
  if (result.seconds <= 0) return 0.0;
  return Sum(result.stage_seconds, kHashingStages, kStageNames.size()) / result.seconds;
}

std::string_view BoundBy(const CheckBenchResult& result, int threads) {
  const double hashing = HashingBusy(result, threads);
  const double engine = EngineBusy(result);
  if (std::max(hashing, engine) < kBusy) return "rest";
  const auto begin = result.stage_seconds.begin();
  const auto middle = begin + kHashingStages;
  const auto longest = hashing >= engine ? std::max_element(begin, middle)
                                         : std::max_element(middle, result.stage_seconds.end());
  return kStageNames[static_cast<std::size_t>(longest - begin)];
}

}  // namespace kith::bench
