// SPDX-License-Identifier: Apache-2.0
//
// kith-bench check: a folder through the whole of Kith, and where its time went.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <thread>

#include "bench/kith_bench/check_bench.h"
#include "bench/kith_bench/commands.h"
#include "bench/kith_bench/interrupt.h"
#include "bench/kith_bench/machine.h"
#include "index/simd.h"
#include "tools/report/path_text.h"
#include "tools/scan/walk.h"

namespace kith::bench {
namespace {

using report::EscapeText;

constexpr int kDone = 0;
constexpr int kError = 2;
constexpr int kInterrupted = 130;

struct CheckArguments {
  CheckBenchOptions bench;
  std::string folder;
  std::string dialect = "full";
  bool no_case = false;
  bool json = false;
};

int Report(const absl::Status& status) {
  fmt::print(stderr, "kith-bench check: {}\n", std::string(status.message()));
  return absl::IsCancelled(status) ? kInterrupted : kError;
}

// The real path of a folder that can be listed.
absl::StatusOr<std::string> RealFolder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder, error);
  if (error) {
    return absl::NotFoundError(
        fmt::format("cannot look into {}: {}", EscapeText(folder), error.message()));
  }
  const scan::Descriptor opened(::open(real.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) return real.string();
  const std::string reason = errno == ENOTDIR ? "it is not a folder; give the folder it lies in"
                                              : std::generic_category().message(errno);
  return absl::FailedPreconditionError(
      fmt::format("cannot look into {}: {}", EscapeText(folder), reason));
}

// Sets the places of `bench`.
absl::Status FindPlaces(const CheckArguments& arguments, CheckBenchOptions& bench) {
  auto root = RealFolder(arguments.folder);
  if (!root.ok()) return root.status();
  std::error_code error;
  if (bench.store_parent.empty()) {
    bench.store_parent = std::filesystem::temp_directory_path(error).string();
    if (error) {
      return absl::NotFoundError(
          "there is no folder for temporary files: set TMPDIR, or give one with --store-in");
    }
  }
  auto parent = RealFolder(bench.store_parent);
  if (!parent.ok()) return parent.status();
  if ((*parent + "/").starts_with(*root == "/" ? *root : *root + "/")) {
    return absl::InvalidArgumentError(
        fmt::format("the temporary store would lie inside the folder that is checked ({}); give "
                    "another place with --store-in",
                    EscapeText(*parent)));
  }
  bench.root = *std::move(root);
  bench.store_parent = *std::move(parent);
  return absl::OkStatus();
}

nlohmann::ordered_json ByStage(const StageSeconds& values) {
  nlohmann::ordered_json object;
  for (std::size_t i = 0; i < values.size(); ++i) object[std::string(kStageNames[i])] = values[i];
  return object;
}

double PerSecond(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0.0; }

void PrintJson(const CheckArguments& arguments, const CheckBenchResult& result,
               std::string_view simd) {
  const CheckBenchOptions& bench = arguments.bench;
  const nlohmann::ordered_json line = {
      {"type", "check"},
      {"files", result.files},
      {"bytes", result.bytes},
      {"seconds", result.seconds},
      {"files_per_second", PerSecond(static_cast<double>(result.files), result.seconds)},
      {"megabytes_per_second", PerSecond(1e-6 * static_cast<double>(result.bytes), result.seconds)},
      {"files_per_second_per_core",
       PerSecond(static_cast<double>(result.files), result.processor_seconds)},
      {"threads", bench.threads},
      {"stages", ByStage(StageShares(result))},
      {"stage_seconds", ByStage(result.stage_seconds)},
      {"bound_by", BoundBy(result, bench.threads)},
      {"hashing_busy", HashingBusy(result, bench.threads)},
      {"engine_busy", EngineBusy(result)},
      {"report_seconds", result.report_seconds},
      {"processor_seconds", result.processor_seconds},
      {"pictures", result.pictures},
      {"matched", result.matched},
      {"ruled_out_by_fast_hash", result.ruled_out},
      {"exact", bench.exact},
      {"walk_errors", result.walk_errors},
      {"batches", result.batches},
      {"replay",
       {{"batches", result.replayed_batches},
        {"match_seconds", result.replay_match_seconds},
        {"record_seconds", result.replay_record_seconds}}},
      {"case", bench.with_case},
      {"codes", bench.codes},
      {"own_files", result.own_files},
      {"dialect", arguments.dialect},
      {"seed", bench.seed},
      {"engine", bench.index_engine},
      {"simd", simd},
      {"machine", MachineName()},
  };
  fmt::print("{}\n", line.dump());
}

void PrintTable(const CheckArguments& arguments, const CheckBenchResult& result,
                std::string_view simd) {
  const CheckBenchOptions& bench = arguments.bench;
  const int threads = bench.threads;
  const double files = static_cast<double>(result.files);
  const double megabytes = 1e-6 * static_cast<double>(result.bytes);
  fmt::print(
      "{}\n{} against {} random codes and {} of its own files; {}; engine {} ({}), {} "
      "hashing thread(s), seed {}\n\n",
      MachineName(), EscapeText(bench.root), bench.codes, result.own_files,
      bench.with_case ? "recorded in a case" : "a look-up", bench.index_engine, simd, threads,
      bench.seed);
  fmt::print(
      "{} files ({} pictures, {} matched), {:.1f} MB in {:.2f} s: {:.1f} files/s, {:.1f} "
      "MB/s; {:.2f} s of processor time: {:.1f} files/s a core\n\n",
      result.files, result.pictures, result.matched, megabytes, result.seconds,
      PerSecond(files, result.seconds), PerSecond(megabytes, result.seconds),
      result.processor_seconds, PerSecond(files, result.processor_seconds));
  fmt::print("{:<8} {:>10} {:>7}\n", "stage", "seconds", "share");
  const StageSeconds shares = StageShares(result);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    fmt::print("{:<8} {:>10.3f} {:>6.1f}%\n", kStageNames[i], result.stage_seconds[i],
               100 * shares[i]);
  }
  fmt::print(
      "\nhashing threads busy {:.0f}%, engine busy {:.0f}%, report {:.2f} s; bound by {}; {} "
      "picture(s) ruled out by a fast hash\n",
      100 * HashingBusy(result, threads), 100 * EngineBusy(result), result.report_seconds,
      BoundBy(result, threads), result.ruled_out);
}

