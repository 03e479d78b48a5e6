// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace kith::hashing::internal {

// Adds the time from its making to its end.
class StopWatch {
 public:
  explicit StopWatch(std::int64_t& total_ns) : total_ns_(total_ns) {}
  ~StopWatch() {
    total_ns_ += std::chrono::duration_cast<std::chrono::nanoseconds>(
                     std::chrono::steady_clock::now() - begin_)
                     .count();
  }
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

 private:
  std::int64_t& total_ns_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace kith::hashing::internal
