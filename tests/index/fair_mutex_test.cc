// SPDX-License-Identifier: Apache-2.0
#include "index/internal/fair_mutex.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace kith::index::internal {
namespace {

// How often another thread got the mutex between the wish of this one and its getting it: the
// median of some, as a thread may be held up anywhere.
template <typename Mutex>
int TurnsOfTheOther() {
  Mutex mutex;
  std::atomic<bool> done{false};
  std::atomic<int> turns{0};
  std::thread other([&] {
    while (!done) {
      const std::unique_lock<Mutex> lock(mutex);
      ++turns;
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
      while (std::chrono::steady_clock::now() < end) {
      }
    }
  });
  std::vector<int> waited;
  for (int i = 0; i < 21; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    const int before = turns;
    const std::unique_lock<Mutex> lock(mutex);
    waited.push_back(turns - before);
  }
  done = true;
  other.join();
  std::nth_element(waited.begin(), waited.begin() + 10, waited.end());
  return waited[10];
}

TEST(FairMutexTest, OneThatTakesItAgainAndAgainKeepsNobodyFromIt) {
  EXPECT_LE(TurnsOfTheOther<FairMutex>(), 2);
}

}  // namespace
}  // namespace kith::index::internal
