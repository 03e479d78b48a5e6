// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace kith::index::internal {

// A mutex that a thread that gave it back gets again only after one that waited for it meanwhile:
// so one that takes it again and again, and gives it back for moments only, does not keep it from
// another, as it would with std::mutex. For std::condition_variable_any.
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
