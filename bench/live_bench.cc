// SPDX-License-Identifier: Apache-2.0
//
// How long one query waits while codes are added and merged, against the same index at rest, and
// how fast codes go in. Times are by the clock, as a caller feels them: other work on the machine
// shows in them, and only the two halves of one run may be compared.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "index/hamming_index.h"

namespace kith::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSeed = 20260101;
constexpr std::size_t kBatch = 4096;

const std::string& EngineName(std::int64_t number) {
  static const std::vector<std::string> names = {"scan", "mih"};
  return names[static_cast<std::size_t>(number)];
}

std::vector<index::Code> RandomCodes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<index::Code> codes(count);
  for (index::Code& code : codes) {
    for (std::uint8_t& byte : code) byte = static_cast<std::uint8_t>(random());
  }
  return codes;
}

std::vector<index::Label> LabelsFrom(std::uint64_t first, std::size_t count) {
  std::vector<index::Label> labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i].entry = first + i;
  return labels;
}

// Codes go in in batches of 4,096, merges included to their end.
void BM_LiveAdd(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(1));
  const std::vector<index::Code> codes = RandomCodes(count, kSeed);
  const std::vector<index::Label> labels = LabelsFrom(1, count);
  std::size_t segments = 0;
  double until_found = 0;
  while (state.KeepRunning()) {
    const auto index = index::HammingIndex::Create({.engine = EngineName(state.range(0))});
    const Clock::time_point begin = Clock::now();
    for (std::size_t row = 0; row < count; row += kBatch) {
      const std::size_t some = std::min(kBatch, count - row);
      if (!(*index)
               ->Add(std::span(codes).subspan(row, some), std::span(labels).subspan(row, some))
               .ok()) {
        state.SkipWithError("not added");
      }
    }
    until_found = std::chrono::duration<double>(Clock::now() - begin).count();
    (*index)->Settle();
    segments = (*index)->Stats().segments;
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["found_per_s"] = static_cast<double>(count) / until_found;
  state.counters["segments"] = static_cast<double>(segments);
}

// Microseconds that this share of the queries waited less than.
double Quantile(std::vector<double>& micros, double share) {
  const auto place =
      micros.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(micros.size() - 1));
  std::nth_element(micros.begin(), place, micros.end());
  return *place;
}

std::vector<double> QueryTimes(const index::HammingIndex& index, double seconds) {
  const std::vector<index::Code> queries = RandomCodes(4096, kSeed + 2);
  std::vector<double> micros;
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  for (std::size_t i = 0;; ++i) {
    const Clock::time_point begin = Clock::now();
    if (begin >= end) return micros;
    benchmark::DoNotOptimize(
        index.Search(std::span(queries).subspan(i % queries.size(), 1), {.limit = 10}));
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
}

// One thread asks; then the same while another adds at a steady rate and the index merges.
void BM_LiveQuery(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(1));
  const auto rate = static_cast<double>(state.range(2));
  constexpr double kSeconds = 5;
  while (state.KeepRunning()) {
    const auto index = *index::HammingIndex::Create({.engine = EngineName(state.range(0))});
    {
      const std::vector<index::Code> codes = RandomCodes(count, kSeed);
      if (!index->Add(codes, LabelsFrom(1, count)).ok()) state.SkipWithError("not added");
      // Half a head, which is what it holds on average.
      constexpr std::size_t kHalf = 32768;
      if (!index->Add(std::span(codes).first(kHalf), LabelsFrom(1, kHalf)).ok()) {
        state.SkipWithError("not added");
      }
    }
    index->Settle();
    std::vector<double> idle = QueryTimes(*index, kSeconds);

    std::atomic<bool> done{false};
    std::atomic<std::size_t> added{0};
    std::thread adder([&] {
      const std::vector<index::Code> codes = RandomCodes(std::size_t{1} << 20, kSeed + 1);
      const Clock::time_point begin = Clock::now();
      for (std::size_t row = 0; !done.load(); row += kBatch) {
        const std::vector<index::Label> labels = LabelsFrom(count + row, kBatch);
        if (!index->Add(std::span(codes).subspan(row % codes.size(), kBatch), labels).ok()) return;
        added += kBatch;
        std::this_thread::sleep_until(
            begin + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(row + kBatch) / rate)));
      }
    });
    std::vector<double> busy = QueryTimes(*index, kSeconds);
    done = true;
    adder.join();
    state.counters["added_per_s"] = static_cast<double>(added.load()) / kSeconds;
    state.counters["segments"] = static_cast<double>(index->Stats().segments);
    state.counters["idle_p50_us"] = Quantile(idle, 0.5);
    state.counters["idle_p99_us"] = Quantile(idle, 0.99);
    state.counters["busy_p50_us"] = Quantile(busy, 0.5);
    state.counters["busy_p99_us"] = Quantile(busy, 0.99);
    state.counters["p99_ratio"] = Quantile(busy, 0.99) / Quantile(idle, 0.99);
  }
}

BENCHMARK(BM_LiveAdd)
    ->ArgNames({"engine", "codes"})
    ->ArgsProduct({{0, 1}, {1000000, 4000000}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);
BENCHMARK(BM_LiveQuery)
    ->ArgNames({"engine", "codes", "rate"})
    ->Args({1, 1000000, 20000})
    ->Args({1, 1000000, 100000})
    ->Args({1, 1000000, 500000})
    ->Args({0, 1000000, 100000})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace kith::bench
