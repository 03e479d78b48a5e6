// SPDX-License-Identifier: Apache-2.0
//
// kith-bench index: the engines of the Hamming index on the same codes.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "bench/kith_bench/commands.h"
#include "bench/kith_bench/fits.h"
#include "bench/kith_bench/index_bench.h"
#include "bench/kith_bench/index_subject.h"
#include "bench/kith_bench/interrupt.h"
#include "bench/kith_bench/machine.h"
#include "bench/kith_bench/progress.h"
#include "bench/kith_bench/sweep.h"

namespace kith::bench {
namespace {

constexpr int kDone = 0;
constexpr int kError = 2;
constexpr int kInterrupted = 130;
constexpr double kMebibyte = 1 << 20;

struct IndexArguments {
  IndexBenchOptions bench;  // its count is set for each run
  std::vector<std::size_t> counts;
  std::vector<std::string> engines;  // empty: as the number of codes suggests
  std::size_t memory_mib = 2048;     // for building a file
  std::string sweep;                 // folder of the results
  bool json = false;
};

void PrintJson(const IndexBenchOptions& options, const IndexBenchResult& result) {
  nlohmann::ordered_json line = {
      {"type", "index"},
      {"engine", result.engine},
      {"count", result.count},
      {"queries", options.queries},
      {"batch", result.batch},
      {"threads", result.threads},
      {"radius", result.radius_bits},
      {"bands", result.bands},
      {"duplicates", options.duplicates},
      {"seed", options.seed},
      {"build_seconds", result.build_seconds},
      {"qps", result.qps},
      {"qps_per_core", result.qps_per_core},
      {"comparisons_per_second", result.qps * static_cast<double>(result.count)},
      {"bytes_per_hash", result.bytes_per_hash},
      {"resident_bytes", result.resident_bytes},
      {"peak_bytes", result.peak_bytes},
      {"build_minor_faults", result.build_minor_faults},
      {"build_major_faults", result.build_major_faults},
      {"minor_faults", result.minor_faults},
      {"major_faults", result.major_faults},
      {"recall", result.recall},
      {"checked_queries", result.checked},
      {"wrong_hits", result.wrong_hits},
      {"exact", result.is_exact},
      {"simd", result.simd},
      {"machine", MachineName()},
  };
  if (result.open_seconds > 0) {
    line["hot_bytes_per_hash"] = result.hot_bytes_per_hash;
    line["first_open_seconds"] = result.first_open_seconds;
    line["open_seconds"] = result.open_seconds;
  }
  if (!options.from.empty()) line["from"] = options.from;
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string DescribeData(const IndexBenchOptions& options) {
  const std::string data =
      options.from.empty() ? fmt::format("random codes ({:.0f}% copies)", 100 * options.duplicates)
                           : "codes of a file";
  return fmt::format("{}, {} queries, seed {}", data, options.queries, options.seed);
}

void PrintTableHead() {
  fmt::print(
      "{:<18} {:<7} {:>10} {:>6} {:>5} {:>7} {:>8} {:>8} {:>12} {:>12} {:>10} {:>10} {:>9} {:>8} "
      "{:>9} {:>6} {:>7} {:>6}\n",
      "engine", "simd", "codes", "radius", "bands", "threads", "batch", "build s", "queries/s",
      "per core", "compar./s", "bytes/hash", "resident", "peak", "faults", "major", "recall",
      "wrong");
}

void PrintTableRow(const IndexBenchResult& result) {
  // FAISS has no kernel of ours.
  const bool is_ours = !result.engine.starts_with("faiss");
  fmt::print(
      "{:<18} {:<7} {:>10} {:>6} {:>5} {:>7} {:>8} {:>8.2f} {:>12.1f} {:>12.1f} {:>10.2e} "
      "{:>10.1f} {:>5.0f}"
      " MiB {:>4.0f} MiB {:>9} {:>6} {:>7.4f} {:>6}\n",
      result.engine, is_ours ? result.simd : "-", result.count, result.radius_bits,
      result.bands == 0 ? "own" : std::to_string(result.bands), result.threads, result.batch,
      result.build_seconds, result.qps, result.qps_per_core,
      result.qps * static_cast<double>(result.count), result.bytes_per_hash,
      static_cast<double>(result.resident_bytes) / kMebibyte,
      static_cast<double>(result.peak_bytes) / kMebibyte, result.minor_faults, result.major_faults,
      result.recall, result.wrong_hits);
  if (result.open_seconds > 0) {
    fmt::print(
        "{:<18} opened in {:.3f} s with a check of every byte, then in {:.4f} s; {:.1f} of the "
        "bytes "
        "hot\n",
        "", result.first_open_seconds, result.open_seconds, result.hot_bytes_per_hash);
  }
}

int Report(const absl::Status& status) {
  fmt::print(stderr, "kith-bench index: {}\n", std::string(status.message()));
  return kError;
}

// A run is one line for people; to run all combinations must be asked for.
absl::Status CheckLists(const IndexArguments& arguments) {
  const bool is_list = arguments.counts.size() > 1 || arguments.bench.bands.size() > 1 ||
                       arguments.bench.radii_bits.size() > 1 || arguments.bench.threads.size() > 1;
  if (is_list && arguments.sweep.empty()) {
    return absl::InvalidArgumentError(
        "several counts, radii, bands or threads need --sweep DIR, which runs all combinations");
  }
  return absl::OkStatus();
}

absl::Status WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::PermissionDeniedError(fmt::format("cannot write {}", path.string()));
}

absl::Status WriteSweep(const IndexArguments& arguments,
                        const std::vector<IndexBenchResult>& results) {
  const std::filesystem::path folder(arguments.sweep);
  const std::string title = "kith-bench index: queries a second of one core";
  const std::string about = fmt::format("{}; {}", MachineName(), DescribeData(arguments.bench));
  if (auto status = WriteFile(folder / "sweep.svg", SweepPlot(results, title, about));
      !status.ok()) {
    return status;
  }
  return WriteFile(folder / "sweep.md", fmt::format("{}\n\n{}", about, SweepTable(results)));
}

// Runs one engine; `exact` tells in the end whether each kept its promise.
absl::Status RunEngine(const IndexArguments& arguments, const IndexBench& bench,
                       const std::string& engine, Progress& progress,
                       std::vector<IndexBenchResult>& results, bool& exact) {
  const auto measured = bench.Run(engine);
  progress.Clear();
  if (!measured.ok()) return measured.status();
  for (const IndexBenchResult& result : *measured) {
    if (arguments.json) {
      PrintJson(arguments.bench, result);
    } else {
      PrintTableRow(result);
    }
    std::fflush(stdout);
    exact = exact && result.KeepsItsPromise();
    results.push_back(result);
  }
  return absl::OkStatus();
}

// Of a count, the engines to run. One that was asked for and does not fit ends the run before it
// begins; one that was not is left out, and that is said.
absl::StatusOr<std::vector<std::string>> EnginesFor(const IndexArguments& arguments,
                                                    std::size_t count,
                                                    const IndexBenchOptions& options) {
  std::vector<std::string> engines;
  for (const std::string& engine :
       arguments.engines.empty() ? DefaultEngines(count) : arguments.engines) {
    absl::Status status = IndexBench::Check(engine, options);
    if (!status.ok()) return status;
    status = IndexBench::CheckRoom(engine, count, options);
    if (!status.ok() && !arguments.engines.empty()) return status;
    if (status.ok()) {
      engines.push_back(engine);
    } else {
      fmt::print(stderr, "kith-bench index: left out: {}\n", std::string(status.message()));
    }
  }
  if (!engines.empty()) return engines;
  return absl::ResourceExhaustedError("no engine fits this machine; give fewer codes with --count");
}

// Makes the data of one count and runs its engines.
absl::Status RunCount(const IndexArguments& arguments, std::size_t count,
                      std::vector<IndexBenchResult>& results, bool& exact) {
  Progress progress;
  IndexBenchOptions options = arguments.bench;
  options.count = count;
  options.memory_bytes = arguments.memory_mib << 20;
  options.progress = [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
    progress.Tell(phase, done, total);
  };
  // How many codes a file has is known once it is read.
  absl::StatusOr<std::vector<std::string>> engines;
  if (options.from.empty()) {
    engines = EnginesFor(arguments, count, options);
    if (!engines.ok()) return engines.status();
  }
  const auto bench = IndexBench::Make(options);
  if (!bench.ok()) return bench.status();
  if (!options.from.empty()) {
    engines = EnginesFor(arguments, (*bench)->count(), options);
    if (!engines.ok()) return engines.status();
  }
  progress.Clear();
  for (const std::string& engine : *engines) {
    const absl::Status status = RunEngine(arguments, **bench, engine, progress, results, exact);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

int RunIndex(const IndexArguments& arguments) {
  if (absl::Status status = CheckLists(arguments); !status.ok()) return Report(status);
  // All engines before the first, which may take long.
  for (const std::string& engine : arguments.engines) {
    const absl::Status status = IndexBench::Check(engine, arguments.bench);
    if (!status.ok()) return Report(status);
  }
  // A build cannot be asked to stop: what it leaves in the file system goes, and the process with
  // it.
  const Interrupt interrupt("stopping, and taking the files away", [&arguments] {
    IndexSubject::RemoveFiles(arguments.bench.dir);
    ::_exit(kInterrupted);
  });
  if (!arguments.sweep.empty()) {
    std::error_code error;
    std::filesystem::create_directories(arguments.sweep, error);
    if (error)
      return Report(absl::PermissionDeniedError(
          fmt::format("cannot make {}: {}", arguments.sweep, error.message())));
  }
  bool exact = true;
  std::vector<IndexBenchResult> results;
  if (!arguments.json) {
    fmt::print("{}\n{}\n\n", MachineName(), DescribeData(arguments.bench));
    PrintTableHead();
  }
  for (const std::size_t count : arguments.counts) {
    if (absl::Status status = RunCount(arguments, count, results, exact); !status.ok()) {
      return Report(status);
    }
  }
  if (!arguments.sweep.empty()) {
    if (absl::Status status = WriteSweep(arguments, results); !status.ok()) return Report(status);
  }
  if (exact) return kDone;
  return Report(absl::InternalError("an engine that promises to be exact was not; see recall"));
}

void AddData(CLI::App& command, IndexArguments& arguments) {
  command
      .add_option("--from", arguments.bench.from,
                  "File of codes: 64 hex digits a line, or raw 32 bytes each; else random codes")
      ->type_name("FILE");
  command
      .add_option("--count", arguments.counts,
                  "Codes stored [1000000]; of a file at most so many [all]")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000000}));
  command.add_option("--queries", arguments.bench.queries, "Queries asked")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100000000}))
      ->capture_default_str();
  command
      .add_option("--duplicates", arguments.bench.duplicates,
                  "Share of the random codes that are copies of a hundred of them")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  command.add_option("--seed", arguments.bench.seed, "Seed of codes and queries")
      ->capture_default_str();
}

}  // namespace

