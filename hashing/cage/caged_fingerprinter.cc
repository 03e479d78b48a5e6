// SPDX-License-Identifier: Apache-2.0
#include "hashing/cage/caged_fingerprinter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hashing/cage/internal/measures.h"
#include "hashing/cage/internal/shared_memory.h"
#include "hashing/cage/internal/worker_path.h"
#include "hashing/cage/internal/worker_process.h"
#include "hashing/digest.h"
#include "hashing/internal/cage_messages.h"
#include "hashing/internal/reading.h"

namespace kith::hashing::cage {
namespace {

using hashing::internal::CageRequest;
using hashing::internal::Message;
using internal::Clock;
using internal::SharedMemory;
using internal::WorkerProcess;

// Starting takes a tenth of a second; a machine that is out of memory or starting up is slow.
constexpr std::chrono::seconds kStartTime{60};
// Memory of up to this size is kept from picture to picture.
constexpr std::uint64_t kKeptBytes = 32ull << 20;
constexpr std::uint64_t kFirstBytes = 8ull << 20;
constexpr std::uint64_t kMebibyte = 1ull << 20;
// Behind a picture lie zeros and not the end of the picture before it: a decoder that reads on
// finds the same each time.
constexpr std::uint64_t kZeroBytes = 4096;
// Well below the processor time that a worker is given as a whole, hashing/worker/jail.cc.
constexpr std::chrono::seconds kBusyTime{600};

struct Worker {
  std::unique_ptr<WorkerProcess> process;
  hashing::internal::CageHello hello;
};

absl::StatusOr<Worker> StartWorker(const std::string& path) {
  auto process = WorkerProcess::Spawn(path);
  if (!process.ok()) return process.status();
  Message message;
  const auto received = (*process)->Receive(message, Clock::now() + kStartTime);
  if (received == WorkerProcess::Received::kNothingInTime) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " did not come up within ", kStartTime.count(), " seconds"));
  }
  if (received == WorkerProcess::Received::kEnd) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " does not start: it ", (*process)->Conclude().how));
  }
  const auto hello = hashing::internal::ReadHello(message);
  if (!hello.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is of another version of Kith than this program"));
  }
  return Worker{.process = *std::move(process), .hello = *hello};
}

}  // namespace

class CagedFingerprinter::Impl : public hashing::internal::PictureKeeper {
 public:
  Impl(const CageOptions& options, const std::string& path, Worker worker)
      : options_(options),
        path_(path),
        posture_(internal::PostureOf(worker.hello, path)),
        libraries_(std::move(worker.hello.libraries)),
        worker_(std::move(worker.process)) {
    libraries_.push_back(DigestLibrary());
  }

  // Without a worker yet.
  Impl(const CageOptions& options, const std::string& path, const Posture& posture,
       const std::vector<std::string>& libraries)
      : options_(options), path_(path), posture_(posture), libraries_(libraries) {}

  [[nodiscard]] std::unique_ptr<Impl> Another() const {
    return std::make_unique<Impl>(options_, path_, posture_, libraries_);
  }

  Fingerprint OfFile(int fd, const FingerprintOptions& options, const NeedsExact* needs_exact) {
    request_.options = options;
    needs_exact_ = needs_exact;
    gave_up_ = false;
    return hashing::internal::ReadAndHash(fd, options, *this);
  }

  std::span<std::uint8_t> Room(std::uint64_t size) override {
    const std::uint64_t need = size + kZeroBytes;
    // Memory that a worker before may still write to is not used again (Linux before 5.1).
    const bool reusable = memory_ != nullptr && memory_->is_read_only_elsewhere();
    const std::uint64_t have = reusable ? memory_->bytes().size() : 0;
    if (need > have || (have > kKeptBytes && need <= kKeptBytes)) {
      memory_ = nullptr;
      memory_is_known_ = false;
      const std::uint64_t rounded = (need + kMebibyte - 1) / kMebibyte * kMebibyte;
      memory_ = SharedMemory::Make(std::max(kFirstBytes, rounded));
    }
    if (memory_ == nullptr) return {};
    return memory_->bytes().first(static_cast<std::size_t>(size));
  }

  bool Stopped() override {
    gave_up_ = stop_.stop_requested();
    return gave_up_;
  }

  void StopWhen(std::stop_token stop) { stop_ = std::move(stop); }
  [[nodiscard]] bool gave_up() const { return gave_up_; }

  void Hash(std::uint64_t size, Fingerprint& print, Meanwhile meanwhile) override {
    std::memset(memory_->bytes().data() + size, 0, kZeroBytes);
    Ask(size, print, meanwhile);
    if (!print.approximate || needs_exact_ == nullptr || !(*needs_exact_)(print)) return;
    print.approximate = false;
    print.views.clear();
    request_.options.fast = false;
    Ask(size, print, [] {});
  }

  [[nodiscard]] const Posture& posture() const { return posture_; }
  [[nodiscard]] const std::vector<std::string>& libraries() const { return libraries_; }

 private:
  // Has the worker hash what is in the memory.
  void Ask(std::uint64_t size, Fingerprint& print, Meanwhile meanwhile) {
    const bool answered = AskOnce(size, print, meanwhile);
    // A picture may damage what its worker stumbles over with a later one, which is innocent: that
    // is asked again, once, where nothing was before it. Not after a hang: it would take as long.
    const bool is_crash = print.disposition == Disposition::kDecoderCrash;
    if (!answered && is_crash && files_ > 0) (void)AskOnce(size, print, [] {});
  }

