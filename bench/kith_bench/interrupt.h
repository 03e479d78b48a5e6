// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace kith::bench {

// Ctrl-C, SIGTERM and SIGHUP as a wish to stop, so that a run can take its temporary files away.
// Make it before any other thread, so that no other thread gets the signals. One at a time in a
// process.
class Interrupt {
 public:
  // The first signal prints `what` and calls `then`, on a thread of its own, if it is given.
  explicit Interrupt(std::string what, std::function<void()> then = {});
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }

 private:
  void Wait(const std::stop_token& ended);

  std::string what_;
  std::function<void()> then_;
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace kith::bench
