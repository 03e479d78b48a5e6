// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/check_run.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proto/kith/v1/match.grpc.pb.h"
#include "tools/report/merge.h"
#include "tools/scan/evidence.h"
#include "tools/scan/grpc_status.h"
#include "tools/scan/lost_engine.h"
#include "tools/scan/recorded.h"

namespace kith::scan {
namespace {

using Clock = std::chrono::steady_clock;
using Stream = grpc::ClientReaderWriter<v1::MatchStreamRequest, v1::MatchStreamResponse>;

// A batch is sent when one of these is reached: the ledger moves on at least once a second.
constexpr int kBatchFiles = 256;
constexpr std::size_t kBatchBytes = 4 << 20;
constexpr std::chrono::milliseconds kBatchAge{1000};
// Batches sent and not yet answered: keeps the engine busy and bounds the memory.
constexpr std::size_t kBatchesAhead = 4;
constexpr std::chrono::milliseconds kTick{200};
// A busy engine is not waited for: hashing exactly takes less than this.
constexpr std::chrono::milliseconds kFilterPatience{500};

// The engine's side of a run: batches out, answers in, matched up again.
class MatchLink {
 public:
  MatchLink(const std::shared_ptr<grpc::Channel>& channel, const CheckOptions& options,
            const CheckEvents& events)
      : stub_(v1::MatchService::NewStub(channel)),
        events_(events),
        stream_(stub_->MatchStream(&context_)),
        lost_(channel, options.stop, options.stop_patience, [this] { context_.TryCancel(); }) {}

  ~MatchLink() {
    if (finished_) return;
    context_.TryCancel();
    if (reader_.joinable()) reader_.join();
    (void)stream_->Finish();  // cancelled: there is nothing to learn
  }
  MatchLink(const MatchLink&) = delete;
  MatchLink& operator=(const MatchLink&) = delete;

  absl::StatusOr<v1::MatchStreamOpened> Open(const CheckOptions& options,
                                             const std::vector<std::string>& libraries) {
    v1::MatchStreamRequest request;
    v1::MatchStreamOpen& open = *request.mutable_open();
    if (options.radius_bits.has_value()) {
      open.mutable_options()->set_radius_bits(*options.radius_bits);
    }
    open.set_case_name(options.case_name);
    open.set_who(options.who);
    open.set_root(options.root);
    open.set_want_report(true);
    for (const std::string& library : libraries) open.add_libraries(library);
    v1::MatchStreamResponse response;
    const bool answered = stream_->Write(request) && stream_->Read(&response);
    if (!answered || !response.has_opened()) {
      // Where nothing came the engine has ended the call: its reason is waiting, and to cancel
      // would put another in its place.
      if (answered) context_.TryCancel();
      const grpc::Status status = stream_->Finish();
      finished_ = true;
      return status.ok() ? absl::InternalError("the engine did not open the run") : Why(status);
    }
    lost_.Heard();
    reader_ = std::jthread([this] { Read(); });
    return std::move(*response.mutable_opened());
  }

  // Waits while too many batches are ahead. False when the stream is broken: see Finish.
  bool Send(v1::MatchStreamBatch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || ahead_.size() < kBatchesAhead; });
    if (ended_) return false;
    v1::MatchStreamRequest request;
    *request.mutable_batch() = batch;
    ahead_.push_back({std::move(batch), Clock::now()});
    lock.unlock();
    return stream_->Write(request);
  }

  // Ends the run and gives its report.
  absl::StatusOr<v1::Report> Finish(v1::MatchStreamEnd end) {
    v1::MatchStreamRequest request;
    *request.mutable_end() = std::move(end);
    (void)stream_->Write(request);  // a broken stream tells why below
    (void)stream_->WritesDone();
    reader_.join();
    const grpc::Status status = stream_->Finish();
    finished_ = true;
    if (!status.ok()) return Why(status);
    if (!ahead_.empty()) return absl::InternalError("the engine left files without an answer");
    return std::move(report_);
  }

  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> Answered() const {
    return {answered_files_, answered_bytes_};
  }

 private:
  struct SentBatch {
    v1::MatchStreamBatch batch;
    Clock::time_point when;
  };

  absl::Status Why(const grpc::Status& status) const {
    if (!lost_.gave_up()) return ShownStatus(status);
    return absl::UnavailableError("it stands still, so the run was given up");
  }

