// SPDX-License-Identifier: Apache-2.0
//
// kith-bench index: the engines of the Hamming index on random codes.
#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/kith_bench/commands.h"
#include "bench/kith_bench/index_bench.h"
#include "bench/kith_bench/machine.h"

namespace kith::bench {
namespace {

constexpr int kDone = 0;
constexpr int kError = 2;

struct IndexArguments {
  IndexBenchOptions bench;
  std::vector<std::string> engines = {"scan", "mih", "mih-batch", "faiss-flat", "faiss-multihash"};
  bool json = false;
};

void PrintJson(const IndexBenchOptions& options, const IndexBenchResult& result) {
  const nlohmann::ordered_json line = {
      {"type", "index"},
      {"engine", result.engine},
      {"count", options.count},
      {"queries", options.queries},
      {"batch", result.batch},
      {"threads", options.threads},
      {"radius", options.radius_bits},
      {"duplicates", options.duplicates},
      {"seed", options.seed},
      {"build_seconds", result.build_seconds},
      {"qps", result.qps},
      {"qps_per_core", result.qps_per_core},
      {"comparisons_per_second", result.qps * static_cast<double>(options.count)},
      {"bytes_per_hash", result.bytes_per_hash},
      {"recall", result.recall},
      {"checked_queries", result.checked},
      {"wrong_hits", result.wrong_hits},
      {"simd", result.simd},
      {"machine", MachineName()},
  };
  fmt::print("{}\n", line.dump());
}

void PrintTableHead(const IndexBenchOptions& options) {
  fmt::print(
      "{}\n{} random codes ({:.0f}% copies), {} queries, {} thread(s), radius {}, seed {}\n\n",
      MachineName(), options.count, 100 * options.duplicates, options.queries, options.threads,
      options.radius_bits, options.seed);
  fmt::print("{:<16} {:<7} {:>8} {:>9} {:>12} {:>12} {:>14} {:>11} {:>8} {:>6}\n", "engine", "simd",
             "batch", "build s", "queries/s", "per core", "comparisons/s", "bytes/hash", "recall",
             "wrong");
}

void PrintTableRow(const IndexBenchOptions& options, const IndexBenchResult& result) {
  // FAISS has no kernel of ours.
  const bool is_ours = !result.engine.starts_with("faiss");
  fmt::print("{:<16} {:<7} {:>8} {:>9.2f} {:>12.1f} {:>12.1f} {:>14.3e} {:>11.1f} {:>8.4f} {:>6}\n",
             result.engine, is_ours ? result.simd : "-", result.batch, result.build_seconds,
             result.qps, result.qps_per_core, result.qps * static_cast<double>(options.count),
             result.bytes_per_hash, result.recall, result.wrong_hits);
}

int Report(const absl::Status& status) {
  fmt::print(stderr, "kith-bench index: {}\n", std::string(status.message()));
  return kError;
}

int RunIndex(const IndexArguments& arguments) {
  // All engines before the first, which may take long.
  for (const std::string& engine : arguments.engines) {
    const absl::Status status = IndexBench::Check(engine, arguments.bench);
    if (!status.ok()) return Report(status);
  }
  const IndexBench bench(arguments.bench);
  if (!arguments.json) PrintTableHead(arguments.bench);
  bool exact = true;
  for (const std::string& engine : arguments.engines) {
    const absl::StatusOr<IndexBenchResult> result = bench.Run(engine);
    if (!result.ok()) return Report(result.status());
    (arguments.json ? PrintJson : PrintTableRow)(arguments.bench, *result);
    std::fflush(stdout);
    exact = exact && result->recall == 1.0 && result->wrong_hits == 0;
  }
  if (exact) return kDone;
  return Report(absl::InternalError("an engine that promises to be exact was not; see recall"));
}

}  // namespace

void AddIndexCommand(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<IndexArguments>();
  CLI::App* command =
      app.add_subcommand("index", "Engines of the Hamming index on random codes, side by side");
  command->add_option("--count", arguments->bench.count, "Codes stored")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000000}))
      ->capture_default_str();
  command->add_option("--queries", arguments->bench.queries, "Queries asked")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100000000}))
      ->capture_default_str();
  command
      ->add_option("--batch", arguments->bench.batch,
                   "Queries in one call, of engines that do not say themselves")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  command
      ->add_option(
          "--engines", arguments->engines,
          "Engines, by comma: scan, mih (a query a call), mih-batch (all in one), faiss-flat, "
          "faiss-multihash")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--threads", arguments->bench.threads, "Threads that search")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str();
  command->add_option("--radius", arguments->bench.radius_bits, "Radius in bits, inclusive")
      ->check(CLI::Range(0, index::kCodeBits))
      ->capture_default_str();
  command
      ->add_option("--duplicates", arguments->bench.duplicates,
                   "Share of the codes that are copies of a hundred of them")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  command->add_option("--seed", arguments->bench.seed, "Seed of codes and queries")
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "One JSON object a line and engine");
  command->callback([arguments, &run] { run = [arguments] { return RunIndex(*arguments); }; });
}

}  // namespace kith::bench
