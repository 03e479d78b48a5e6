// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/machine.h"

#include <fmt/core.h>

#include <fstream>
#include <thread>

namespace kith::bench {

std::string MachineName() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string name = "unknown processor";
  std::string family;
  for (std::string line; std::getline(cpuinfo, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    // A virtual machine may hide the name; family and model still tell the generation.
    if (line.starts_with("model name")) name = line.substr(colon + 2);
    if (line.starts_with("cpu family")) family = line.substr(colon + 2);
    if (line.starts_with("model\t")) family = fmt::format("{}/{}", family, line.substr(colon + 2));
    if (line.empty()) break;
  }
  if (!family.empty()) name = fmt::format("{} (family/model {})", name, family);
  return fmt::format("{}, {} threads", name, std::thread::hardware_concurrency());
}

}  // namespace kith::bench
