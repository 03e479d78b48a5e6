// SPDX-License-Identifier: Apache-2.0
//
// Segment files at sizes that a Google Benchmark cannot repeat: builds one of random codes out of
// core, opens it and asks it queries one by one. A file that is there already is opened as it is.
// Or a whole index that is kept in a folder, as a service has it: what it makes of its segments.
// Rates are given by the clock and by processor time: the latter hardly depends on other work.
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/watch.h"
#include "index/hamming_index.h"
#include "index/segment.h"

namespace {

using kith::bench::Watch;
using kith::index::Code;
using kith::index::HammingIndex;
using kith::index::Label;
using kith::index::SegmentFile;
using kith::index::SegmentInfo;
using kith::index::SegmentWriter;

struct Settings {
  std::uint64_t count = 1000000;
  std::uint64_t seed = 20260101;
  std::string path;
  std::size_t memory_mib = 2048;
  std::size_t queries = 1000;
  bool resident = false;
  bool compact = false;
  bool live = false;
};

rusage Usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

// Code `number` of a seed, without those before it.
Code CodeOf(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t state = seed ^ (number * 0x9e3779b97f4a7c15);
  Code code;
  for (std::size_t word = 0; word < 4; ++word) {
    // SplitMix64 (Steele, Lea, Flood 2014).
    std::uint64_t value = state += 0x9e3779b97f4a7c15 + word * 0x2545f4914f6cdd1e;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    value ^= value >> 31;
    __builtin_memcpy(code.data() + 8 * word, &value, sizeof(value));
  }
  return code;
}

absl::StatusOr<SegmentInfo> Build(const Settings& settings) {
  const Watch watch;
  std::string last;
  auto writer = SegmentWriter::Create(
      settings.path, {.memory_bytes = settings.memory_mib << 20,
                      .compact = settings.compact,
                      .progress = [&](std::string_view phase, std::uint64_t, std::uint64_t) {
                        if (phase == last) return;
                        last = phase;
                        std::printf("  %s from %.1f s, %.1f s of processor\n", last.c_str(),
                                    watch.Wall(), watch.Cpu());
                        std::fflush(stdout);
                      }});
  if (!writer.ok()) return writer.status();
  constexpr std::uint64_t kBatch = 65536;
  std::vector<Code> codes;
  std::vector<Label> labels;
  for (std::uint64_t at = 0; at < settings.count;) {
    codes.clear();
    labels.clear();
    for (; at < settings.count && codes.size() < kBatch; ++at) {
      codes.push_back(CodeOf(settings.seed, at));
      labels.push_back({.entry = 1 + at / 32, .view = static_cast<std::uint32_t>(at % 32)});
    }
    if (absl::Status status = (*writer)->Add(codes, labels); !status.ok()) return status;
  }
  absl::StatusOr<SegmentInfo> info = (*writer)->Finish();
  if (!info.ok()) return info;
  const auto count = static_cast<double>(settings.count);
  std::printf(
      "built in %.1f s, %.1f s of processor: %.2f and %.2f M codes a second; peak %ld MiB\n",
      watch.Wall(), watch.Cpu(), count / watch.Wall() / 1e6, count / watch.Cpu() / 1e6,
      Usage().ru_maxrss / 1024);
  return info;
}

// Nine of ten are near nothing, one is 31 bits from a code of the segment.
std::vector<Code> Queries(const Settings& settings) {
  std::mt19937_64 random(settings.seed);
  std::vector<Code> queries;
  for (std::size_t query = 0; query < settings.queries; ++query) {
    const bool near = query % 10 == 0;
    Code code = CodeOf(settings.seed, near ? random() % settings.count : settings.count + query);
    for (std::size_t bit = 0; near && bit < 31; ++bit) {
      const std::size_t place = (query + bit * 8) % 256;
      code[place / 8] ^= static_cast<std::uint8_t>(1U << place % 8);
    }
    queries.push_back(code);
  }
  return queries;
}

using Search =
    std::function<absl::StatusOr<std::vector<kith::index::SearchResult>>(const Code& query)>;

absl::Status Ask(const Settings& settings, const Search& search) {
  const std::vector<Code> queries = Queries(settings);
  const auto asked = static_cast<double>(queries.size());
  for (int round = 1; round <= 3; ++round) {
    const rusage before = Usage();
    const Watch watch;
    std::size_t found = 0;
    for (std::size_t query = 0; query < queries.size(); ++query) {
      const auto results = search(queries[query]);
      if (!results.ok()) return results.status();
      if (query % 10 == 0 && results->front().total > 0) ++found;
    }
    const rusage after = Usage();
    std::printf(
        "round %d: %.0f queries a second, %.0f a second of processor; recall %zu of %zu; "
        "%ld minor and %ld major faults\n",
        round, asked / watch.Wall(), asked / watch.Cpu(), found, (queries.size() + 9) / 10,
        after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

absl::Status Run(const Settings& settings) {
  if (!std::filesystem::exists(settings.path)) {
    if (const auto info = Build(settings); !info.ok()) return info.status();
  }
  for (const char* which : {"first", "next"}) {
    const Watch watch;
    const auto opened = SegmentFile::Open(settings.path);
    if (!opened.ok()) return opened.status();
    std::printf("%s opening: %.3f s\n", which, watch.Wall());
  }
  const auto segment = SegmentFile::Open(settings.path, {.resident = settings.resident});
  if (!segment.ok()) return segment.status();
  const SegmentInfo& info = (*segment)->info();
  const auto codes = static_cast<double>(info.codes);
  std::printf("%.0f codes in %d bands: %.2f bytes a code hot, %.2f cold\n", codes, info.bands,
              static_cast<double>(info.hot_bytes) / codes,
              static_cast<double>(info.cold_bytes) / codes);
  return Ask(settings, [&](const Code& query) { return (*segment)->Search({&query, 1}); });
}

// Adds what is lacking, as an import does, and waits until nothing is left to be merged.
absl::Status Fill(const Settings& settings, HammingIndex& index) {
  constexpr std::uint64_t kBatch = 262144;
  const Watch watch;
  std::vector<Code> codes;
  std::vector<Label> labels;
  for (std::uint64_t at = index.Stats().codes; at < settings.count;) {
    codes.clear();
    labels.clear();
    for (; at < settings.count && codes.size() < kBatch; ++at) {
      codes.push_back(CodeOf(settings.seed, at));
      labels.push_back({.entry = 1 + at / 32, .view = static_cast<std::uint32_t>(at % 32)});
    }
    // As kithd tells it: before anything of the commit, and behind all of it.
    const std::string mark = std::to_string(at);
    index.Touches(mark);
    if (absl::Status status = index.Add(codes, labels); !status.ok()) return status;
    if (absl::Status status = index.Reached(mark); !status.ok()) return status;
  }
  std::printf("added in %.1f s, %.1f s of processor; %zu segments\n", watch.Wall(), watch.Cpu(),
              index.Stats().segments);
  std::fflush(stdout);
  index.Settle();
  std::printf("merged in %.1f s, %.1f s of processor; peak %ld MiB\n", watch.Wall(), watch.Cpu(),
              Usage().ru_maxrss / 1024);
  return absl::OkStatus();
}

absl::Status RunLive(const Settings& settings) {
  const Watch opening;
  const auto index =
      HammingIndex::Create({.engine = "mih", .folder = settings.path, .owner = "segment_bench"});
  if (!index.ok()) return index.status();
  std::printf("opened in %.3f s, %.3f s of processor: %.0f codes\n", opening.Wall(), opening.Cpu(),
              static_cast<double>((*index)->Stats().codes));
  if (absl::Status status = Fill(settings, **index); !status.ok()) return status;
  double hot_bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(settings.path)) {
    if (entry.path().extension() != ".codes") continue;
    const auto segment = SegmentFile::Open(entry.path().string());
    if (!segment.ok()) return segment.status();
    const SegmentInfo& info = (*segment)->info();
    hot_bytes += static_cast<double>(info.hot_bytes);
    std::printf("  %.0f codes in %d bands: %.2f bytes a code hot\n",
                static_cast<double>(info.codes), info.bands,
                static_cast<double>(info.hot_bytes) / static_cast<double>(info.codes));
  }
  const kith::index::HammingIndexStats stats = (*index)->Stats();
  std::printf("%zu segments, %.2f bytes a code hot\n", stats.segments,
              hot_bytes / static_cast<double>(stats.codes));
  return Ask(settings, [&](const Code& query) { return (*index)->Search({&query, 1}); });
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Builds, opens and searches a segment file of random codes, radius 31");
  app.add_option("--path", settings.path, "the segment file; made if it is not there")->required();
  app.add_option("--count", settings.count, "codes; that of the file, if it is there");
  app.add_option("--seed", settings.seed, "of codes and queries");
  app.add_option("--memory-mib", settings.memory_mib, "that the build may hold");
  app.add_option("--queries", settings.queries, "a round, one a call; there are three rounds");
  app.add_flag("--compact", settings.compact, "64 hot bytes a code at any size");
  app.add_flag("--live", settings.live,
               "a whole index in a folder, which --path names: opened, filled, merged and asked; a "
               "second run tells how long it takes to open what is there");
  app.add_flag("--resident", settings.resident, "read it into huge pages instead of mapping it");
  CLI11_PARSE(app, argc, argv);
  if (const absl::Status status = settings.live ? RunLive(settings) : Run(settings); !status.ok()) {
    std::fprintf(stderr, "segment_bench: %s\n", std::string(status.message()).c_str());
    return 2;
  }
  return 0;
}
