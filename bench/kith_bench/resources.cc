// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/resources.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include <fstream>
#include <sstream>
#include <string>

namespace kith::bench {

Resources Resources::Now() {
  Resources used;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    used.minor_faults = static_cast<std::uint64_t>(usage.ru_minflt);
    used.major_faults = static_cast<std::uint64_t>(usage.ru_majflt);
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string key;
    std::uint64_t kibibytes = 0;
    words >> key >> kibibytes;
    if (key == "VmRSS:") used.resident_bytes = kibibytes << 10;
    if (key == "VmHWM:") used.peak_bytes = kibibytes << 10;
  }
  return used;
}

void Resources::ForgetPeak() {
  // What the engine before it gave back is not to count for the next one.
  ::malloc_trim(0);
  // Who forbids its core dumps may not write there, unless it is root.
  const int dumpable = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  std::ofstream("/proc/self/clear_refs") << "5\n";
  ::prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

double CpuSeconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

}  // namespace kith::bench
