// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "tools/kith/program.h"
#include "tools/report/draft.h"

namespace kith::cli {
namespace {

sigset_t StopSignals() {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Who asked that a run outlive its terminal gets that: a signal that is waited for comes even
  // where it is ignored.
  struct sigaction hang_up {};
  if (::sigaction(SIGHUP, nullptr, &hang_up) != 0 || hang_up.sa_handler != SIG_IGN) {
    sigaddset(&signals, SIGHUP);
  }
  return signals;
}

}  // namespace

Interrupt::Interrupt() : signals_(StopSignals()) {
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  waiter_ = std::jthread([this](const std::stop_token& ended) { Wait(ended); });
}

void Interrupt::RunBegins(bool recorded) {
  RunBegins(recorded ? "\nStopping: what was read is finished and recorded, then comes the "
                       "report. Ctrl-C again ends at once."
                     : "\nStopping: what was read is finished, then comes the report; nothing "
                       "is recorded. Ctrl-C again ends at once.");
}

Interrupt::~Interrupt() {
  waiter_.request_stop();
  ::pthread_kill(waiter_.native_handle(), SIGINT);  // which wakes it
  waiter_.join();
  ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

void Interrupt::Wait(const std::stop_token& ended) {
  while (true) {
    if (::sigwaitinfo(&signals_, nullptr) < 0) continue;
    if (ended.stop_requested()) return;  // it is the destructor's
    if (!running_ || over_ || stop_.stop_requested()) {
      report::RemoveDrafts();
      ::_exit(kExitInterrupted);
    }
    stop_.request_stop();
    Note(stopping_.load());
  }
}

}  // namespace kith::cli
