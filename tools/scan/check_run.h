// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the main job: from a folder to what is known of its files.
//
// Thread-safety: each run is of the thread that called it and of its own threads; CheckEvents says
// which of them tells what.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "hashing/fingerprint.h"
#include "proto/kith/v1/match.pb.h"
#include "proto/kith/v1/report.pb.h"
#include "tools/scan/hash_pool.h"
#include "tools/scan/walk.h"

namespace kith::scan {

struct CheckOptions {
  std::string root;       // real path of the folder
  std::string case_name;  // empty: a look-up
  std::string who;        // runs it, for the record
  std::optional<std::uint32_t> radius_bits;
  int threads = 1;
  bool exact = false;        // hash exactly what a fast hash could rule out
  bool count_first = false;  // count the files beside the run, so that progress knows the whole
  std::stop_token stop;
  // After `stop`: how long nothing may come from the engine before it is asked whether it is there,
  // and how long it has to answer that.
  std::chrono::milliseconds stop_patience{5000};
};

// How a run hashes pictures. Its answer is the same either way.
enum class Hashing {
  kFiltered,         // fast where a fast hash rules a match out, else exactly
  kExactAsked,       // CheckOptions::exact
  kExactForCase,     // a case is matched again with lists that come later
  kExactForDialects  // the engine has codes, or may have, of a dialect that fast hashes do not know
};
[[nodiscard]] Hashing HowToHash(const CheckOptions& options, const v1::MatchStreamOpened& opened);

// How far a run has come. `expected_*` are 0 until the count is complete.
struct CheckProgress {
  std::uint64_t files = 0;  // answered, and resumed
  std::uint64_t bytes = 0;  // of the answered
  std::uint64_t resumed = 0;
  std::uint64_t expected_files = 0;
  std::uint64_t expected_bytes = 0;
};

// `opened` and `progress` (some five times a second) are told from the caller's thread, `file` and
// `batch` from another one.
struct CheckEvents {
  std::function<void(const v1::MatchStreamOpened&)> opened;
  std::function<void(const v1::EvidenceFile&, const v1::MatchResult&)> file;
  // After the files of a batch: how long it alone was with the engine, that is from when it was
  // sent, or from the answer to the batch before it where that came later, to its own answer.
  std::function<void(const v1::MatchStreamBatch&, std::chrono::nanoseconds)> batch;
  std::function<void(const CheckProgress&)> progress;
};

struct CheckOutcome {
  v1::Report report;
  CheckProgress progress;
  WalkSummary walk;
  Hashing mode = Hashing::kExactAsked;
  std::uint64_t ruled_out = 0;  // files that a fast hash was enough for
  hashing::StageTimes hashing;  // of all threads together
  bool complete = false;
  bool sums_agree = true;  // walked = answered + resumed
};

// The main job: walks the folder, fingerprints its files on several threads, streams them to the
// engine in batches and gathers the report. With a case it goes on where an earlier run ended:
// files on record and unchanged (path, device, inode, size, time of change) are not read again.
// After `stop` it begins no further file, gives up one of which much is still to be read, and the
// report says that it is incomplete; from an engine that stands still it turns away, UNAVAILABLE.
// Blocks; uses its own threads; memory is bounded but for the report and, on resuming, some 50
// bytes a recorded path (a node of a set of hashes of 16 bytes, and its bucket). Errors: those of
// Walk, of CagedFingerprinter::Start and of MatchService.MatchStream; what was answered before is
// recorded.
[[nodiscard]] absl::StatusOr<CheckOutcome> RunCheck(const std::shared_ptr<grpc::Channel>& channel,
                                                    const CheckOptions& options,
                                                    const CheckEvents& events);

}  // namespace kith::scan
