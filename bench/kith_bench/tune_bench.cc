// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/tune_bench.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "bench/kith_bench/index_bench.h"

namespace kith::bench {
namespace {

constexpr std::size_t kLeastCodes = 2000;
constexpr std::size_t kCrossoverCodes = 256000;  // beyond it the scan has lost everywhere
constexpr std::size_t kScanQueries = 400;        // are enough to tell
// mih must win by so much to be worth its files.
constexpr double kClearly = 1.1;
// What is within so much of the best counts as good.
constexpr double kNearly = 0.9;

// An engine of kithd as the bench names it: in memory mih is another thing.
std::string Subject(const std::string& engine) {
  return engine == "mih" ? std::string(kFileEngine) : engine;
}

IndexBenchOptions OptionsFor(const TuneOptions& tune) {
  return {.count = tune.count,
          .queries = tune.queries,
          .batch = 1,
          .dir = tune.dir,
          .progress = tune.progress,
          .seed = tune.seed};
}

absl::StatusOr<IndexBenchResult> MeasureOne(const IndexBenchOptions& options,
                                            const std::string& engine) {
  const auto bench = IndexBench::Make(options);
  if (!bench.ok()) return bench.status();
  auto results = (*bench)->Run(Subject(engine));
  if (!results.ok()) return results.status();
  return std::move(results->front());
}

absl::Status MeasureCounts(const TuneOptions& tune, TuneResult& result) {
  const std::size_t most = std::min(tune.count, kCrossoverCodes);
  for (std::size_t count = std::min(kLeastCodes, most);; count = std::min(2 * count, most)) {
    TunePoint point{.value = count};
    IndexBenchOptions options = OptionsFor(tune);
    options.count = count;
    IndexBenchOptions fewer = options;
    fewer.queries = std::min(tune.queries, kScanQueries);
    const auto scan = MeasureOne(fewer, "scan");
    if (!scan.ok()) return scan.status();
    const auto mih = MeasureOne(options, "mih");
    if (!mih.ok()) return mih.status();
    point.scan_qps = scan->qps_per_core;
    point.qps = mih->qps_per_core;
    result.by_count.push_back(point);
    if (count == most) return absl::OkStatus();
  }
}

absl::Status MeasureBatches(const TuneOptions& tune, TuneResult& result) {
  for (std::size_t batch = 1;; batch *= 16) {
    IndexBenchOptions options = OptionsFor(tune);
    options.queries = std::max(tune.queries, batch);
    options.batch = batch;
    const auto measured = MeasureOne(options, "mih");
    if (!measured.ok()) return measured.status();
    result.by_batch.push_back({.value = batch, .qps = measured->qps_per_core});
    if (batch * 16 > std::max<std::size_t>(tune.count, 1) || batch >= 65536) {
      return absl::OkStatus();
    }
  }
}

absl::Status MeasureThreads(const TuneOptions& tune, TuneResult& result) {
  IndexBenchOptions options = OptionsFor(tune);
  // A scan is asked as many as it answers best.
  constexpr std::size_t kScanBatch = 256;
  if (result.engine == "scan") options.batch = kScanBatch;
  const std::string subject = Subject(result.engine);
  absl::Status room = IndexBench::CheckRoom(subject, tune.count, options);
  if (!room.ok()) return room;
  options.threads.clear();
  for (std::size_t threads = 1; threads < tune.threads; threads *= 2) {
    options.threads.push_back(threads);
  }
  options.threads.push_back(tune.threads);
  const auto bench = IndexBench::Make(options);
  if (!bench.ok()) return bench.status();
  const auto measured = (*bench)->Run(subject);
  if (!measured.ok()) return measured.status();
  for (const IndexBenchResult& one : *measured) {
    result.by_threads.push_back({.value = one.threads, .qps = one.qps});
  }
  return absl::OkStatus();
}

std::string Lines(const std::vector<TunePoint>& points, const std::string& what) {
  std::string lines;
  for (const TunePoint& point : points) {
    lines += fmt::format("#   {:>8} {}: {:>12.0f} queries/s", point.value, what, point.qps);
    if (point.scan_qps > 0) lines += fmt::format(" (scan {:.0f})", point.scan_qps);
    lines += '\n';
  }
  return lines;
}

}  // namespace

std::size_t LeastNearBest(const std::vector<TunePoint>& points) {
  double best = 0;
  for (const TunePoint& point : points) best = std::max(best, point.qps);
  for (const TunePoint& point : points) {
    if (point.qps >= kNearly * best) return point.value;
  }
  return 1;
}

void Choose(std::size_t count, TuneResult& result) {
  // From the largest down, as long as mih wins: a single slip below it does not count.
  result.crossover = 0;
  for (auto point = result.by_count.rbegin(); point != result.by_count.rend(); ++point) {
    if (point->qps < kClearly * point->scan_qps) break;
    result.crossover = point->value;
  }
  result.engine = result.crossover != 0 && count >= result.crossover ? "mih" : "scan";
}

absl::StatusOr<TuneResult> RunTune(const TuneOptions& options) {
  const IndexBenchOptions most = OptionsFor(options);
  absl::Status fits = IndexBench::Check(Subject("mih"), most);
  if (fits.ok()) fits = IndexBench::CheckRoom(Subject("mih"), options.count, most);
  if (!fits.ok()) return fits;
  TuneResult result;
  if (absl::Status status = MeasureCounts(options, result); !status.ok()) return status;
  Choose(options.count, result);
  if (absl::Status status = MeasureBatches(options, result); !status.ok()) return status;
  if (absl::Status status = MeasureThreads(options, result); !status.ok()) return status;
  result.batch = LeastNearBest(result.by_batch);
  result.threads = LeastNearBest(result.by_threads);
  return result;
}

std::string TuneSettings(const TuneOptions& options, const TuneResult& result,
                         const std::string& machine) {
  const std::string crossover =
      result.crossover == 0
          ? "mih was not clearly faster than scan anywhere"
          : fmt::format("mih is clearly faster from {} codes on", result.crossover);
  return fmt::format(
      "# Settings for kithd, measured by kith-bench tune for {} codes at radius 31, seed {}.\n"
      "# {}\n"
      "# By codes, one core, a query a call, mih in a file; {}:\n{}"
      "# By queries a call, one core, mih; callers that have many do best with {} and more:\n{}"
      "# By threads, {}:\n{}"
      "\n[index]\nengine = \"{}\"\n\n[server]\nthreads = {}\n",
      options.count, options.seed, machine, crossover, Lines(result.by_count, "codes"),
      result.batch, Lines(result.by_batch, "a call"), result.engine,
      Lines(result.by_threads, "threads"), result.engine, result.threads);
}

}  // namespace kith::bench
