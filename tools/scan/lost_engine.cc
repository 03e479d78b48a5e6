// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/lost_engine.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "proto/kith/v1/admin.grpc.pb.h"

namespace kith::scan {

LostEngine::LostEngine(std::shared_ptr<grpc::Channel> channel, std::stop_token stop,
                       std::chrono::milliseconds patience, std::function<void()> give_up)
    : channel_(std::move(channel)),
      stop_(std::move(stop)),
      patience_(patience),
      give_up_(std::move(give_up)) {
  watcher_ = std::jthread([this](const std::stop_token& ended) { Watch(ended); });
}

LostEngine::~LostEngine() = default;

void LostEngine::Watch(const std::stop_token& ended) {
  // Where it was asked to stop already, this calls at once: the lock is not held yet.
  const std::stop_callback wake(stop_, [this] {
    const std::lock_guard guard(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, ended, [this] { return stop_.stop_requested(); });
  lock.unlock();
  while (!ended.stop_requested()) {
    const std::uint64_t before = heard_;
    lock.lock();
    (void)changed_.wait_for(lock, ended, patience_, [] { return false; });
    lock.unlock();
    if (ended.stop_requested()) return;
    if (heard_ != before || Answers()) continue;
    gave_up_ = true;
    give_up_();
    return;
  }
}

bool LostEngine::Answers() const {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + patience_);
  v1::GetCapabilitiesResponse response;
  const grpc::StatusCode code =
      v1::AdminService::NewStub(channel_)->GetCapabilities(&context, {}, &response).error_code();
  // A refusal is an answer too.
  return code != grpc::StatusCode::DEADLINE_EXCEEDED && code != grpc::StatusCode::UNAVAILABLE;
}

}  // namespace kith::scan
