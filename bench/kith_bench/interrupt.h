// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace kith::bench {

// Ctrl-C, SIGTERM and SIGHUP as a wish to stop, so that a run can take its temporary store away.
// Make it before any other thread, so that no other thread gets the signals. One at a time in a
// process.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }

 private:
  void Wait(const std::stop_token& ended);

  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace kith::bench
