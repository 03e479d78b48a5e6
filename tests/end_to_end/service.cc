// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/service.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

namespace kith::end_to_end {

Service::Service(const World& world, const std::filesystem::path& store)
    : Service(world.Line(
          "kithd", {"--store", store.string(), "--listen", "127.0.0.1:0", "--ready-fd", "1"})) {}

Service::Service(const Command& command) : child_(command) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  // Written at once, when the service answers.
  while (child_.Out().empty() && child_.IsRunning() &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::istringstream addresses(child_.Out());
  for (std::string line; std::getline(addresses, line);) {
    (line.starts_with("unix:") ? unix_ : tcp_) = line;
  }
  EXPECT_FALSE(unix_.empty()) << child_.Out() << child_.Err();
}

Service::~Service() {
  child_.Signal(SIGTERM);
  (void)child_.Wait(std::chrono::seconds(20));
}

}  // namespace kith::end_to_end
