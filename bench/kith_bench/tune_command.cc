// SPDX-License-Identifier: Apache-2.0
//
// kith-bench tune: what fits this machine, as a configuration file for kithd.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/kith_bench/commands.h"
#include "bench/kith_bench/fits.h"
#include "bench/kith_bench/index_subject.h"
#include "bench/kith_bench/interrupt.h"
#include "bench/kith_bench/machine.h"
#include "bench/kith_bench/progress.h"
#include "bench/kith_bench/tune_bench.h"

namespace kith::bench {
namespace {

constexpr int kDone = 0;
constexpr int kError = 2;
constexpr int kInterrupted = 130;
// From fewer codes or queries follows noise, which kithd would be set up by for years.
constexpr std::size_t kLeast = 1000;

struct TuneArguments {
  TuneOptions tune;
  std::string out;
};

int Report(const absl::Status& status) {
  fmt::print(stderr, "kith-bench tune: {}\n", std::string(status.message()));
  return kError;
}

// A file that is there holds settings of somebody: it is not touched.
absl::Status WriteNew(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError(fmt::format(
        "{} is there and is not replaced; write to another file, or without --out to stdout, and "
        "take over what you want",
        path));
  }
  if (fd < 0) {
    return absl::PermissionDeniedError(fmt::format(
        "cannot make {}: {}", path, std::error_code(errno, std::generic_category()).message()));
  }
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool is_whole = ::close(fd) == 0 && written == static_cast<ssize_t>(text.size());
  if (is_whole) return absl::OkStatus();
  ::unlink(path.c_str());
  return absl::UnavailableError(fmt::format("cannot write {}", path));
}

absl::StatusOr<TuneResult> Tune(TuneOptions options) {
  Progress progress;
  options.progress = [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
    progress.Tell(phase, done, total);
  };
  auto result = RunTune(options);
  progress.Clear();
  return result;
}

int RunTuneCommand(const TuneArguments& arguments) {
  if (!arguments.out.empty() && ::access(arguments.out.c_str(), F_OK) == 0) {
    return Report(WriteNew(arguments.out, ""));  // before minutes are spent
  }
  // As in kith-bench index: a build cannot be asked to stop.
  const Interrupt interrupt("stopping, and taking the files away", [&arguments] {
    IndexSubject::RemoveFiles(arguments.tune.dir);
    ::_exit(kInterrupted);
  });
  const auto result = Tune(arguments.tune);
  if (!result.ok()) return Report(result.status());
  const std::string settings = TuneSettings(arguments.tune, *result, MachineName());
  if (arguments.out.empty()) {
    fmt::print("{}", settings);
    return kDone;
  }
  if (absl::Status status = WriteNew(arguments.out, settings); !status.ok()) return Report(status);
  fmt::print(stderr, "kith-bench tune: engine {}, {} threads; written to {}\n", result->engine,
             result->threads, arguments.out);
  return kDone;
}

}  // namespace

void AddTuneCommand(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<TuneArguments>();
  arguments->tune.threads = std::max(1U, std::thread::hardware_concurrency());
  CLI::App* command = app.add_subcommand(
      "tune", "Measure this machine and write the settings for kithd that fit it");
  command->add_option("--count", arguments->tune.count, "Codes that the index is to hold")
      ->check(CLI::Range(kLeast, std::size_t{100000000}))
      ->capture_default_str();
  command->add_option("--queries", arguments->tune.queries, "Queries of a measurement")
      ->check(CLI::Range(kLeast, std::size_t{10000000}))
      ->capture_default_str();
  command->add_option("--threads", arguments->tune.threads, "Threads that are tried, at most")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str();
  command
      ->add_option(
          "--dir", arguments->tune.dir,
          "Folder for the file of mih, gone afterwards; best on the disk that the store is "
          "to lie on [$TMPDIR, or /var/tmp]")
      ->type_name("DIR");
  command->add_option("--seed", arguments->tune.seed, "Seed of codes and queries")
      ->capture_default_str();
  command
      ->add_option("--out", arguments->out,
                   "Configuration file to make; else it goes to stdout. kithd reads "
                   "~/.config/kith/kith.toml, /etc/kith/kith.toml, or what KITH_CONFIG names")
      ->type_name("FILE");
  command->callback([arguments, &run] {
    if (arguments->tune.dir.empty()) arguments->tune.dir = DefaultDir();
    run = [arguments] { return RunTuneCommand(*arguments); };
  });
}

}  // namespace kith::bench
