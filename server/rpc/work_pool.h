// SPDX-License-Identifier: Apache-2.0
//
// Purpose: threads for the work of calls, so that gRPC's own never compute.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <functional>
#include <memory>

namespace kith::server {

// Where a call is worked on. Look-ups never wait for a commit, so they get threads of their own;
// what writes or reads much shares others. What sends a stream waits for its client, however slow
// that is, and holds up nothing but other streams.
enum class Lane { kLookUp, kLong, kStream };

// The threads that do the work of calls (boost::asio::thread_pool), with bounded queues.
// Thread-safe.
class WorkPool {
 public:
  struct Options {
    int look_up_threads = 0;  // 0: one a core
    int long_threads = 8;
    int stream_threads = 16;
    int max_waiting = 256;  // calls of one lane that have not begun
  };
  explicit WorkPool(const Options& options);
  // Waits for all work that was posted.
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // False, and nothing is done, when the lane's queue is full. `work` must not throw.
  [[nodiscard]] bool TryPost(Lane lane, std::function<void()> work);
  // For the next step of what has been let in already.
  void Post(Lane lane, std::function<void()> work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::server
