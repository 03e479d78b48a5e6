// SPDX-License-Identifier: Apache-2.0
// MD5, SHA-1 and SHA-256 of the same bytes in one pass: bytes a second.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hashing/digest.h"

namespace kith::bench {
namespace {

void AllThreeDigests(benchmark::State& state) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 5);
  for (auto _ : state) benchmark::DoNotOptimize(hashing::DigestsOf(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(AllThreeDigests)->Arg(4 << 10)->Arg(256 << 10)->Arg(16 << 20);

}  // namespace
}  // namespace kith::bench
