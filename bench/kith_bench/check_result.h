// SPDX-License-Identifier: Apache-2.0
//
// What a run of kith-bench check found, and what follows from it. Pure and thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith::bench {

// The stages of a file, in order. The first four are done by the hashing threads, the others by the
// engine.
inline constexpr std::array<std::string_view, 6> kStageNames = {"read", "digest", "decode",
                                                                "hash", "match",  "commit"};
inline constexpr std::size_t kHashingStages = 4;
using StageSeconds = std::array<double, kStageNames.size()>;

struct CheckBenchResult {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t pictures = 0;   // with a code to match
  std::uint64_t matched = 0;    // files with a match
  std::uint64_t ruled_out = 0;  // by a fast hash
  std::uint64_t own_files = 0;
  std::uint64_t batches = 0;
  std::uint64_t walk_errors = 0;
  double seconds = 0;            // of the whole run, from its opening to its report
  double processor_seconds = 0;  // of all threads of the process and its workers in that time
  double report_seconds = 0;     // from the last answer on
  // Of the hashing threads all together, and of the engine. By the clock on the wall: on a machine
  // with other work they hold waiting for a core, too.
  StageSeconds stage_seconds{};
  // How the engine's seconds were divided: the same batches again, see Replay.
  std::uint64_t replayed_batches = 0;
  double replay_match_seconds = 0;
  double replay_record_seconds = 0;
};

// What share of the stages' seconds each of them has; zeros where nothing was done.
[[nodiscard]] StageSeconds StageShares(const CheckBenchResult& result);

// How much of the run the hashing threads, and the engine, were at work: 0..1, or a little above by
// rounding.
[[nodiscard]] double HashingBusy(const CheckBenchResult& result, int threads);
[[nodiscard]] double EngineBusy(const CheckBenchResult& result);

// What the run waited for: the longest stage of whichever was busier, hashing threads or engine.
// "rest" where both were idle for more than half of the time: then the walk, opening files, opening
// and closing the run took it.
[[nodiscard]] std::string_view BoundBy(const CheckBenchResult& result, int threads);

}  // namespace kith::bench
