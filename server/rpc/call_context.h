// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what all calls of the service share: the engine, the threads, the limits, and how many
// calls run.
//
// Thread-safety: RunningCalls may be used from any thread; of CallContext the atomic members, and
// `streams` under its mutex. The limits are set before the first call and stay.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "server/engine.h"
#include "server/rpc/work_pool.h"

namespace kith::server {

// Counts the calls that gRPC is not done with. gRPC's own shutdown lets running calls end, but cuts
// off those of the in-process channel at once; so we wait for all of them before it. Thread-safe.
class RunningCalls {
 public:
  // Of one call; made when the call comes, destroyed when gRPC is done with it.
  class Token {
   public:
    explicit Token(RunningCalls* calls) : calls_(calls) {
      const std::lock_guard<std::mutex> lock(calls_->mutex_);
      ++calls_->running_;
    }
    ~Token() {
      const std::lock_guard<std::mutex> lock(calls_->mutex_);
      if (--calls_->running_ == 0) calls_->none_.notify_all();
    }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

   private:
    RunningCalls* const calls_;
  };

  void WaitForNone(std::chrono::milliseconds at_most) {
    std::unique_lock<std::mutex> lock(mutex_);
    none_.wait_for(lock, at_most, [this] { return running_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int running_ = 0;
};

class MatchStream;

// What every call needs. Outlives the calls.
struct CallContext {
  // Null while the index is loaded.
  std::atomic<Engine*> engine = nullptr;
  // Set when the service ends: what runs may go on, nothing new begins.
  std::atomic<bool> ending = false;
  RunningCalls running;
  std::atomic<int> open_streams = 0;
  WorkPool* pool = nullptr;
  // Streams that are open at the same time, each of which holds up to two messages.
  int max_streams = 64;
  // How long a client may take to read one message of a stream before it is given up, and how long
  // the service waits for it in all.
  int write_stall_ms = 60'000;
  int write_total_ms = 600'000;
  // A stream of which nothing was heard for so long makes room where there is none. Not sooner: a
  // client may be at a file of terabytes.
  int stream_idle_ms = 1'800'000;
  std::mutex streams_mutex;
  std::vector<std::weak_ptr<MatchStream>> streams;  // guarded by streams_mutex
};

// Why a call cannot begin now, or OK. Engine is not null when it is OK.
[[nodiscard]] inline absl::Status Readiness(const CallContext& calls) {
  if (calls.ending.load()) return absl::UnavailableError("the service is ending; connect again");
  if (calls.engine.load() == nullptr) {
    return absl::UnavailableError("the service is starting: its index is still being loaded");
  }
  return absl::OkStatus();
}

[[nodiscard]] inline absl::Status TooBusy() {
  return absl::ResourceExhaustedError("the service is too busy: its queue is full; try again");
}

[[nodiscard]] inline absl::Status ClientGone() {
  return absl::CancelledError("the client ended the call or its deadline has passed");
}

}  // namespace kith::server
