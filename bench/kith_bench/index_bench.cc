// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/index_bench.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <random>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "bench/kith_bench/fits.h"
#include "bench/kith_bench/index_subject.h"
#include "bench/kith_bench/resources.h"

namespace kith::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kCheckedQueries = 200;
constexpr std::size_t kFlippedBits = 31;  // at most
// Codes given to a file at once.
constexpr std::size_t kAddedCodes = std::size_t{1} << 20;
// Codes held at once while the true neighbours are looked for.
constexpr std::size_t kTruthCodes = 1U << 16;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

index::Code Flip(index::Code code, std::size_t bits, std::mt19937_64& random) {
  std::set<std::size_t> places;
  while (places.size() < bits) places.insert(random() % index::kCodeBits);
  for (const std::size_t place : places) {
    code[place / 8] = static_cast<std::uint8_t>(code[place / 8] ^ (1u << place % 8));
  }
  return code;
}

// Keeps the neighbours of a query among some codes, the first of which has the number `first`.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("default", "popcnt")))
#endif
void KeepNeighbours(const index::Code& query, std::span<const index::Code> codes, std::size_t first,
                    int radius_bits, std::vector<index::Hit>& neighbours) {
  std::uint64_t wanted[4];
  std::memcpy(wanted, query.data(), sizeof(wanted));
  for (std::size_t row = 0; row < codes.size(); ++row) {
    std::uint64_t words[4];
    std::memcpy(words, codes[row].data(), sizeof(words));
    int distance = 0;
    for (int word = 0; word < 4; ++word) distance += std::popcount(words[word] ^ wanted[word]);
    if (distance > radius_bits) continue;
    neighbours.push_back({.distance_bits = static_cast<std::uint16_t>(distance),
                          .label = {.entry = first + row, .view = 0}});
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<IndexBench>> IndexBench::Make(const IndexBenchOptions& options) {
  if (options.from.empty()) {
    return std::unique_ptr<IndexBench>(new IndexBench(
        options, CodeSource::Random(options.count, options.duplicates, options.seed)));
  }
  auto source = CodeSource::FromFile(options.from, options.count);
  if (!source.ok()) return source.status();
  return std::unique_ptr<IndexBench>(new IndexBench(options, *std::move(source)));
}

IndexBench::IndexBench(const IndexBenchOptions& options, CodeSource source)
    : options_(options), source_(std::move(source)) {
  std::mt19937_64 random(options.seed);
  const std::size_t first = source_.FirstSingle() == count() ? 0 : source_.FirstSingle();
  for (std::size_t i = 0; i < options.queries; ++i) {
    const std::size_t row = first + random() % (count() - first);
    queries_.push_back(Flip(source_.At(row), random() % (kFlippedBits + 1), random));
  }
  FindTruth();
}

void IndexBench::FindTruth() {
  const int radius_bits = *std::max_element(options_.radii_bits.begin(), options_.radii_bits.end());
  truth_.resize(std::min(kCheckedQueries, queries_.size()));
  std::vector<index::Code> codes;
  for (std::size_t first = 0; first < count(); first += kTruthCodes) {
    if (options_.progress) options_.progress("look for the true neighbours", first, count());
    codes.resize(std::min(kTruthCodes, count() - first));
    source_.Fill(first, codes);
    for (std::size_t i = 0; i < truth_.size(); ++i) {
      KeepNeighbours(queries_[i], codes, first, radius_bits, truth_[i]);
    }
  }
  for (std::vector<index::Hit>& neighbours : truth_) {
    std::sort(neighbours.begin(), neighbours.end());
  }
}

BenchEngine BenchEngineOf(const std::string& name, const IndexBenchOptions& options,
                          std::size_t threads) {
  if (name == "mih" || name == kHnswEngine) return {.engine = name, .batch = 1};
  if (name != "mih-batch") return {.engine = name, .batch = options.batch};
  return {.engine = "mih", .batch = (options.queries + threads - 1) / threads};
}

absl::Status IndexBench::Check(const std::string& name, const IndexBenchOptions& options) {
  if (name == kHnswEngine) return absl::OkStatus();
  if (IsInFile(name)) {
    std::error_code error;
    if (!std::filesystem::is_directory(options.dir, error)) {
      return absl::InvalidArgumentError(name + " needs a folder for its file, and " + options.dir +
                                        " is none: give one that is there with --dir");
    }
    for (const int bands : options.bands) {
      if (bands == 0) continue;
      const auto made = IndexSubject::Make({.engine = name,
                                            .bands = bands,
                                            .dir = options.dir,
                                            .memory_bytes = options.memory_bytes});
      if (!made.ok()) return made.status();
    }
    return absl::OkStatus();
  }
  const std::string engine = BenchEngineOf(name, options, 1).engine;
  for (const int bands : options.bands) {
    const auto made =
        index::HammingIndex::Create({.engine = engine, .bands = engine == "mih" ? bands : 0});
    if (!made.ok()) return made.status();
  }
  const auto index = index::HammingIndex::Create({.engine = engine});
  if (!index.ok()) return index.status();
  for (const int radius_bits : options.radii_bits) {
    const auto answer = (*index)->Search({}, {.radius_bits = radius_bits});
    if (!answer.ok()) return answer.status();
  }
  return absl::OkStatus();
}

absl::Status IndexBench::CheckRoom(const std::string& name, std::size_t count,
                                   const IndexBenchOptions& options) {
  return bench::CheckRoom(name, count, NeedOf(name, count, options.memory_bytes),
                          Room::Now(options.dir), options.dir);
}

absl::StatusOr<std::unique_ptr<IndexSubject>> IndexBench::Build(const std::string& name, int bands,
                                                                IndexBenchResult& result) const {
  auto subject = IndexSubject::Make({.engine = BenchEngineOf(name, options_, 1).engine,
                                     .bands = bands,
                                     .dir = options_.dir,
                                     .memory_bytes = options_.memory_bytes,
                                     .progress = options_.progress});
  if (!subject.ok()) return subject.status();
  result.engine = name;
  result.simd = (*subject)->simd();
  result.count = count();
  result.bands = bands;
  result.is_exact = (*subject)->is_exact();
  if (absl::Status status = Fill(**subject, result); !status.ok()) return status;
  result.bytes_per_hash = static_cast<double>((*subject)->Bytes()) / static_cast<double>(count());
  result.hot_bytes_per_hash =
      static_cast<double>((*subject)->HotBytes()) / static_cast<double>(count());
  return subject;
}

// Builds, and of a file opens it twice: every byte of it is checked the first time.
absl::Status IndexBench::Fill(IndexSubject& subject, IndexBenchResult& result) const {
  std::vector<index::Code> codes;
  const std::size_t at_once = subject.TakesPieces() ? kAddedCodes : count();
  const Resources before = Resources::Now();
  // Making the codes is no part of the build.
  double seconds = 0;
  for (std::size_t first = 0; first < count(); first += at_once) {
    if (options_.progress) options_.progress("hand over the codes", first, count());
    codes.resize(std::min(at_once, count() - first));
    source_.Fill(first, codes);
    const Clock::time_point start = Clock::now();
    if (absl::Status status = subject.Add(codes, first); !status.ok()) return status;
    seconds += SecondsSince(start);
  }
  codes = {};
  Clock::time_point start = Clock::now();
  if (absl::Status status = subject.Finish(); !status.ok()) return status;
  result.build_seconds = seconds + SecondsSince(start);
  const Resources after = Resources::Now();
  result.build_minor_faults = after.minor_faults - before.minor_faults;
  result.build_major_faults = after.major_faults - before.major_faults;
  if (!subject.is_in_file()) return absl::OkStatus();
  for (double* const took : {&result.first_open_seconds, &result.open_seconds}) {
    start = Clock::now();
    if (absl::Status status = subject.Open(); !status.ok()) return status;
    *took = SecondsSince(start);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<IndexBenchResult>> IndexBench::Run(const std::string& name) const {
  std::vector<IndexBenchResult> results;
  const bool has_bands = name.starts_with("mih");
  for (const int bands : options_.bands) {
    if (absl::Status status = RunBuilt(name, has_bands ? bands : 0, results); !status.ok()) {
      return status;
    }
    if (!has_bands) break;
  }
  return results;
}

absl::Status IndexBench::RunBuilt(const std::string& name, int bands,
                                  std::vector<IndexBenchResult>& results) const {
  Resources::ForgetPeak();
  const std::uint64_t resident_before = Resources::Now().resident_bytes;
  IndexBenchResult built;
  const auto subject = Build(name, bands, built);
  if (!subject.ok()) return subject.status();
  for (const int radius_bits : options_.radii_bits) {
    for (const std::size_t threads : options_.threads) {
      IndexBenchResult result = built;
      result.radius_bits = radius_bits;
      result.threads = threads;
      result.batch = BenchEngineOf(name, options_, threads).batch;
      // Before the clock runs, so that it also touches all memory once.
      const auto answers = Checked(**subject, result);
      if (!answers.ok()) return answers.status();
      CompareWithTruth(truth_, *answers, result);
      if (absl::Status status = Measure(**subject, result); !status.ok()) return status;
      const Resources now = Resources::Now();
      result.resident_bytes = now.resident_bytes - std::min(now.resident_bytes, resident_before);
      result.peak_bytes = now.peak_bytes;
      results.push_back(std::move(result));
    }
  }
  return absl::OkStatus();
}

// In calls as large as those that are measured, as a large one is answered in another way.
absl::StatusOr<std::vector<index::SearchResult>> IndexBench::Checked(
    const IndexSubject& subject, const IndexBenchResult& result) const {
  std::vector<index::SearchResult> checked;
  for (std::size_t first = 0; first < truth_.size(); first += result.batch) {
    const auto some =
        std::span(queries_).subspan(first, std::min(result.batch, queries_.size() - first));
    auto answers = subject.Search(some, result.radius_bits);
    if (!answers.ok()) return answers.status();
    std::move(answers->begin(), answers->end(), std::back_inserter(checked));
  }
  return checked;
}

void CompareWithTruth(std::span<const std::vector<index::Hit>> truth,
                      std::span<const index::SearchResult> answers, IndexBenchResult& result) {
  std::uint64_t wanted = 0;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    // Ordered by distance: those within this radius come first.
    const auto end = std::find_if(truth[i].begin(), truth[i].end(), [&](const index::Hit& hit) {
      return hit.distance_bits > result.radius_bits;
    });
    std::vector<index::Hit> both;
    std::set_intersection(truth[i].begin(), end, answers[i].hits.begin(), answers[i].hits.end(),
                          std::back_inserter(both));
    found += both.size();
    result.wrong_hits += answers[i].hits.size() - both.size();
    const auto all = static_cast<std::uint64_t>(end - truth[i].begin());
    wanted += all;
    if (result.is_exact && answers[i].total != all) ++result.wrong_hits;
  }
  result.checked = truth.size();
  // A radius of 0 may have no neighbour to miss.
  result.recall = wanted == 0 ? 1.0 : static_cast<double>(found) / static_cast<double>(wanted);
}

// Each thread takes the next batch until none is left.
absl::Status IndexBench::Measure(const IndexSubject& subject, IndexBenchResult& result) const {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  absl::Status worst;
  const auto work = [&] {
    for (;;) {
      const std::size_t first = next.fetch_add(result.batch);
      if (first >= queries_.size()) return;
      const std::size_t count = std::min(result.batch, queries_.size() - first);
      const auto answers =
          subject.Search(std::span(queries_).subspan(first, count), result.radius_bits);
      if (answers.ok()) continue;
      const std::lock_guard lock(mutex);
      worst = answers.status();
      return;
    }
  };
  const Resources before = Resources::Now();
  const double cpu_before = CpuSeconds();
  const Clock::time_point start = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < result.threads; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  const double seconds = SecondsSince(start);
  const double cpu_seconds = CpuSeconds() - cpu_before;
  const Resources after = Resources::Now();
  const auto queries = static_cast<double>(queries_.size());
  result.qps = queries / seconds;
  result.qps_per_core = queries / cpu_seconds;
  result.minor_faults = after.minor_faults - before.minor_faults;
  result.major_faults = after.major_faults - before.major_faults;
  return worst;
}

}  // namespace kith::bench
