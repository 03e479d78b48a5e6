// SPDX-License-Identifier: Apache-2.0
//
// Purpose: give a call up, after its run was asked to stop, when its engine is there no more: one
// that stands still ends no call, and whoever pressed Ctrl-C would wait for it.
//
// Thread-safety: Heard may be called from any thread.
#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace kith::scan {

class LostEngine {
 public:
  // From the request of `stop` on: where nothing is heard for `patience`, asks the engine a simple
  // question, and where that has no answer within `patience` either, calls `give_up`, once, from a
  // thread of its own. An engine that is at work, however long, is not given up.
  LostEngine(std::shared_ptr<grpc::Channel> channel, std::stop_token stop,
             std::chrono::milliseconds patience, std::function<void()> give_up);
  // Waits for that thread, up to `patience`.
  ~LostEngine();
  LostEngine(const LostEngine&) = delete;
  LostEngine& operator=(const LostEngine&) = delete;

  // The engine has sent something.
  void Heard() { ++heard_; }
  [[nodiscard]] bool gave_up() const { return gave_up_; }

 private:
  void Watch(const std::stop_token& ended);
  [[nodiscard]] bool Answers() const;

  const std::shared_ptr<grpc::Channel> channel_;
  const std::stop_token stop_;
  const std::chrono::milliseconds patience_;
  const std::function<void()> give_up_;
  std::atomic<std::uint64_t> heard_ = 0;
  std::atomic<bool> gave_up_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread watcher_;
};

}  // namespace kith::scan
