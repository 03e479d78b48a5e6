// SPDX-License-Identifier: Apache-2.0
//
// Look-ups and additions a second of the digest index, for each kind of digest, in memory and in
// files. With --digests one index in files of so many, at sizes that a Google Benchmark cannot
// repeat.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/watch.h"
#include "index/digest_index.h"

namespace kith::bench {
namespace {

using index::DigestIndex;
using index::DigestKind;

constexpr std::uint64_t kSeed = 20260101;
constexpr std::size_t kFinds = 4096;
// Different look-ups, so that what they touch does not stay in the cache.
constexpr std::size_t kWanted = std::size_t{1} << 20;
constexpr std::size_t kAddedAtOnce = std::size_t{1} << 18;

// The digest of an entry: the same wherever it is asked for, so that many need not be held.
void PutDigest(std::uint64_t entry, std::span<char> digest) {
  std::uint64_t at = kSeed + entry * 4;
  for (std::size_t done = 0; done < digest.size(); done += sizeof(at)) {
    std::uint64_t z = ++at * 0x9E3779B97F4A7C15ULL;  // splitmix64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    std::memcpy(digest.data() + done, &z, std::min(sizeof(z), digest.size() - done));
  }
}

struct Digests {
  std::string bytes;
  std::vector<std::string_view> views;

  Digests(DigestKind kind, std::span<const std::uint64_t> entries) {
    const std::size_t width = index::DigestBytes(kind);
    bytes.resize(width * entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      PutDigest(entries[i], std::span(bytes).subspan(i * width, width));
      views.push_back(std::string_view(bytes).substr(i * width, width));
    }
  }
};

absl::Status Fill(DigestIndex& index, DigestKind kind, std::size_t count) {
  for (std::size_t first = 0; first < count; first += kAddedAtOnce) {
    std::vector<std::uint64_t> entries(std::min(kAddedAtOnce, count - first));
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = first + i;
    const Digests digests(kind, entries);
    if (absl::Status status = index.Add(kind, digests.views, entries); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// With everything in files, and merged.
absl::Status FillFiles(DigestIndex& index, DigestKind kind, std::size_t count) {
  const absl::Status status = Fill(index, kind, count);
  return status.ok() ? index.Flush() : status;
}

double BytesEach(const DigestIndex& index, std::size_t count) {
  const index::DigestIndexStats stats = index.Stats();
  return static_cast<double>(stats.bytes + stats.file_bytes) / static_cast<double>(count);
}

// An index in files in a folder of its own, gone with it.
class Stored {
 public:
  Stored() {
    std::string name = std::filesystem::temp_directory_path().string() + "/kith_digests_XXXXXX";
    options_.folder = ::mkdtemp(name.data());
    options_.confirm = [](DigestKind kind, std::span<const std::string_view> digests,
                          std::span<const std::uint64_t> entries) {
      const Digests right(kind, entries);
      std::vector<bool> confirmed(digests.size());
      for (std::size_t i = 0; i < digests.size(); ++i) confirmed[i] = digests[i] == right.views[i];
      return confirmed;
    };
    auto opened = DigestIndex::Open(options_);
    if (opened.ok()) index_ = *std::move(opened);
  }
  ~Stored() {
    index_.reset();
    std::error_code error;
    std::filesystem::remove_all(options_.folder, error);
  }
  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;

  [[nodiscard]] DigestIndex* index() const { return index_.get(); }

 private:
  index::DigestIndexOptions options_;
  std::unique_ptr<DigestIndex> index_;
};

void MeasureFind(benchmark::State& state, const DigestIndex& index, DigestKind kind,
                 std::size_t count, bool hits) {
  std::mt19937_64 random(kSeed + 1);
  std::vector<std::uint64_t> entries(kWanted);
  // Those from `count` on are not there.
  for (std::uint64_t& entry : entries) entry = hits ? random() % (2 * count) : count + random();
  const Digests wanted(kind, entries);
  std::size_t first = 0;
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(index.Find(kind, std::span(wanted.views).subspan(first, kFinds)));
    first = (first + kFinds) % kWanted;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFinds));
  state.counters["bytes_per_digest"] = BytesEach(index, count);
  state.counters["runs"] = static_cast<double>(index.Stats().runs);
}

void BM_DigestAdd(benchmark::State& state) {
  const auto kind = static_cast<DigestKind>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  while (state.KeepRunning()) {
    const auto index = DigestIndex::Create();
    if (!Fill(*index, kind, count).ok()) state.SkipWithError("not added");
    state.counters["bytes_per_digest"] = BytesEach(*index, count);
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void BM_StoredAdd(benchmark::State& state) {
  const auto kind = static_cast<DigestKind>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  while (state.KeepRunning()) {
    const Stored stored;
    if (stored.index() == nullptr || !FillFiles(*stored.index(), kind, count).ok()) {
      state.SkipWithError("not added");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

// Half of the digests asked for are there.
void BM_DigestFind(benchmark::State& state) {
  const auto kind = static_cast<DigestKind>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const auto index = DigestIndex::Create();
  if (!Fill(*index, kind, count).ok()) state.SkipWithError("not added");
  MeasureFind(state, *index, kind, count, true);
}

// Built once for all lines of a kind and count; the last one only is kept.
void FindStored(benchmark::State& state, bool hits) {
  static std::pair<std::pair<std::int64_t, std::int64_t>, std::unique_ptr<Stored>> last;
  const auto kind = static_cast<DigestKind>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const std::pair key = {state.range(0), state.range(1)};
  if (last.second == nullptr || last.first != key) {
    last.second.reset();
    last = {key, std::make_unique<Stored>()};
    DigestIndex* const index = last.second->index();
    if (index == nullptr || !FillFiles(*index, kind, count).ok()) {
      state.SkipWithError("not added");
      return;
    }
  }
  MeasureFind(state, *last.second->index(), kind, count, hits);
}
void BM_StoredFind(benchmark::State& state) { FindStored(state, true); }
void BM_StoredMiss(benchmark::State& state) { FindStored(state, false); }

// 0 MD5, 1 SHA-1, 2 SHA-256.
BENCHMARK(BM_DigestAdd)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {1000000}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_DigestFind)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {10000, 1000000}})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_StoredAdd)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {1000000, 10000000}})
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_StoredFind)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {1000000, 10000000}})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_StoredMiss)
    ->ArgNames({"kind", "digests"})
    ->ArgsProduct({{0, 1, 2}, {1000000, 10000000}})
    ->Unit(benchmark::kMicrosecond);