int RunCheckCommand(CheckArguments arguments) {
  static const std::map<std::string, v1::Dialect> kDialects = {
      {"full", v1::DIALECT_FULL},
      {"cli512", v1::DIALECT_CLI512},
      {"unknown", v1::DIALECT_UNSPECIFIED}};
  // The first: no thread of ours may be there before it.
  const Interrupt interrupt("stopping, and taking the temporary store away");
  const auto simd = index::ActiveSimdTarget();
  if (!simd.ok()) return Report(simd.status());
  CheckBenchOptions& bench = arguments.bench;
  if (absl::Status status = FindPlaces(arguments, bench); !status.ok()) return Report(status);
  bench.dialect = kDialects.at(arguments.dialect);
  bench.with_case = !arguments.no_case;
  bench.stop = interrupt.stop();
  scan::RaiseDescriptorLimit();
  const std::string_view simd_name = index::SimdTargetName(*simd);
  if (::isatty(STDERR_FILENO) == 1) {
    fmt::print(stderr, "Putting {} random codes into a temporary store, then checking\n",
               bench.codes);
  }
  const auto result = RunCheckBench(bench);
  if (!result.ok()) return Report(result.status());
  if (result->walk_errors > 0) {
    fmt::print(stderr, "kith-bench check: {} place(s) of the folder could not be seen\n",
               result->walk_errors);
  }
  if (arguments.json) {
    PrintJson(arguments, *result, simd_name);
  } else {
    PrintTable(arguments, *result, simd_name);
  }
  return kDone;
}

}  // namespace

void AddCheckCommand(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<CheckArguments>();
  CheckBenchOptions& bench = arguments->bench;
  bench.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* command =
      app.add_subcommand("check", "A folder through the whole of Kith, and where its time went");
  command->add_option("folder", arguments->folder, "The folder that is checked")
      ->type_name("FOLDER")
      ->required();
  command->add_option("--count", bench.codes, "Random known codes in the temporary store")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{100'000'000}))
      ->capture_default_str();
  command
      ->add_option("--own", bench.own_files,
                   "How many of the first files of FOLDER are known, so that there are matches")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}))
      ->capture_default_str();
  command->add_option("--threads", bench.threads, "Threads that read and hash")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--no-case", arguments->no_case, "A look-up: nothing is recorded in a case");
  command->add_flag("--exact", bench.exact, "Of a look-up: hash exactly, as a recorded check does");
  command
      ->add_option("--dialect", arguments->dialect,
                   "Of the known codes: full, cli512 or unknown (then both are hashed)")
      ->check(CLI::IsMember({"full", "cli512", "unknown"}))
      ->capture_default_str();
  command->add_option("--engine", bench.index_engine, "Engine of the Hamming index")
      ->capture_default_str();
  command
      ->add_option("--store-in", bench.store_parent,
                   "Folder in which the temporary store is made (default: that of temporary "
                   "files); what a commit costs depends on its disk")
      ->type_name("DIR");
  command->add_option("--seed", bench.seed, "Seed of the random codes")->capture_default_str();
  command->add_flag("--json", arguments->json, "One JSON object");
  command->callback(
      [arguments, &run] { run = [arguments] { return RunCheckCommand(*arguments); }; });
}

}  // namespace kith::bench
