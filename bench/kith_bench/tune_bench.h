// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "index/segment.h"

namespace kith::bench {

struct TuneOptions {
  std::size_t count = 1000000;  // codes that the index is to hold
  std::size_t queries = 4000;   // of a measurement; fewer where an engine is slow
  std::size_t threads = 1;      // at most
  std::uint64_t seed = 1;
  std::string dir = {};                  // where mih puts its file
  index::SegmentProgress progress = {};  // told by the thread that runs
};

// One thing that was varied: how many queries a second there were.
struct TunePoint {
  std::size_t value = 0;
  double scan_qps = 0;  // only where engines are compared
  double qps = 0;       // of mih, or of the engine that was chosen
};

struct TuneResult {
  std::vector<TunePoint> by_count;    // a core, a query a call
  std::vector<TunePoint> by_batch;    // a core, of mih
  std::vector<TunePoint> by_threads;  // by the clock on the wall, of the engine that was chosen
  std::size_t crossover = 0;          // codes from which on mih is faster; 0: nowhere measured
  std::string engine;                 // for `count` codes
  std::size_t threads = 1;            // the fewest that are nearly as fast as any
  std::size_t batch = 1;              // the smallest that is nearly as fast a query as any
};

// What follows from the measurements: for tests apart from them. `count` as in TuneOptions.
void Choose(std::size_t count, TuneResult& result);
[[nodiscard]] std::size_t LeastNearBest(const std::vector<TunePoint>& points);

// mih is measured as kithd has it, in a file that is mapped. Errors: those of IndexBench; where the
// machine has no room for so many codes in a file, before anything is measured.
[[nodiscard]] absl::StatusOr<TuneResult> RunTune(const TuneOptions& options);

// A configuration file for kithd, with what was measured as comments.
[[nodiscard]] std::string TuneSettings(const TuneOptions& options, const TuneResult& result,
                                       const std::string& machine);

}  // namespace kith::bench
