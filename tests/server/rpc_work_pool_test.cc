// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/work_pool.h"

#include <gtest/gtest.h>

#include <future>

namespace kith::server {
namespace {

// What is refused is told by how much is in hand, not by how quickly a thread takes it up.
TEST(WorkPool, TakesABurstThatItsIdleThreadsAndItsQueueHold) {
  for (int round = 0; round < 50; ++round) {
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    WorkPool pool({.look_up_threads = 1, .long_threads = 4, .max_waiting = 1});
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(pool.TryPost(Lane::kLong, [released] { released.wait(); })) << i;
    }
    EXPECT_FALSE(pool.TryPost(Lane::kLong, [] {}));
    EXPECT_TRUE(pool.TryPost(Lane::kLookUp, [] {})) << "the lanes are counted apart";
    EXPECT_TRUE(pool.TryPost(Lane::kStream, [] {}));
    release.set_value();
  }
}

}  // namespace
}  // namespace kith::server
