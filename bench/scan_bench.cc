// SPDX-License-Identifier: Apache-2.0
//
// Comparisons a second of the scan, for each SIMD target, number of codes and batch size.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "index/hamming_index.h"
#include "index/simd.h"

namespace kith::bench {
namespace {

constexpr std::uint64_t kSeed = 20260101;

std::vector<index::Code> RandomCodes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<index::Code> codes(count);
  for (index::Code& code : codes) {
    for (std::size_t at = 0; at < code.size(); at += 8) {
      const std::uint64_t word = random();
      std::memcpy(code.data() + at, &word, sizeof(word));
    }
  }
  return codes;
}

void BM_Scan(benchmark::State& state, const std::string& target) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<index::Code> codes = RandomCodes(count, kSeed);
  const std::vector<index::Code> queries =
      RandomCodes(static_cast<std::size_t>(state.range(1)), kSeed + 1);
  ::setenv("KITH_SIMD", target.c_str(), 1);
  absl::StatusOr<std::unique_ptr<index::HammingIndex>> scan = index::HammingIndex::Create();
  ::unsetenv("KITH_SIMD");
  if (!scan.ok() || !(*scan)->Add(codes, std::vector<index::Label>(count)).ok()) {
    state.SkipWithError("the index could not be made");
    return;
  }
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize((*scan)->Search(queries));
  }
  state.counters["comparisons"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0) * state.range(1)),
                         benchmark::Counter::kIsRate);
}

// One benchmark a target: which there are is known only when the program runs.
const bool registered = [] {
  for (const index::SimdTarget target : index::SupportedSimdTargets()) {
    const std::string name(index::SimdTargetName(target));
    benchmark::RegisterBenchmark(("BM_Scan/" + name).c_str(), &BM_Scan, name)
        ->ArgNames({"codes", "queries"})
        ->Args({65536, 1})
        ->Args({65536, 64})
        ->Args({1000000, 1})
        ->Args({1000000, 8})
        ->Args({1000000, 256})
        ->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
}  // namespace kith::bench
