// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace kith::cli {

// Ctrl-C (and SIGTERM, and SIGHUP unless it is ignored as under nohup) in two steps: the first asks
// the run to stop, the second ends the process at once with exit 130, and no file that is half
// written stays. Make it before any other thread, so that no other thread gets the signals. One at
// a time in a process.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // From now on there is a run that can stop by itself; before, the first Ctrl-C ends the process.
  // `recorded`: what the run has answered is kept.
  void RunBegins(bool recorded);
  // The same; `stopping` is what the first Ctrl-C says, and outlives this.
  void RunBegins(const char* stopping) {
    stopping_ = stopping;
    running_ = true;
  }
  // There is no run any more: the next Ctrl-C ends the process at once, though a run had begun.
  static void RunIsOver() { over_ = true; }
  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }
  [[nodiscard]] bool requested() const { return stop_.stop_requested(); }

 private:
  void Wait(const std::stop_token& ended);

  static inline std::atomic<bool> over_ = false;

  const sigset_t signals_;
  std::stop_source stop_;
  std::atomic<bool> running_ = false;
  std::atomic<const char*> stopping_ = "";
  std::jthread waiter_;
};

}  // namespace kith::cli
