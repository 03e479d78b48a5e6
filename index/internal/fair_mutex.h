// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace kith::index::internal {

// A mutex that whoever waits for it gets next, or after the others that waited: one thread that
// takes it again and again, and gives it back in between for moments only, keeps nobody from it, as
// it would with std::mutex. To be waited with on std::condition_variable_any.
class FairMutex {
 public:
  void lock() {
    // The one that holds the turn waits for the mutex, all others for the turn.
    const std::lock_guard turn(turn_);
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex turn_;
  std::mutex mutex_;
};

}  // namespace kith::index::internal