  void Read() {
    v1::MatchStreamResponse response;
    while (stream_->Read(&response)) {
      lost_.Heard();
      if (response.has_report()) {
        report::MergeFragment(std::move(*response.mutable_report()), report_);
      }
      if (response.has_batch()) Take(response.batch());
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  void Take(const v1::MatchStreamBatchResult& result) {
    const Clock::time_point before = std::exchange(last_answer_, Clock::now());
    SentBatch sent;
    {
      const std::lock_guard lock(mutex_);
      if (ahead_.empty()) return;
      sent = std::move(ahead_.front());
      ahead_.pop_front();
      changed_.notify_all();
    }
    const v1::MatchStreamBatch& batch = sent.batch;
    const int count = std::min(batch.files_size(), result.results_size());
    std::uint64_t bytes = 0;
    for (int i = 0; i < count; ++i) {
      bytes += batch.files(i).fingerprint().size_bytes();
      if (events_.file) events_.file(batch.files(i), result.results(i));
    }
    if (events_.batch) events_.batch(batch, last_answer_ - std::max(before, sent.when));
    answered_files_ += static_cast<std::uint64_t>(count);
    answered_bytes_ += bytes;
  }

  std::unique_ptr<v1::MatchService::Stub> stub_;
  const CheckEvents& events_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SentBatch> ahead_;
  bool ended_ = false;
  bool finished_ = false;
  v1::Report report_;              // the reader's, then Finish's
  Clock::time_point last_answer_;  // the reader's
  std::atomic<std::uint64_t> answered_files_ = 0;
  std::atomic<std::uint64_t> answered_bytes_ = 0;
  LostEngine lost_;
  std::jthread reader_;
};

void Add(const hashing::StageTimes& one, hashing::StageTimes& total) {
  total.read_ns += one.read_ns;
  total.digest_ns += one.digest_ns;
  total.decode_ns += one.decode_ns;
  total.hash_ns += one.hash_ns;
}

// Asks the engine, from any thread, whether approximate codes may have a match.
class Filter {
 public:
  Filter(const std::shared_ptr<grpc::Channel>& channel, const CheckOptions& options)
      : stub_(v1::MatchService::NewStub(channel)) {
    if (options.radius_bits.has_value()) options_.set_radius_bits(*options.radius_bits);
    options_.set_limit(1);
  }

  // True too where there is no answer: an exact hash is never wrong.
  [[nodiscard]] bool NeedsExact(const hashing::Fingerprint& print) const {
    v1::MatchRequest request;
    *request.mutable_options() = options_;
    *request.add_queries() = ToQuery(print);
    request.mutable_queries(0)->clear_digests();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kFilterPatience);
    v1::MatchResponse response;
    const grpc::Status status = stub_->Match(&context, request, &response);
    return !status.ok() || response.results_size() != 1 || response.results(0).exact_wanted();
  }

 private:
  std::unique_ptr<v1::MatchService::Stub> stub_;
  v1::MatchOptions options_;
};

class Check {
 public:
  Check(const std::shared_ptr<grpc::Channel>& channel, const CheckOptions& options,
        const CheckEvents& events)
      : channel_(channel), options_(options), events_(events), link_(channel, options, events) {}

  absl::StatusOr<CheckOutcome> Run() {
    // First: a case is not opened for a run that cannot read a picture.
    auto cage = hashing::cage::CagedFingerprinter::Start({});
    if (!cage.ok()) return cage.status();
    const auto opened = link_.Open(options_, (*cage)->libraries());
    if (!opened.ok()) return opened.status();
    if (events_.opened) events_.opened(*opened);
    std::optional<RecordedFiles> recorded;
    if (!options_.case_name.empty() && opened->recorded_paths() > 0) {
      auto loaded = RecordedFiles::Load(channel_, options_.case_name, options_.root);
      if (!loaded.ok()) return loaded.status();
      recorded = *std::move(loaded);
    }
    HashPoolOptions pool_options;
    // In every dialect, whatever the sets hold now: a file on record is not read again, and must be
    // found when a list of another dialect comes later.
    pool_options.fingerprint = {};
    pool_options.threads = options_.threads;
    mode_ = HowToHash(options_, *opened);
    const Filter filter(channel_, options_);
    if (mode_ == Hashing::kFiltered) {
      pool_options.fingerprint.fast = true;
      pool_options.needs_exact = [&filter](const hashing::Fingerprint& print) {
        return filter.NeedsExact(print);
      };
    }
    HashPool pool(pool_options, *std::move(cage));
    // Stopping must also wake a walker that waits for room.
    const std::stop_callback on_stop(options_.stop, [&pool] { pool.Cancel(); });
    absl::StatusOr<WalkSummary> walked = absl::UnknownError("not walked");
    std::jthread walker([&] {
      walked = WalkInto(pool, recorded);
      pool.Close();
    });
    std::jthread counter([this](const std::stop_token& ended) { CountFiles(ended); });
    const bool connected = SendAll(pool);
    pool.Cancel();
    walker.join();
    counter.request_stop();
    counter.join();
    if (!walked.ok()) return walked.status();
    CheckOutcome outcome;
    outcome.walk = *std::move(walked);
    return Conclude(connected, std::move(outcome));
  }

 private:
  absl::StatusOr<WalkSummary> WalkInto(HashPool& pool,
                                       const std::optional<RecordedFiles>& recorded) {
    WalkOptions walk;
    walk.stop = options_.stop;
    return Walk(options_.root, walk, [&](WalkedFile file) {
      if (!recorded.has_value() || !recorded->Holds(file)) return pool.Push(std::move(file));
      ++resumed_;
      return true;
    });
  }

