// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace kith::bench {
namespace {

constexpr std::chrono::milliseconds kOnTerminal{500};
constexpr std::chrono::seconds kElsewhere{10};

}  // namespace

Progress::Progress() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { Clear(); }

void Progress::Tell(std::string_view phase, std::uint64_t done, std::uint64_t total) {
  const Clock::time_point now = Clock::now();
  if (phase != phase_) {
    phase_ = phase;
    phase_began_ = now;
  }
  if (now - told_ < (is_terminal_ ? Clock::duration(kOnTerminal) : Clock::duration(kElsewhere))) {
    return;
  }
  told_ = now;
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const double seconds = std::chrono::duration<double>(now - phase_began_).count();
  fmt::print(stderr, "{}kith-bench: {}: {:.0f}%, {:.0f} s{}", is_terminal_ ? "\r\x1b[K" : "", phase,
             100 * share, seconds, is_terminal_ ? "" : "\n");
  std::fflush(stderr);
  is_shown_ = true;
}

void Progress::Clear() {
  if (is_terminal_ && is_shown_) fmt::print(stderr, "\r\x1b[K");
  is_shown_ = false;
}

}  // namespace kith::bench
