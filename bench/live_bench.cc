// SPDX-License-Identifier: Apache-2.0
//
// How long one query waits while codes are added and merged, against the same index at rest, and
// how fast codes go in: in memory, and in files as kithd has them. Times are by the clock, as a
// caller feels them: other work on the machine shows in them, and only the two halves of one run
// may be compared.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "bench/kith_bench/fits.h"
#include "index/hamming_index.h"

namespace kith::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSeed = 20260101;
constexpr std::size_t kBatch = 4096;

// Numbers of engines: what kithd runs is the last.
constexpr std::int64_t kScan = 0;
constexpr std::int64_t kMih = 1;
constexpr std::int64_t kMihInFiles = 2;

// An index, and the folder in which it is kept if it is in files. Gone with it.
class LiveIndex {
 public:
  LiveIndex(benchmark::State& state, std::int64_t engine) : state_(state) {
    state.SetLabel(engine == kScan ? "scan" : engine == kMih ? "mih" : "mih in files");
    if (engine == kMihInFiles && !MakeFolder()) return;
    auto made = index::HammingIndex::Create(
        {.engine = engine == kScan ? "scan" : "mih", .folder = folder_, .owner = "live_bench"});
    if (made.ok()) {
      index_ = *std::move(made);
    } else {
      Fail(std::string(made.status().message()));
    }
  }
  ~LiveIndex() {
    index_.reset();
    std::error_code error;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
  }
  LiveIndex(const LiveIndex&) = delete;
  LiveIndex& operator=(const LiveIndex&) = delete;

  [[nodiscard]] bool ok() const { return index_ != nullptr; }
  [[nodiscard]] index::HammingIndex& index() const { return *index_; }
  [[nodiscard]] bool IsInFiles() const { return !folder_.empty(); }

  // With the mark of a commit around it, as the catalog does. By any thread, one at a time.
  [[nodiscard]] bool Add(std::span<const index::Code> codes, std::span<const index::Label> labels) {
    const std::string mark = std::to_string(labels.back().entry);
    if (IsInFiles()) index_->Touches(mark);
    if (!index_->Add(codes, labels).ok()) return false;
    return !IsInFiles() || index_->Reached(mark).ok();
  }
  // All is on the disk, whether or not in as few files as will be; or it cannot be.
  [[nodiscard]] bool IsKept() const {
    const index::HammingIndexStats stats = index_->Stats();
    return stats.kept == stats.segments || !stats.trouble.empty();
  }
  // What there is at the end; false if it is not in files, but was to be.
  [[nodiscard]] bool Report() {
    const index::HammingIndexStats stats = index_->Stats();
    state_.counters["segments"] = static_cast<double>(stats.segments);
    if (!IsInFiles()) return true;
    state_.counters["kept"] = static_cast<double>(stats.kept);
    state_.counters["file_bytes"] = static_cast<double>(stats.mapped_bytes);
    if (!stats.trouble.empty()) Fail(stats.trouble);
    return stats.trouble.empty();
  }