  // A walk of its own that reads no file: how much there is to do.
  void CountFiles(const std::stop_token& ended) {
    if (!options_.count_first) return;
    WalkOptions walk;
    walk.stop = ended;
    std::uint64_t bytes = 0;
    const auto counted = Walk(options_.root, walk, [&](const WalkedFile& file) {
      bytes += file.size_bytes;
      return !options_.stop.stop_requested();
    });
    if (!counted.ok() || counted->stopped) return;
    expected_files_ = counted->entries;
    expected_bytes_ = bytes;
  }

  // False when the stream broke.
  bool SendAll(HashPool& pool) {
    v1::MatchStreamBatch batch;
    std::size_t batch_bytes = 0;
    Clock::time_point begun = Clock::now();
    const auto send = [&] {
      if (batch.files_size() == 0) return true;
      sent_ += static_cast<std::uint64_t>(batch.files_size());
      batch_bytes = 0;
      return link_.Send(std::exchange(batch, {}));
    };
    while (true) {
      HashedFile hashed;
      const HashPool::Popped popped = pool.Pop(hashed, kTick);
      if (popped == HashPool::Popped::kFile) {
        if (batch.files_size() == 0) begun = Clock::now();
        *batch.add_files() = ToEvidence(hashed);
        Add(hashed.fingerprint.times, hashing_);
        ruled_out_ += hashed.fingerprint.approximate ? 1 : 0;
        batch_bytes += batch.files(batch.files_size() - 1).ByteSizeLong();
      }
      const bool end = popped == HashPool::Popped::kEnd;
      const bool full = batch.files_size() >= kBatchFiles || batch_bytes >= kBatchBytes ||
                        Clock::now() - begun >= kBatchAge;
      if ((end || full) && !send()) return false;
      ShowProgress(false);
      if (end) return true;
    }
  }

  CheckProgress ProgressNow() const {
    const auto [files, bytes] = link_.Answered();
    CheckProgress progress;
    progress.resumed = resumed_;
    progress.files = files + progress.resumed;
    progress.bytes = bytes;
    progress.expected_files = expected_files_;
    progress.expected_bytes = expected_bytes_;
    return progress;
  }

  void ShowProgress(bool last) {
    const Clock::time_point now = Clock::now();
    if (!events_.progress || (!last && now - shown_ < kTick)) return;
    shown_ = now;
    events_.progress(ProgressNow());
  }

  absl::StatusOr<CheckOutcome> Conclude(bool connected, CheckOutcome outcome) {
    // What was taken by the pool and never begun is not counted: nothing is told of it.
    const std::uint64_t counted = sent_ + resumed_;
    outcome.complete = connected && !outcome.walk.stopped && !options_.stop.stop_requested();
    v1::MatchStreamEnd end;
    end.set_complete(outcome.complete);
    end.set_entries_walked(outcome.complete ? outcome.walk.entries : counted);
    end.set_entries_resumed(resumed_);
    for (const std::string& error : outcome.walk.errors) end.add_walk_errors(error);
    if (outcome.walk.error_count > outcome.walk.errors.size()) {
      end.add_walk_errors("and " +
                          std::to_string(outcome.walk.error_count - outcome.walk.errors.size()) +
                          " more folders that could not be seen whole");
    }
    auto report = link_.Finish(std::move(end));
    if (!report.ok()) return report.status();
    outcome.report = *std::move(report);
    // The reader has ended: all that was answered has been taken.
    outcome.progress = ProgressNow();
    outcome.sums_agree = !outcome.complete || outcome.walk.entries == outcome.progress.files;
    outcome.hashing = hashing_;
    outcome.mode = mode_;
    outcome.ruled_out = ruled_out_;
    ShowProgress(true);
    return outcome;
  }

  const std::shared_ptr<grpc::Channel>& channel_;
  const CheckOptions& options_;
  const CheckEvents& events_;
  MatchLink link_;
  std::atomic<std::uint64_t> resumed_ = 0;
  std::atomic<std::uint64_t> expected_files_ = 0;
  std::atomic<std::uint64_t> expected_bytes_ = 0;
  std::uint64_t sent_ = 0;
  Hashing mode_ = Hashing::kExactAsked;
  std::uint64_t ruled_out_ = 0;
  hashing::StageTimes hashing_;
  Clock::time_point shown_;
};

}  // namespace

Hashing HowToHash(const CheckOptions& options, const v1::MatchStreamOpened& opened) {
  if (options.exact) return Hashing::kExactAsked;
  if (!options.case_name.empty()) return Hashing::kExactForCase;
  return opened.takes_margins() ? Hashing::kFiltered : Hashing::kExactForDialects;
}

absl::StatusOr<CheckOutcome> RunCheck(const std::shared_ptr<grpc::Channel>& channel,
                                      const CheckOptions& options, const CheckEvents& events) {
  return Check(channel, options, events).Run();
}

}  // namespace kith::scan
