// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::bench {

// What a long run is at, on stderr: on a terminal one line that is written over, elsewhere a line
// now and then. A run that is over soon says nothing. One thread at a time.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Tell(std::string_view phase, std::uint64_t done, std::uint64_t total);
  // Takes the line away, for what is printed next.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool is_terminal_;
  bool is_shown_ = false;
  std::string phase_;
  Clock::time_point phase_began_ = Clock::now();
  Clock::time_point told_ = Clock::now();
};

}  // namespace kith::bench