 private:
  bool MakeFolder() {
    std::string pattern = DefaultDir() + "/kith-live-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) {
      folder_ = pattern;
      return true;
    }
    Fail("no folder can be made as " + pattern + "; set TMPDIR");
    return false;
  }
  void Fail(const std::string& why) { state_.SkipWithError(why.c_str()); }

  benchmark::State& state_;
  std::string folder_;
  std::unique_ptr<index::HammingIndex> index_;
};

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

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Codes go in in batches, merges included to their end, also those of calm; in files each batch is
// marked.
void BM_LiveAdd(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(1));
  const std::vector<index::Code> codes = RandomCodes(count, kSeed);
  const auto batch = static_cast<std::size_t>(state.range(2));
  const std::vector<index::Label> labels = LabelsFrom(1, count);
  double until_found = 0;
  double until_kept = 0;
  while (state.KeepRunning()) {
    state.PauseTiming();  // the folder is none of the index's work
    auto live = std::make_unique<LiveIndex>(state, state.range(0));
    if (!live->ok()) return;
    state.ResumeTiming();
    const Clock::time_point begin = Clock::now();
    for (std::size_t row = 0; row < count; row += batch) {
      const std::size_t some = std::min(batch, count - row);
      if (!live->Add(std::span(codes).subspan(row, some), std::span(labels).subspan(row, some))) {
        state.SkipWithError("not added");
        return;
      }
    }
    until_found = SecondsSince(begin);
    std::thread settling([&] { live->index().Settle(); });
    while (live->IsInFiles() && !live->IsKept()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    until_kept = SecondsSince(begin);
    settling.join();
    state.PauseTiming();
    if (!live->Report()) return;
    live.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["found_per_s"] = static_cast<double>(count) / until_found;
  if (state.range(0) == kMihInFiles) {
    state.counters["kept_per_s"] = static_cast<double>(count) / until_kept;
  }
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

// One thread asks; then the same while another adds at a steady rate and the index merges; and once
// more when the additions have ended, of the index as they left it, which is larger.
void BM_LiveQuery(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(1));
  const auto rate = static_cast<double>(state.range(2));
  constexpr double kSeconds = 5;
  while (state.KeepRunning()) {
    LiveIndex live(state, state.range(0));
    if (!live.ok()) return;
    const index::HammingIndex& index = live.index();
    // What a head holds on average: in files what it holds is added to a segment when it is an
    // eighth of it.
    const std::size_t in_head = live.IsInFiles() ? 4096 : 32768;
    {
      const std::vector<index::Code> codes = RandomCodes(count, kSeed);
      if (!live.Add(codes, LabelsFrom(1, count)) ||
          !live.Add(std::span(codes).first(in_head), LabelsFrom(1 + count, in_head))) {
        state.SkipWithError("not added");
        return;
      }
    }
    live.index().Settle();
    std::vector<double> idle = QueryTimes(index, kSeconds);

    std::atomic<bool> done{false};
    std::atomic<std::size_t> added{0};
    std::thread adder([&] {
      const std::vector<index::Code> codes = RandomCodes(std::size_t{1} << 20, kSeed + 1);
      const Clock::time_point begin = Clock::now();
      for (std::size_t row = 0; !done.load(); row += kBatch) {
        const std::vector<index::Label> labels = LabelsFrom(1 + count + in_head + row, kBatch);
        if (!live.Add(std::span(codes).subspan(row % codes.size(), kBatch), labels)) return;
        added += kBatch;
        std::this_thread::sleep_until(
            begin + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(row + kBatch) / rate)));
      }
    });
    std::vector<double> busy = QueryTimes(index, kSeconds);
    done = true;
    adder.join();
    state.counters["added_per_s"] = static_cast<double>(added.load()) / kSeconds;
    if (!live.Report()) return;
    // Files that are being written are done by then, and calm merges have not begun.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    std::vector<double> after = QueryTimes(index, kSeconds);
    state.counters["idle_p50_us"] = Quantile(idle, 0.5);
    state.counters["idle_p99_us"] = Quantile(idle, 0.99);
    state.counters["busy_p50_us"] = Quantile(busy, 0.5);
    state.counters["busy_p99_us"] = Quantile(busy, 0.99);
    state.counters["after_p50_us"] = Quantile(after, 0.5);
    state.counters["after_p99_us"] = Quantile(after, 0.99);
    state.counters["p99_ratio"] = Quantile(busy, 0.99) / Quantile(idle, 0.99);
    state.counters["p99_ratio_after"] = Quantile(busy, 0.99) / Quantile(after, 0.99);
  }
}

BENCHMARK(BM_LiveAdd)
    ->ArgNames({"engine", "codes", "batch"})
    ->ArgsProduct({{kScan, kMih, kMihInFiles}, {1000000, 4000000}, {kBatch}})
    // As an import hands them on: each batch becomes a file before its Add returns.
    ->ArgsProduct({{kMihInFiles}, {1000000, 4000000}, {65536}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);
BENCHMARK(BM_LiveQuery)
    ->ArgNames({"engine", "codes", "rate"})
    ->Args({kMih, 1000000, 20000})
    ->Args({kMih, 1000000, 100000})
    ->Args({kMih, 1000000, 500000})
    ->Args({kMihInFiles, 1000000, 20000})
    ->Args({kMihInFiles, 1000000, 100000})
    ->Args({kMihInFiles, 1000000, 500000})
    ->Args({kMihInFiles, 10000000, 100000})
    ->Args({kMihInFiles, 10000000, 500000})
    ->Args({kScan, 1000000, 100000})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace kith::bench
