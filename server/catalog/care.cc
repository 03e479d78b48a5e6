// SPDX-License-Identifier: Apache-2.0
//
// Catalog: looks after the files of the index. Each is read again now and then, as a disk may lose
// what it once held; what is damaged is told, answers no more, and is made anew (mend.cc).
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/fact_files.h"

namespace kith::catalog {
namespace {

using std::chrono::milliseconds;

// How often is looked whether a merge found damage.
constexpr milliseconds kLook{200};
// Between two attempts at what could not be mended; the first follow each other sooner.
constexpr milliseconds kLongestPause{60'000};
constexpr std::uint64_t kScrubbedAtOnce = std::uint64_t{256} << 10;
// A disk that damages what was just made again keeps no round from its end.
constexpr int kMaxFindsOfCodes = 100;

}  // namespace

// The thread.
class Catalog::Impl::Caretaker {
 public:
  explicit Caretaker(Catalog::Impl& catalog) : catalog_(catalog), thread_([this] { Run(); }) {}
  ~Caretaker() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Caretaker(const Caretaker&) = delete;
  Caretaker& operator=(const Caretaker&) = delete;

 private:
  // False: the end has come.
  bool Sleep(milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return stopping_; });
  }

  void Run() {
    milliseconds left(catalog_.options.scrubbing.pause_ms);
    while (Sleep(std::min(left, kLook))) {
      left -= std::min(left, kLook);
      try {
        if (left.count() == 0) {
          (void)catalog_.Scrub([this](std::uint64_t bytes) { return GoOn(bytes); });
          left = milliseconds(std::max(catalog_.options.scrubbing.pause_ms, 1));
        }
        Mend();
      } catch (const std::exception& error) {
        Tell(absl::StrCat("the care of the index failed: ", error.what()));
      }
    }
  }

  // Between two reads of a round, which takes hours: who waits for an answer waits for the mend
  // only. care_mutex is held.
  bool GoOn(std::uint64_t bytes) {
    const std::uint64_t rate = catalog_.options.scrubbing.bytes_a_second;
    if (!Sleep(milliseconds(1000 * bytes / std::max<std::uint64_t>(rate, 1)))) return false;
    if (catalog_.Ails()) {
      LookForTrouble();
      MendHeld();
    }
    return catalog_.checks_waiting == 0;
  }

  // What keeps the index from writing its files: all is found, but the next start has more to read.
  void LookForTrouble() {
    std::string trouble = catalog_.codes->Stats().trouble;
    for (const index::DigestIndex* index : {catalog_.digests.get(), catalog_.identities.get()}) {
      if (trouble.empty()) trouble = std::string(index->Stats().files.message());
    }
    if (trouble != trouble_ && !trouble.empty()) catalog_.Alarm(trouble);
    trouble_ = trouble;
  }

  void Mend() {
    LookForTrouble();
    const std::lock_guard lock(catalog_.care_mutex);
    MendHeld();
  }
  // What cannot be mended is not tried without a pause: each time takes the turn of the writers.
  void MendHeld() {
    if (std::chrono::steady_clock::now() < next_try_) return;
    const absl::Status status = catalog_.Mend();
    if (status.ok()) {
      told_.clear();
      pause_ = kLook;
    } else {
      next_try_ = std::chrono::steady_clock::now() + pause_;
      pause_ = std::min(2 * pause_, kLongestPause);
      Tell(absl::StrCat("a damaged part of the index cannot be made again: ",
                        std::string(status.message())));
    }
  }
  // It is tried again and again, and told once.
  void Tell(const std::string& what) {
    if (what == told_) return;
    told_ = what;
    catalog_.Alarm(what);
  }

  Catalog::Impl& catalog_;
  std::string told_;
  milliseconds pause_ = kLook;
  std::chrono::steady_clock::time_point next_try_;
  std::string trouble_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last
};

// Here, where the caretaker is known.
Catalog::~Catalog() {
  impl_->caretaker.reset();
  impl_->SaveDigests(std::max<std::uint64_t>(impl_->options.keep_from / 4, 1));
}

Catalog::Impl::Impl() = default;
Catalog::Impl::~Impl() = default;

void Catalog::Impl::StartCare() {
  if (options.scrubbing.bytes_a_second > 0) caretaker = std::make_unique<Caretaker>(*this);
}

std::vector<std::string> Catalog::Impl::Scrub(const Pace& pace) {
  const std::lock_guard lock(care_mutex);
  std::vector<std::string> found;
  const auto note = [&](const absl::Status& status) {
    // Digests that are in memory only have no files to read.
    if (status.ok() || absl::IsCancelled(status) || absl::IsUnimplemented(status)) return;
    found.emplace_back(status.message());
    Alarm(found.back());
  };
  // First, as they are few bytes, and every search reads them: a page of theirs that the disk does
  // not give ends the process, and leaves no mark.
  for (std::string& problem : ScrubFacts(pace)) {
    Alarm(problem);
    found.push_back(std::move(problem));
  }
  for (int finds = 0; finds < kMaxFindsOfCodes && pace(kScrubbedAtOnce);) {
    const auto done = codes->Scrub(kScrubbedAtOnce);
    note(done.status());
    if (!done.ok()) ++finds;
    // It would be tried again and again, as nothing was taken out.
    if (absl::IsResourceExhausted(done.status()) || (done.ok() && *done)) break;
  }
  note(digests->Scrub(pace));
  note(identities->Scrub(pace));
  return found;
}

std::vector<std::string> Catalog::Impl::ScrubAtOnce() {
  struct Waiting {
    explicit Waiting(std::atomic<int>& count) : count_(count) { ++count_; }
    ~Waiting() { --count_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    std::atomic<int>& count_;
  };
  const Waiting waiting(checks_waiting);
  // Where it cannot be mended now, it is not tried at each step.
  bool mends = true;
  return Scrub([&](std::uint64_t /*bytes*/) {
    if (mends && Ails()) mends = Mend().ok();
    return true;
  });
}

std::vector<std::string> Catalog::Impl::ScrubFacts(const Pace& pace) {
  std::vector<std::string> found;
  for (const FactFile& file : fact_files->files()) {
    if (!pace(EntryTable::kBlockBytes)) break;
    const absl::Status status = fact_files->Check(file);
    // One that was written anew meanwhile is gone.
    if (status.ok() || absl::IsNotFound(status)) continue;
    found.emplace_back(status.message());
    if (absl::IsResourceExhausted(status)) break;
    NoteFacts(file.block);
    if (const auto removed = fact_files->Remove(file); !removed.ok()) {
      absl::StrAppend(&found.back(), "; ", removed.message());
    }
  }
  return found;
}

bool Catalog::Impl::Ails() const {
  return facts_damaged || digests->Stats().is_damaged || identities->Stats().is_damaged ||
         !codes->Missing().empty();
}

}  // namespace kith::catalog
