// SPDX-License-Identifier: Apache-2.0
#include "server/connect.h"

#include <grpcpp/channel.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/net/address.h"
#include "server/rpc/channel.h"
#include "server/store_lock.h"

namespace kith::server {
namespace {

using Clock = std::chrono::system_clock;
constexpr std::chrono::milliseconds kPause(20);
// One question about health: long enough for a busy machine, short enough to look at the lock
// again.
constexpr std::chrono::milliseconds kOneQuestion(1000);

class HeldConnection final : public Connection {
 public:
  explicit HeldConnection(std::unique_ptr<Holder> holder) : holder_(std::move(holder)) {}
  std::shared_ptr<grpc::Channel> channel() const override { return holder_->channel(); }
  bool is_holder() const override { return true; }
  std::string description() const override { return absl::StrCat("store ", holder_->store_dir()); }

 private:
  std::unique_ptr<Holder> holder_;
};

class RemoteConnection final : public Connection {
 public:
  RemoteConnection(std::shared_ptr<grpc::Channel> channel, std::string description)
      : channel_(std::move(channel)), description_(std::move(description)) {}
  std::shared_ptr<grpc::Channel> channel() const override { return channel_; }
  bool is_holder() const override { return false; }
  std::string description() const override { return description_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::string description_;
};

absl::Status AskOnce(const std::shared_ptr<grpc::Channel>& channel, Clock::time_point deadline) {
  return CheckHealth(channel, std::min(deadline, Clock::now() + kOneQuestion));
}

absl::StatusOr<std::unique_ptr<Connection>> ConnectToServer(const ConnectOptions& options,
                                                            Clock::time_point deadline) {
  absl::StatusOr<Address> address = ParseAddress(options.server);
  if (!address.ok()) return address.status();
  const std::shared_ptr<grpc::Channel> channel = OpenChannel(*address);
  absl::Status health;
  do {
    health = AskOnce(channel, deadline);
    if (health.ok()) {
      return std::make_unique<RemoteConnection>(channel,
                                                absl::StrCat("server ", address->ToString()));
    }
    std::this_thread::sleep_for(kPause);
  } while (Clock::now() < deadline);
  return absl::UnavailableError(
      absl::StrCat("server ", address->ToString(), " did not get ready within ", options.timeout_ms,
                   " ms (", health.message(), "); is kithd running there?"));
}

std::string Describe(const ConnectOptions& options, const StoreHolder& holder) {
  return absl::StrCat("store ", options.store_dir, " held by ",
                      HolderText(holder, options.store_dir));
}

absl::StatusOr<std::unique_ptr<Connection>> Hold(std::unique_ptr<StoreLock> lock,
                                                 const ConnectOptions& options,
                                                 const EngineFactory& factory) {
  HolderOptions holding;
  holding.engine.create = options.create;
  holding.engine.index_engine = options.index_engine;
  holding.engine.keep_from = options.index_keep_from;
  holding.engine.progress = options.progress;
  holding.others_wait = options.others_wait;
  // A connection is what shows that another program is not done yet.
  holding.rpc.connection_idle_ms = std::numeric_limits<int>::max();
  absl::StatusOr<std::unique_ptr<Holder>> holder = Holder::Start(std::move(lock), holding, factory);
  if (!holder.ok()) return holder.status();
  return std::make_unique<HeldConnection>(*std::move(holder));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> ConnectWith(const ConnectOptions& options,
                                                        const EngineFactory& factory) {
  const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(options.timeout_ms);
  if (!options.server.empty()) return ConnectToServer(options, deadline);
  std::string reason;
  StoreHolder holder;
  std::shared_ptr<grpc::Channel> channel;
  // The holder may end while we turn to it, and then the store is ours to take.
  do {
    absl::StatusOr<StoreLock::Attempt> attempt =
        StoreLock::TryAcquire(options.store_dir, options.create, options.program);
    if (!attempt.ok()) return attempt.status();
    if (options.warn && !attempt->open_to_others.empty()) options.warn(attempt->open_to_others);
    if (attempt->lock != nullptr) return Hold(std::move(attempt->lock), options, factory);
    if (attempt->holder.address != holder.address) channel = nullptr;
    holder = attempt->holder;
    if (holder.address.empty()) {
      reason = "it has not said where it listens";
    } else if (absl::StatusOr<Address> address = ParseAddress(holder.address); !address.ok()) {
      return address.status();
    } else {
      if (channel == nullptr) channel = OpenChannel(*address);
      const absl::Status health = AskOnce(channel, deadline);
      if (health.ok()) {
        return std::make_unique<RemoteConnection>(channel, Describe(options, holder));
      }
      reason = std::string(health.message());
    }
    std::this_thread::sleep_for(kPause);
  } while (Clock::now() < deadline);
  return absl::UnavailableError(absl::StrCat(Describe(options, holder), " did not answer within ",
                                             options.timeout_ms, " ms (", reason,
                                             "); wait for it or end it"));
}

}  // namespace kith::server
