// SPDX-License-Identifier: Apache-2.0
//
// Look-ups and additions a second of the digest index, for each kind of digest, in memory and in
// files.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
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

}  // namespace
}  // namespace kith::bench
