// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "bench/kith_bench/check_result.h"
#include "proto/kith/v1/common.pb.h"

namespace kith::bench {

struct CheckBenchOptions {
  std::string root;               // real path of the folder
  std::string store_parent;       // where the temporary store is made; outside of `root`
  std::uint64_t codes = 100'000;  // random known codes
  std::uint64_t own_files = 10;   // files of the folder that are known, too
  std::uint64_t seed = 1;         // of the random codes
  int threads = 1;                // that hash
  bool with_case = true;          // record in a case; else a look-up
  bool exact = false;             // of a look-up: no fast hashes
  v1::Dialect dialect = v1::DIALECT_FULL;
  std::string index_engine = "mih";
  std::stop_token stop;
};

// Checks the folder as `kith check` does, with an engine in this process over a temporary store.
// Errors: those of BenchStore::Make and scan::RunCheck; CANCELLED after `stop`.
[[nodiscard]] absl::StatusOr<CheckBenchResult> RunCheckBench(const CheckBenchOptions& options);

}  // namespace kith::bench