void AddIndexCommand(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<IndexArguments>();
  CLI::App* command =
      app.add_subcommand("index", "Engines of the Hamming index on the same codes, side by side");
  AddData(*command, *arguments);
  command
      ->add_option("--batch", arguments->bench.batch,
                   "Queries in one call, of engines that do not say themselves")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  command
      ->add_option(
          "--engines", arguments->engines,
          "Engines, by comma: scan, mih (a query a call), mih-batch (all in one), faiss-flat, "
          "faiss-multihash, mih-file and mih-file-resident (a segment in --dir), faiss-hnsw (a "
          "peer that misses some; builds slowly). By default the first five, and from 50 million "
          "codes on mih-file")
      ->delimiter(',');
  command
      ->add_option("--dir", arguments->bench.dir,
                   "Folder for the files of mih-file and mih-file-resident, gone afterwards "
                   "[$TMPDIR, or /var/tmp]")
      ->type_name("DIR");
  command
      ->add_option("--memory-mib", arguments->memory_mib,
                   "Memory for building such a file, about; the rest goes to the disk")
      ->check(CLI::Range(std::size_t{16}, std::size_t{1} << 20))
      ->capture_default_str();
  command->add_option("--threads", arguments->bench.threads, "Threads that search")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str();
  command->add_option("--radius", arguments->bench.radii_bits, "Radius in bits, inclusive")
      ->delimiter(',')
      ->check(CLI::Range(0, index::kCodeBits))
      ->capture_default_str();
  command
      ->add_option("--bands", arguments->bench.bands,
                   "Bands of mih, 12 to 32, in files 8 to 32; 0: as many as it chooses itself")
      ->delimiter(',')
      ->check(CLI::Range(0, 32))
      ->capture_default_str();
  command
      ->add_option(
          "--sweep", arguments->sweep,
          "Run all combinations of the values of --count, --radius, --bands and --threads, "
          "which then take lists by comma, and write sweep.md and sweep.svg there")
      ->type_name("DIR");
  command->add_flag("--json", arguments->json, "One JSON object a line and engine");
  command->callback([arguments, &run] {
    if (arguments->bench.dir.empty()) arguments->bench.dir = DefaultDir();
    if (arguments->counts.empty()) {
      arguments->counts = {arguments->bench.from.empty() ? arguments->bench.count : 0};
    }
    run = [arguments] { return RunIndex(*arguments); };
  });
}

}  // namespace kith::bench
