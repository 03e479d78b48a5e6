// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/interrupt.h"

#include <fmt/core.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

namespace kith::bench {
namespace {

sigset_t StopSignals() {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

Interrupt::Interrupt(std::string what, std::function<void()> then)
    : what_(std::move(what)), then_(std::move(then)) {
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::jthread([this](const std::stop_token& ended) { Wait(ended); });
}

Interrupt::~Interrupt() {
  waiter_.request_stop();
  waiter_.join();
  const sigset_t signals = StopSignals();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void Interrupt::Wait(const std::stop_token& ended) {
  const sigset_t signals = StopSignals();
  while (!ended.stop_requested()) {
    const timespec patience{0, 100'000'000};
    if (::sigtimedwait(&signals, nullptr, &patience) < 0 || stop_.stop_requested()) continue;
    stop_.request_stop();
    fmt::print(stderr, "kith-bench: {}\n", what_);
    if (then_) then_();
  }
}

}  // namespace kith::bench
