// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"

namespace kith::bench {

struct IndexBenchOptions {
  std::size_t count = 1000000;  // codes stored
  std::size_t queries = 1000;
  std::size_t batch = 256;  // queries a call
  std::size_t threads = 1;
  int radius_bits = index::kDefaultRadiusBits;
  double duplicates = 0;  // share of the codes that are copies of a hundred of them
  std::uint64_t seed = 1;
};

struct IndexBenchResult {
  std::string engine;
  std::string simd;
  std::size_t batch = 0;  // queries a call
  double build_seconds = 0;
  double qps = 0;           // by the clock on the wall
  double qps_per_core = 0;  // by the processor time of all threads: what a core does undisturbed
  double bytes_per_hash = 0;
  double recall = 0;             // of the true neighbours of the checked queries, those found
  std::uint64_t checked = 0;     // queries checked against the plain scan
  std::uint64_t wrong_hits = 0;  // hits of them that are no neighbours: 0 for every engine
};

// The engines of the index by their names, and two ways to ask one of them: "mih" asks one query a
// call, "mih-batch" gives each thread its whole share of the queries in one.
struct BenchEngine {
  std::string engine;
  std::size_t batch;
};
[[nodiscard]] BenchEngine BenchEngineOf(const std::string& name, const IndexBenchOptions& options);

// Random codes, queries that are stored codes (none that has copies) with 0..31 bits flipped, and
// the true neighbours of the first of them: the same for all engines of a run.
class IndexBench {
 public:
  explicit IndexBench(const IndexBenchOptions& options);

  // Errors: those of the index: unknown engine, radius beyond the engine, KITH_SIMD.
  [[nodiscard]] static absl::Status Check(const std::string& name,
                                          const IndexBenchOptions& options);
  [[nodiscard]] absl::StatusOr<IndexBenchResult> Run(const std::string& name) const;

 private:
  [[nodiscard]] absl::Status Measure(const index::HammingIndex& index,
                                     IndexBenchResult& result) const;
  [[nodiscard]] absl::Status Compare(const index::HammingIndex& index,
                                     IndexBenchResult& result) const;

  IndexBenchOptions options_;
  std::vector<index::Code> codes_;
  std::vector<index::Code> queries_;
  std::vector<std::vector<index::Hit>> truth_;
};

}  // namespace kith::bench
