// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/kith_bench/code_source.h"
#include "bench/kith_bench/index_subject.h"
#include "index/hamming_index.h"

namespace kith::bench {

struct IndexBenchOptions {
  std::string from = {};        // file of codes; empty: random ones
  std::size_t count = 1000000;  // codes stored; of a file at most so many, 0: all
  std::size_t queries = 1000;
  std::size_t batch = 256;  // queries a call
  // Each engine is built once for each number of bands and then measured for each radius with each
  // number of threads.
  std::vector<std::size_t> threads = {1};
  // Of engine mih, 0: its own choice. Other engines are measured once, with the first of them.
  std::vector<int> bands = {0};
  std::vector<int> radii_bits = {index::kDefaultRadiusBits};
  std::string dir = {};  // where mih-file and mih-file-resident put their files
  std::size_t memory_bytes = std::size_t{2} << 30;  // that building such a file may take
  index::SegmentProgress progress = {};             // told by the thread that runs
  double duplicates = 0;  // share of the random codes that are copies of a hundred of them
  std::uint64_t seed = 1;
};

struct IndexBenchResult {
  std::string engine;
  std::string simd;
  std::size_t count = 0;
  int radius_bits = 0;
  std::size_t threads = 0;
  int bands = 0;          // 0: those that the engine chose, or none
  std::size_t batch = 0;  // queries a call
  double build_seconds = 0;
  double qps = 0;             // by the clock on the wall
  double qps_per_core = 0;    // by the processor time of all threads: what a core does undisturbed
  double bytes_per_hash = 0;  // as the index counts them itself
  std::uint64_t resident_bytes = 0;      // by how much the process grew, from before the build
  std::uint64_t peak_bytes = 0;          // the most that the process held, building and asking
  std::uint64_t build_minor_faults = 0;  // page faults while building
  std::uint64_t build_major_faults = 0;
  std::uint64_t minor_faults = 0;  // page faults while the queries were answered
  std::uint64_t major_faults = 0;
  // Of an index in a file: what a search without a hit may touch, and what it took to open it, with
  // a check of every byte and without.
  double hot_bytes_per_hash = 0;
  double first_open_seconds = 0;
  double open_seconds = 0;
  double recall = 0;             // of the true neighbours of the checked queries, those found
  std::uint64_t checked = 0;     // queries checked against the plain scan
  std::uint64_t wrong_hits = 0;  // hits of them that are no neighbours: 0 for every engine
  bool is_exact = true;          // what the engine promises
  [[nodiscard]] bool KeepsItsPromise() const {
    return !is_exact || (recall == 1.0 && wrong_hits == 0);
  }
};

// Sets recall, wrong hits and the number of checked queries. `truth` holds the neighbours of each
// query in their order, perhaps beyond the radius of the result too; `answers` are its engine's.
void CompareWithTruth(std::span<const std::vector<index::Hit>> truth,
                      std::span<const index::SearchResult> answers, IndexBenchResult& result);

// The engines of the index by their names, and two ways to ask one of them: "mih" asks one query a
// call, "mih-batch" gives each thread its whole share of the queries in one. "mih-file" is a
// segment in a file (index/segment.h), mapped, and "mih-file-resident" one that is read into
// memory. "faiss-hnsw" is a peer and no engine of the index (hnsw_peer.h).
struct BenchEngine {
  std::string engine;
  std::size_t batch;  // queries a call
};
[[nodiscard]] BenchEngine BenchEngineOf(const std::string& name, const IndexBenchOptions& options,
                                        std::size_t threads);

// Codes, queries that are stored codes (none that has copies) with 0..31 bits flipped, and the true
// neighbours of the first of them: the same for all engines of a run.
class IndexBench {
 public:
  // Errors: those of CodeSource::FromFile.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<IndexBench>> Make(
      const IndexBenchOptions& options);

  // Errors: those of the index: unknown engine, radius beyond the engine, KITH_SIMD.
  [[nodiscard]] static absl::Status Check(const std::string& name,
                                          const IndexBenchOptions& options);
  // ResourceExhausted if the machine has not what the engine would take for so many codes, with
  // what to do instead.
  [[nodiscard]] static absl::Status CheckRoom(const std::string& name, std::size_t count,
                                              const IndexBenchOptions& options);
  // One result for each number of bands, radius and number of threads.
  [[nodiscard]] absl::StatusOr<std::vector<IndexBenchResult>> Run(const std::string& name) const;
  [[nodiscard]] std::size_t count() const { return source_.size(); }

 private:
  IndexBench(const IndexBenchOptions& options, CodeSource source);
  void FindTruth();
  [[nodiscard]] absl::Status Fill(IndexSubject& subject, IndexBenchResult& result) const;
  [[nodiscard]] absl::StatusOr<std::unique_ptr<IndexSubject>> Build(const std::string& name,
                                                                    int bands,
                                                                    IndexBenchResult& result) const;
  [[nodiscard]] absl::Status RunBuilt(const std::string& name, int bands,
                                      std::vector<IndexBenchResult>& results) const;
  [[nodiscard]] absl::Status Measure(const IndexSubject& subject, IndexBenchResult& result) const;
  [[nodiscard]] absl::StatusOr<std::vector<index::SearchResult>> Checked(
      const IndexSubject& subject, const IndexBenchResult& result) const;

  IndexBenchOptions options_;
  CodeSource source_;
  std::vector<index::Code> queries_;
  std::vector<std::vector<index::Hit>> truth_;  // within the widest radius
};

}  // namespace kith::bench
