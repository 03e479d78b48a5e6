// SPDX-License-Identifier: Apache-2.0
#include "index/internal/fair_mutex.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "gtest/gtest.h"

namespace kith::index::internal {
namespace {

// Whether a thread that waits gets the mutex before the one that gives it back and wants it again
// at once.
template <typename Mutex>
bool WhoWaitsIsNext() {
  Mutex mutex;
  std::atomic<bool> waits{false};
  std::unique_lock<Mutex> mine(mutex);
  std::thread other([&] {
    waits = true;
    const std::unique_lock<Mutex> lock(mutex);
    waits = false;
  });
  while (!waits) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  mine.unlock();
  mine.lock();
  const bool was_first = !waits;
  mine.unlock();
  other.join();
  return was_first;
}

TEST(FairMutexTest, OneThatTakesItAgainAtOnceKeepsNobodyFromIt) {
  int first = 0;
  for (int i = 0; i < 11; ++i) first += WhoWaitsIsNext<FairMutex>() ? 1 : 0;
  // A busy machine may hold up the one that is to wait until it comes too late.
  EXPECT_GE(first, 8);
}

}  // namespace
}  // namespace kith::index::internal
