// SPDX-License-Identifier: Apache-2.0
//
// Look-ups and additions a second of the digest index, for each kind of digest.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "index/digest_index.h"

namespace kith::bench {
namespace {

constexpr std::uint64_t kSeed = 20260101;
constexpr std::size_t kFinds = 4096;

struct Digests {
  std::string bytes;
  std::vector<std::string_view> views;
  std::vector<std::uint64_t> entries;
};

Digests RandomDigests(index::DigestKind kind, std::size_t count) {
  std::mt19937_64 random(kSeed);
  const std::size_t width = index::DigestBytes(kind);
  Digests digests;
  digests.bytes.resize(width * count);
  for (char& byte : digests.bytes) byte = static_cast<char>(random());
  for (std::size_t i = 0; i < count; ++i) {
    digests.views.push_back(std::string_view(digests.bytes).substr(i * width, width));
    digests.entries.push_back(i);
  }
  return digests;
}

void BM_DigestAdd(benchmark::State& state) {
  const auto kind = static_cast<index::DigestKind>(state.range(0));
  const Digests digests = RandomDigests(kind, static_cast<std::size_t>(state.range(1)));
  std::uint64_t bytes = 0;
  while (state.KeepRunning()) {
    const auto index = index::DigestIndex::Create();
    if (!index->Add(kind, digests.views, digests.entries).ok()) state.SkipWithError("not added");
    bytes = index->Stats().bytes;
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["bytes_per_digest"] =
      static_cast<double>(bytes) / static_cast<double>(state.range(1));
}

// Half of the digests asked for are there.
void BM_DigestFind(benchmark::State& state) {
  const auto kind = static_cast<index::DigestKind>(state.range(0));
  const Digests digests = RandomDigests(kind, static_cast<std::size_t>(2 * state.range(1)));
  const auto half = static_cast<std::size_t>(state.range(1));
  const auto index = index::DigestIndex::Create();
  if (!index
           ->Add(kind, std::span(digests.views).first(half), std::span(digests.entries).first(half))
           .ok()) {
    state.SkipWithError("not added");
  }
  std::mt19937_64 random(kSeed + 1);
  std::vector<std::string_view> wanted(kFinds);
  for (std::string_view& digest : wanted) digest = digests.views[random() % (2 * half)];
  while (state.KeepRunning()) benchmark::DoNotOptimize(index->Find(kind, wanted));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFinds));
}

// 0 MD5, 1 SHA-1, 2 SHA-256.
BENCHMARK(BM_DigestAdd)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {1000000}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_DigestFind)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {10000, 1000000}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace kith::bench
