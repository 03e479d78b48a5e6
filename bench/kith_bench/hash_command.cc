// SPDX-License-Identifier: Apache-2.0
//
// kith-bench hash: pictures of a folder from bytes in memory to PDQ, in several ways.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/kith_bench/commands.h"
#include "bench/kith_bench/hash_bench.h"
#include "bench/kith_bench/machine.h"

namespace kith::bench {
namespace {

constexpr int kDone = 0;
constexpr int kError = 2;
constexpr std::string_view kYardstick = "opencv-colour";

struct HashArguments {
  HashBenchOptions bench = {.folder = {}, .modes = {std::begin(kHashModes), std::end(kHashModes)}};
  bool json = false;
};

double PerSecond(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0.0; }

double ImagesPerSecond(const HashFigures& figures) {
  return PerSecond(static_cast<double>(figures.files), figures.seconds);
}

// Ascending `distances`.
int PlaceOf(const std::vector<int>& distances, double share) {
  if (distances.empty()) return 0;
  const auto place = static_cast<std::size_t>(share * static_cast<double>(distances.size()));
  return distances[std::min(place, distances.size() - 1)];
}

nlohmann::ordered_json ToJson(const HashFigures& figures, const HashFigures* yardstick) {
  nlohmann::ordered_json object = {
      {"files", figures.files},
      {"seconds", figures.seconds},
      {"images_per_second", ImagesPerSecond(figures)},
      {"megabytes_per_second",
       PerSecond(1e-6 * static_cast<double>(figures.bytes), figures.seconds)},
      {"megapixels_per_second",
       PerSecond(1e-6 * static_cast<double>(figures.pixels), figures.seconds)},
      {"median_bits_from_exact", PlaceOf(figures.distances, 0.5)},
      {"worst_bits_from_exact", PlaceOf(figures.distances, 1)},
  };
  if (figures.handed_over > 0) object["handed_over"] = figures.handed_over;
  if (yardstick != nullptr) {
    object["times_opencv_colour"] = PerSecond(yardstick->seconds, figures.seconds);
  }
  return object;
}

void PrintJson(const HashBenchOptions& options, const HashBench& bench,
               const HashBenchResult& result, const HashBenchResult* yardstick) {
  nlohmann::ordered_json line = {{"type", "hash"}, {"mode", result.mode}};
  line.update(ToJson(result.all, yardstick == nullptr ? nullptr : &yardstick->all));
  for (std::size_t k = 0; k < kPictureKinds; ++k) {
    line[std::string(PictureKindName(static_cast<PictureKind>(k)))] =
        ToJson(result.kinds[k], yardstick == nullptr ? nullptr : &yardstick->kinds[k]);
  }
  line["rounds"] = options.rounds;
  line["skipped"] = bench.skipped;
  line["left_out"] = bench.left_out;
  line["machine"] = MachineName();
  fmt::print("{}\n", line.dump());
}

void PrintTableRow(const std::string& mode, std::string_view kind, const HashFigures& figures,
                   const HashFigures* yardstick) {
  const std::string times =
      yardstick == nullptr ? "-"
                           : fmt::format("{:.2f}", PerSecond(yardstick->seconds, figures.seconds));
  fmt::print("{:<14} {:<12} {:>6} {:>9.3f} {:>9.1f} {:>8.1f} {:>8.1f} {:>8} {:>7} {:>6} {:>11}\n",
             mode, kind, figures.files, figures.seconds, ImagesPerSecond(figures),
             PerSecond(1e-6 * static_cast<double>(figures.bytes), figures.seconds),
             PerSecond(1e-6 * static_cast<double>(figures.pixels), figures.seconds), times,
             PlaceOf(figures.distances, 0.5), PlaceOf(figures.distances, 1), figures.handed_over);
}

void PrintTable(const HashBenchOptions& options, const HashBench& bench,
                const HashBenchResult* yardstick) {
  fmt::print(
      "{}\none core, processor time, median of {} round(s); files of {} bytes and more, {} "
      "smaller left out; {} skipped\n\n",
      MachineName(), options.rounds, options.min_bytes, bench.left_out, bench.skipped);
  fmt::print("{:<14} {:<12} {:>6} {:>9} {:>9} {:>8} {:>8} {:>8} {:>7} {:>6} {:>11}\n", "mode",
             "kind", "files", "seconds", "images/s", "MB/s", "MP/s", "x OpenCV", "bits", "worst",
             "handed over");
  for (const HashBenchResult& result : bench.results) {
    PrintTableRow(result.mode, "all", result.all, yardstick == nullptr ? nullptr : &yardstick->all);
    for (std::size_t k = 0; k < kPictureKinds; ++k) {
      PrintTableRow(result.mode, PictureKindName(static_cast<PictureKind>(k)), result.kinds[k],
                    yardstick == nullptr ? nullptr : &yardstick->kinds[k]);
    }
  }
}

int RunHashCommand(const HashArguments& arguments) {
  const auto bench = RunHashBench(arguments.bench);
  if (!bench.ok()) {
    fmt::print(stderr, "kith-bench hash: {}\n", std::string(bench.status().message()));
    return kError;
  }
  const auto found = std::ranges::find(bench->results, kYardstick, &HashBenchResult::mode);
  const HashBenchResult* const yardstick = found == bench->results.end() ? nullptr : &*found;
  if (!arguments.json) {
    PrintTable(arguments.bench, *bench, yardstick);
    return kDone;
  }
  for (const HashBenchResult& result : bench->results) {
    PrintJson(arguments.bench, *bench, result, yardstick);
  }
  return kDone;
}

}  // namespace

void AddHashCommand(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<HashArguments>();
  HashBenchOptions& bench = arguments->bench;
  CLI::App* command = app.add_subcommand(
      "hash", "Pictures of a folder from bytes in memory to PDQ, on one core, in several ways");
  command->add_option("folder", bench.folder, "Its JPEGs and PNGs are hashed, those below it too")
      ->type_name("DIR")
      ->required();
  command
      ->add_option(
          "--mode", bench.modes,
          "Ways, by comma or one after the other; all by default: fast, exact, opencv-colour "
          "(cv::imdecode, then our PDQ), opencv-grey8 (in grey at an eighth of the size)")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kHashModes), std::end(kHashModes))))
      ->type_name("MODE");
  command->add_option("--min-bytes", bench.min_bytes, "Smaller files are left out")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 40))
      ->capture_default_str();
  command->add_option("--rounds", bench.rounds, "How often each is hashed; the median counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "One JSON object a line and mode");
  command->footer(
      "Examples:\n"
      "  kith-bench hash /usr/share/wallpapers\n"
      "  kith-bench hash photos --mode exact,opencv-colour --rounds 5 --json");
  command->callback(
      [arguments, &run] { run = [arguments] { return RunHashCommand(*arguments); }; });
}

}  // namespace kith::bench
