// SPDX-License-Identifier: Apache-2.0
//
// What must have happened on another thread is waited for.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace kith::index {

// At most so long that a busy machine does not count: false is that it never happens.
inline bool WaitFor(const std::atomic<bool>& flag) {
  const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!flag && std::chrono::steady_clock::now() < last) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return flag;
}

}  // namespace kith::index
