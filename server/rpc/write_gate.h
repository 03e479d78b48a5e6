// SPDX-License-Identifier: Apache-2.0
//
// Purpose: keep one message of a stream in flight, and give up a client that does not read.
//
// Thread-safety: one worker calls Write and Flush, the reactor OnWriteDone, from any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace kith::server {

// Keeps one write of a stream in flight: the worker that makes the messages waits until gRPC has
// taken the last one, and with it the client. The worker calls Write and Flush, the reactor
// OnWriteDone. A client that takes longer than `stall_ms` over one message is given up, and so is
// one for which the worker waited `total_ms` in all.
class WriteGate {
 public:
  // `cancel` ends the call (ServerContext::TryCancel), which ends the write in flight.
  WriteGate(int stall_ms, int total_ms, std::function<void()> cancel)
      : stall_(std::chrono::milliseconds(stall_ms)),
        left_(std::chrono::milliseconds(total_ms)),
        cancel_(std::move(cancel)) {}

  // Waits for the last write, then calls `start`. False when the client is gone.
  [[nodiscard]] bool Write(const std::function<void()>& start) {
    if (!Flush()) return false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      in_flight_ = true;
    }
    start();
    return true;
  }

  // Waits for the last write: none is in flight when it returns. False when the client is gone.
  [[nodiscard]] bool Flush() {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto idle = [this] { return !in_flight_; };
    const auto begun = Clock::now();
    const bool in_time = done_.wait_for(lock, std::min(stall_, left_), idle);
    left_ -= std::min(left_, Clock::now() - begun);
    if (!in_time) {
      lock.unlock();
      cancel_();
      lock.lock();
      done_.wait(lock, idle);
      failed_ = true;
    }
    return !failed_;
  }

  [[nodiscard]] bool Idle() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return !in_flight_;
  }

  void OnWriteDone(bool ok) {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_flight_ = false;
    failed_ = failed_ || !ok;
    done_.notify_all();
  }

 private:
  using Clock = std::chrono::steady_clock;

  const Clock::duration stall_;
  Clock::duration left_;  // of the worker
  const std::function<void()> cancel_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool in_flight_ = false;
  bool failed_ = false;
};

}  // namespace kith::server