// Half of a million different digests are there; how many were found is held against that.
absl::Status FindRounds(const DigestIndex& index, DigestKind kind, std::size_t count) {
  std::mt19937_64 random(kSeed + 1);
  std::vector<std::uint64_t> entries(kWanted);
  for (std::uint64_t& entry : entries) entry = random() % (2 * count);
  const auto there = std::count_if(entries.begin(), entries.end(),
                                   [count](std::uint64_t entry) { return entry < count; });
  const Digests wanted(kind, entries);
  for (int round = 1; round <= 3; ++round) {
    const Watch watch;
    std::ptrdiff_t found = 0;
    for (std::size_t first = 0; first < kWanted; first += kFinds) {
      const auto some = index.Find(kind, std::span(wanted.views).subspan(first, kFinds));
      if (!some.ok()) return some.status();
      for (std::size_t i = 0; i < some->size(); ++i) {
        const std::vector<std::uint64_t>& hits = (*some)[i];
        if (hits.size() == 1 && hits.front() == entries[first + i]) ++found;
      }
    }
    const auto asked = static_cast<double>(kWanted);
    std::printf("round %d: %.2e look-ups a second, %.2e a second of processor; found %td of %td\n",
                round, asked / watch.Wall(), asked / watch.Cpu(), found, there);
    std::fflush(stdout);
    if (found != there) return absl::InternalError("digests that are there were not found");
  }
  return absl::OkStatus();
}

absl::Status RunLarge(DigestKind kind, std::size_t count) {
  const Stored stored;
  if (stored.index() == nullptr) return absl::UnavailableError("no index in the folder of TMPDIR");
  DigestIndex& index = *stored.index();
  const auto digests = static_cast<double>(count);
  const Watch watch;
  if (absl::Status status = Fill(index, kind, count); !status.ok()) return status;
  std::printf("added %.0f in %.1f s, %.1f s of processor: %.0f a second\n", digests, watch.Wall(),
              watch.Cpu(), digests / watch.Wall());
  std::fflush(stdout);
  if (absl::Status status = index.Flush(); !status.ok()) return status;
  const index::DigestIndexStats stats = index.Stats();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("merged in %.1f s, %.1f s of processor: %.0f a second; peak %ld MiB\n", watch.Wall(),
              watch.Cpu(), digests / watch.Wall(), usage.ru_maxrss / 1024);
  std::printf("%zu runs; bytes a digest: %.2f of file, %.3f of memory\n", stats.runs,
              static_cast<double>(stats.file_bytes) / digests,
              static_cast<double>(stats.bytes) / digests);
  std::fflush(stdout);
  return FindRounds(index, kind, count);
}

int Main(int argc, char** argv) {
  std::size_t digests = 0;
  int kind = 0;
  CLI::App app("The digest index: additions and look-ups. Other options are Google Benchmark's");
  app.allow_extras();
  CLI::Option* const large =
      app.add_option(
             "--digests", digests,
             "no Google Benchmark: an index in files of so many, in TMPDIR, gone afterwards")
          ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 32));
  app.add_option("--kind", kind, "of them: 0 MD5, 1 SHA-1, 2 SHA-256")
      ->check(CLI::Range(0, 2))
      ->needs(large);
  CLI11_PARSE(app, argc, argv);
  if (digests == 0) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  }
  const absl::Status status = RunLarge(static_cast<DigestKind>(kind), digests);
  if (status.ok()) return 0;
  std::fprintf(stderr, "digest_index_bench: %s\n", std::string(status.message()).c_str());
  return 2;
}

}  // namespace
}  // namespace kith::bench

int main(int argc, char** argv) { return kith::bench::Main(argc, argv); }
