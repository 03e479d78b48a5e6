// SPDX-License-Identifier: Apache-2.0
//
// How long something took, by the clock on the wall and in processor time of all threads.
#pragma once

#include <chrono>
#include <ctime>

namespace kith::bench {

class Watch {
 public:
  [[nodiscard]] double Wall() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] double Cpu() const { return CpuNow() - cpu_; }

 private:
  static double CpuNow() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double cpu_ = CpuNow();
};

}  // namespace kith::bench
