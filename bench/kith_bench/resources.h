// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace kith::bench {

// What this process has used so far, as the kernel tells it.
struct Resources {
  std::uint64_t resident_bytes = 0;  // now (VmRSS), pages of mapped files among them
  std::uint64_t peak_bytes = 0;      // the most since ForgetPeak, or since the start (VmHWM)
  std::uint64_t minor_faults = 0;    // pages that the kernel had to map
  std::uint64_t major_faults = 0;    // pages that came from the disk

  [[nodiscard]] static Resources Now();
  // Lets peak_bytes begin anew; where the kernel refuses, it goes on from the start.
  static void ForgetPeak();
};

// Processor time of all threads of this process.
[[nodiscard]] double CpuSeconds();

}  // namespace kith::bench
