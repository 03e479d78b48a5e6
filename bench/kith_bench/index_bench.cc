// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/index_bench.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <iterator>
#include <limits>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace kith::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kCheckedQueries = 200;
constexpr std::size_t kFlippedBits = 31;  // at most
constexpr std::size_t kCopiedCodes = 100;
// The least that the index takes: few codes too stand in a segment of the engine that is named,
// not in the head, which is scanned whatever the engine.
constexpr std::size_t kHeadCodes = 8;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Processor time of all threads of this process.
double CpuSeconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

std::vector<index::Code> RandomCodes(std::size_t count, std::mt19937_64& random) {
  std::vector<index::Code> codes(count);
  for (index::Code& code : codes) {
    for (std::size_t at = 0; at < code.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t word = random();
      std::memcpy(code.data() + at, &word, sizeof(word));
    }
  }
  return codes;
}

index::Code Flip(index::Code code, std::size_t bits, std::mt19937_64& random) {
  std::set<std::size_t> places;
  while (places.size() < bits) places.insert(random() % index::kCodeBits);
  for (const std::size_t place : places) {
    code[place / 8] = static_cast<std::uint8_t>(code[place / 8] ^ (1u << place % 8));
  }
  return code;
}

std::vector<index::Label> LabelsOf(std::size_t count) {
  std::vector<index::Label> labels(count);
  for (std::size_t row = 0; row < count; ++row) labels[row].entry = row;
  return labels;
}

index::SearchOptions SearchOptionsOf(const IndexBenchOptions& options) {
  return {.radius_bits = options.radius_bits, .limit = std::numeric_limits<std::size_t>::max()};
}

}  // namespace

IndexBench::IndexBench(const IndexBenchOptions& options) : options_(options) {
  std::mt19937_64 random(options.seed);
  codes_ = RandomCodes(options.count, random);
  // The first codes are those that are copied, then come the copies, then the rest.
  const auto copies =
      static_cast<std::size_t>(options.duplicates * static_cast<double>(options.count));
  const std::size_t copied = copies == 0 ? 0 : std::min(kCopiedCodes, codes_.size() - copies);
  for (std::size_t copy = 0; copy < copies; ++copy) codes_[copied + copy] = codes_[copy % copied];
  const std::size_t first_single = copied + copies == codes_.size() ? 0 : copied + copies;
  for (std::size_t i = 0; i < options.queries; ++i) {
    const std::size_t row = first_single + random() % (codes_.size() - first_single);
    queries_.push_back(Flip(codes_[row], random() % (kFlippedBits + 1), random));
  }
  truth_.resize(std::min(kCheckedQueries, queries_.size()));
  for (std::size_t i = 0; i < truth_.size(); ++i) {
    for (std::size_t row = 0; row < codes_.size(); ++row) {
      const int distance = index::HammingDistance(queries_[i], codes_[row]);
      if (distance > options.radius_bits) continue;
      truth_[i].push_back({.distance_bits = static_cast<std::uint16_t>(distance),
                           .label = {.entry = row, .view = 0}});
    }
    std::sort(truth_[i].begin(), truth_[i].end());
  }
}

BenchEngine BenchEngineOf(const std::string& name, const IndexBenchOptions& options) {
  if (name == "mih") return {.engine = "mih", .batch = 1};
  if (name != "mih-batch") return {.engine = name, .batch = options.batch};
  const std::size_t share = (options.queries + options.threads - 1) / options.threads;
  return {.engine = "mih", .batch = share};
}

absl::Status IndexBench::Check(const std::string& name, const IndexBenchOptions& options) {
  const auto index = index::HammingIndex::Create({.engine = BenchEngineOf(name, options).engine});
  if (!index.ok()) return index.status();
  return (*index)->Search({}, {.radius_bits = options.radius_bits}).status();
}

absl::StatusOr<IndexBenchResult> IndexBench::Run(const std::string& name) const {
  const auto& [engine, batch] = BenchEngineOf(name, options_);
  const auto index = index::HammingIndex::Create({.engine = engine, .head_codes = kHeadCodes});
  if (!index.ok()) return index.status();
  IndexBenchResult result{.engine = name, .simd = (*index)->Stats().simd, .batch = batch};
  {
    const std::vector<index::Label> labels = LabelsOf(codes_.size());
    const Clock::time_point start = Clock::now();
    if (absl::Status status = (*index)->Add(codes_, labels); !status.ok()) return status;
    result.build_seconds = SecondsSince(start);
    result.bytes_per_hash =
        static_cast<double>((*index)->Stats().bytes) / static_cast<double>(codes_.size());
  }
  // Before the clock runs, so that it also touches all memory once.
  if (absl::Status status = Compare(**index, result); !status.ok()) return status;
  if (absl::Status status = Measure(**index, result); !status.ok()) return status;
  return result;
}

absl::Status IndexBench::Compare(const index::HammingIndex& index, IndexBenchResult& result) const {
  const auto answers =
      index.Search(std::span(queries_).first(truth_.size()), SearchOptionsOf(options_));
  if (!answers.ok()) return answers.status();
  std::uint64_t wanted = 0;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < truth_.size(); ++i) {
    std::vector<index::Hit> both;
    std::set_intersection(truth_[i].begin(), truth_[i].end(), (*answers)[i].hits.begin(),
                          (*answers)[i].hits.end(), std::back_inserter(both));
    wanted += truth_[i].size();
    found += both.size();
    result.wrong_hits += (*answers)[i].hits.size() - both.size();
  }
  result.checked = truth_.size();
  // A radius of 0 may have no neighbour to miss.
  result.recall = wanted == 0 ? 1.0 : static_cast<double>(found) / static_cast<double>(wanted);
  return absl::OkStatus();
}

// Each thread takes the next batch until none is left.
absl::Status IndexBench::Measure(const index::HammingIndex& index, IndexBenchResult& result) const {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  absl::Status worst;
  const auto work = [&] {
    for (;;) {
      const std::size_t first = next.fetch_add(result.batch);
      if (first >= queries_.size()) return;
      const std::size_t count = std::min(result.batch, queries_.size() - first);
      const auto answers =
          index.Search(std::span(queries_).subspan(first, count), SearchOptionsOf(options_));
      if (answers.ok()) continue;
      const std::lock_guard lock(mutex);
      worst = answers.status();
      return;
    }
  };
  const Clock::time_point start = Clock::now();
  const double cpu_before = CpuSeconds();
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < options_.threads; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  const auto queries = static_cast<double>(queries_.size());
  result.qps = queries / SecondsSince(start);
  result.qps_per_core = queries / (CpuSeconds() - cpu_before);
  return worst;
}

}  // namespace kith::bench