  // False if it gave no answer that makes sense; then it is ended, and `print` tells why.
  bool AskOnce(std::uint64_t size, Fingerprint& print, Meanwhile meanwhile) {
    // A worker that was taken over must not choose the bytes that are digested.
    const bool can_wait = memory_->is_read_only_elsewhere();
    if (!can_wait) meanwhile();
    // A new worker may take long to start: that is not the picture's time.
    const absl::Status sent = SendRequest(size);
    const Clock::time_point begin = Clock::now();
    if (can_wait) meanwhile();
    const Clock::duration digesting = Clock::now() - begin;
    if (!sent.ok()) {
      return Lose(print, Disposition::kDecoderCrash, std::string(sent.message()));
    }
    const auto deadline = begin + options_.deadline +
                          options_.deadline_per_mebibyte * static_cast<int>(size / kMebibyte);
    const auto received = worker_->Receive(answer_, deadline);
    const auto working = Clock::now() - begin;
    // What the decoder had alone: a stage is time of this thread.
    const auto took = working - digesting;
    if (received == WorkerProcess::Received::kNothingInTime) {
      const double seconds = std::chrono::duration<double>(deadline - begin).count();
      worker_ = nullptr;
      return Lose(print, Disposition::kDecoderTimeout,
                  absl::StrCat("no answer within ", seconds, " seconds"));
    }
    if (received == WorkerProcess::Received::kEnd) {
      const WorkerProcess::End end = worker_->Conclude();
      worker_ = nullptr;
      return Lose(print, end.by_time ? Disposition::kDecoderTimeout : Disposition::kDecoderCrash,
                  "the decoder " + end.how);
    }
    const std::int64_t hashed_before_ns = print.times.hash_ns;
    if (!hashing::internal::ReadAnswer(answer_, request_, print)) {
      worker_ = nullptr;
      return Lose(print, Disposition::kDecoderCrash, "the decoder's answer makes no sense");
    }
    // Of the time that the worker had, it says which part was hashing.
    const std::int64_t took_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
    print.times.hash_ns =
        std::clamp<std::int64_t>(print.times.hash_ns, hashed_before_ns, hashed_before_ns + took_ns);
    print.times.decode_ns += took_ns - (print.times.hash_ns - hashed_before_ns);
    busy_ += working;
    if (++files_ >= options_.files_per_worker || busy_ >= kBusyTime) worker_ = nullptr;
    return true;
  }

  // Hands the picture to the worker; to a new one if there is none, or if it died while idle.
  absl::Status SendRequest(std::uint64_t size) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (worker_ == nullptr) {
        auto started = StartWorker(path_);
        if (!started.ok()) return started.status();
        worker_ = std::move(started->process);
        memory_is_known_ = false;
        files_ = 0;
        busy_ = {};
      }
      ++request_.sequence;
      request_.size_bytes = size;
      request_.capacity_bytes = memory_is_known_ ? 0 : memory_->bytes().size();
      const int passed = memory_is_known_ ? -1 : memory_->descriptor();
      if (worker_->Send(hashing::internal::WriteRequest(request_), passed)) {
        memory_is_known_ = true;
        return absl::OkStatus();
      }
      worker_ = nullptr;
    }
    return absl::UnavailableError("the decoder does not take pictures");
  }

  static bool Lose(Fingerprint& print, Disposition disposition, const std::string& why) {
    print.disposition = disposition;
    print.detail = absl::StrCat(print.format_name, ": ", why);
    return false;
  }

  const CageOptions options_;
  const std::string path_;
  const Posture posture_;
  std::vector<std::string> libraries_;
  std::unique_ptr<WorkerProcess> worker_;  // null: to be started for the next picture
  int files_ = 0;                          // that this worker, or the last one, has answered
  Clock::duration busy_{};
  std::unique_ptr<SharedMemory> memory_;
  bool memory_is_known_ = false;  // to this worker
  CageRequest request_;
  const NeedsExact* needs_exact_ = nullptr;  // of the file at hand
  Message answer_;
  std::stop_token stop_;
  bool gave_up_ = false;  // the file at hand
};

absl::StatusOr<std::unique_ptr<CagedFingerprinter>> CagedFingerprinter::Start(
    const CageOptions& options) {
  std::string path = options.worker_path;
  if (path.empty()) {
    auto found = internal::FindWorker();
    if (!found.ok()) return found.status();
    path = *std::move(found);
  }
  auto worker = StartWorker(path);
  if (!worker.ok()) return worker.status();
  return std::make_unique<CagedFingerprinter>(
      std::make_unique<Impl>(options, path, *std::move(worker)));
}

CagedFingerprinter::CagedFingerprinter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
std::unique_ptr<CagedFingerprinter> CagedFingerprinter::Another() const {
  return std::make_unique<CagedFingerprinter>(impl_->Another());
}

CagedFingerprinter::~CagedFingerprinter() = default;

Fingerprint CagedFingerprinter::OfFile(int fd, const FingerprintOptions& options) {
  return impl_->OfFile(fd, options, nullptr);
}

Fingerprint CagedFingerprinter::OfFile(int fd, const FingerprintOptions& options,
                                       const NeedsExact& needs_exact) {
  return impl_->OfFile(fd, options, &needs_exact);
}

void CagedFingerprinter::StopWhen(std::stop_token stop) { impl_->StopWhen(std::move(stop)); }
bool CagedFingerprinter::gave_up() const { return impl_->gave_up(); }

const Posture& CagedFingerprinter::posture() const { return impl_->posture(); }

const std::vector<std::string>& CagedFingerprinter::libraries() const { return impl_->libraries(); }

}  // namespace kith::hashing::cage
