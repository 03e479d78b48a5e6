// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/check_bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "bench/kith_bench/bench_store.h"
#include "bench/kith_bench/replay.h"
#include "tools/scan/check_run.h"

namespace kith::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Bounds the memory: some kilobytes a picture. The division of the engine's time needs no more.
constexpr std::uint64_t kReplayedFiles = 20'000;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// Processor time of all threads of this process, and of the programs it ran that have ended.
double ProcessorSeconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    ::getrusage(who, &used);
    seconds += Seconds(used.ru_utime) + Seconds(used.ru_stime);
  }
  return seconds;
}

// What is seen of a run while it goes on, from the thread that reads the answers.
class Watcher {
 public:
  scan::CheckEvents Events() {
    scan::CheckEvents events;
    events.file = [this](const v1::EvidenceFile& file, const v1::MatchResult& result) {
      if (file.fingerprint().codes_size() > 0) ++pictures;
      if (result.total() > 0) ++matched;
    };
    events.batch = [this](const v1::MatchStreamBatch& batch, std::chrono::nanoseconds alone) {
      ++batches;
      engine += alone;
      last_answer = Clock::now();
      kept_files_ += static_cast<std::uint64_t>(batch.files_size());
      if (kept_files_ <= kReplayedFiles) kept.push_back(batch);
    };
    return events;
  }

  std::uint64_t pictures = 0;
  std::uint64_t matched = 0;
  std::uint64_t batches = 0;
  std::chrono::duration<double> engine{};
  Clock::time_point last_answer;
  std::vector<v1::MatchStreamBatch> kept;

 private:
  std::uint64_t kept_files_ = 0;
};

absl::Status MeasureRun(const BenchStore& store, const CheckBenchOptions& options, Watcher& watcher,
                        CheckBenchResult& result) {
  scan::CheckOptions check;
  check.root = options.root;
  check.case_name = options.with_case ? "BENCH/run" : "";
  check.threads = options.threads;
  check.exact = options.exact;
  check.stop = options.stop;
  const scan::CheckEvents events = watcher.Events();
  const double processor_before = ProcessorSeconds();
  const Clock::time_point begun = Clock::now();
  watcher.last_answer = begun;
  const auto outcome = scan::RunCheck(store.channel(), check, events);
  result.seconds = SecondsSince(begun);
  result.processor_seconds = ProcessorSeconds() - processor_before;
  result.report_seconds = SecondsSince(watcher.last_answer);
  if (options.stop.stop_requested()) return absl::CancelledError("interrupted");
  if (!outcome.ok()) return outcome.status();
  if (!outcome->complete || !outcome->sums_agree) {
    return absl::InternalError("not every file that was seen was answered: no figures");
  }
  result.files = outcome->progress.files;
  result.bytes = outcome->progress.bytes;
  result.walk_errors = outcome->walk.error_count;
  result.pictures = watcher.pictures;
  result.matched = watcher.matched;
  result.batches = watcher.batches;
  result.ruled_out = outcome->ruled_out;
  const hashing::StageTimes& times = outcome->hashing;
  const std::array<std::int64_t, kHashingStages> hashing_ns = {times.read_ns, times.digest_ns,
                                                               times.decode_ns, times.hash_ns};
  std::transform(hashing_ns.begin(), hashing_ns.end(), result.stage_seconds.begin(),
                 [](std::int64_t ns) { return 1e-9 * static_cast<double>(ns); });
  return absl::OkStatus();
}

// The engine tells only how long it had a batch; what of it was matching a replay tells.
absl::Status DivideEngine(const BenchStore& store, const CheckBenchOptions& options,
                          const Watcher& watcher, CheckBenchResult& result) {
  if (watcher.kept.empty()) return absl::OkStatus();
  ReplayOptions replay;
  replay.root = options.root;
  replay.with_case = options.with_case;
  replay.stop = options.stop;
  const auto seconds = Replay(store.channel(), watcher.kept, replay);
  if (!seconds.ok()) return seconds.status();
  result.replayed_batches = watcher.kept.size();
  result.replay_match_seconds = seconds->matched;
  result.replay_record_seconds = seconds->recorded;
  const double match_share =
      seconds->recorded > 0 ? std::min(1.0, seconds->matched / seconds->recorded) : 1.0;
  result.stage_seconds[kHashingStages] = watcher.engine.count() * match_share;
  result.stage_seconds[kHashingStages + 1] = watcher.engine.count() * (1.0 - match_share);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckBenchResult> RunCheckBench(const CheckBenchOptions& options) {
  const auto store = BenchStore::Make({.parent = options.store_parent,
                                       .index_engine = options.index_engine,
                                       .codes = options.codes,
                                       .dialect = options.dialect,
                                       .seed = options.seed,
                                       .own_root = options.root,
                                       .own_files = options.own_files,
                                       .stop = options.stop});
  if (!store.ok()) return store.status();
  CheckBenchResult result;
  result.own_files = (*store)->own_files();
  Watcher watcher;
  if (absl::Status status = MeasureRun(**store, options, watcher, result); !status.ok()) {
    return status;
  }
  if (absl::Status status = DivideEngine(**store, options, watcher, result); !status.ok()) {
    return status;
  }
  return result;
}

}  // namespace kith::bench
