// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a store that this process holds, served to itself and to others through the socket in
// the store.
//
// Thread-safety: as the channel that it gives; start and end are of one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine.h"
#include "server/net/acceptor.h"
#include "server/net/address.h"
#include "server/rpc/rpc_server.h"
#include "server/store_lock.h"

namespace grpc {
class Channel;
}

namespace kith::server {

// Engine::Open, or what a test puts in its place.
using EngineFactory =
    std::function<absl::StatusOr<std::unique_ptr<Engine>>(const EngineOptions& options)>;

struct HolderOptions {
  EngineOptions engine;
  RpcServerOptions rpc;
  AcceptorOptions acceptor;
  // Beside the socket in the store.
  std::vector<Address> listen;
  // Where set, the holder stays at its end until nobody is connected any more, so that no run of
  // another program dies with it. Told once, when that takes longer than a moment.
  std::function<void()> others_wait;
  // How long the running calls of others may go on at the end before they are cancelled.
  int drain_ms = 10'000;
};

// A store that this process holds: lock, engine, services, and the socket in the store through
// which other processes speak to it. Thread-safe but for its start and end.
class Holder {
 public:
  // Takes over the lock. Listens first and opens the store then, so that whoever comes meanwhile
  // learns that it is still loading. Errors: of Engine::Open and Acceptor::Listen.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Holder>> Start(
      std::unique_ptr<StoreLock> lock, const HolderOptions& options, const EngineFactory& factory);
  // Waits for others, where others_wait is set; lets running calls end, at most drain_ms; closes
  // the store; removes the socket; gives up the lock: in this order.
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  [[nodiscard]] const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // With the ports that were really taken; the store's own socket is the last.
  [[nodiscard]] const std::vector<Address>& addresses() const { return addresses_; }
  [[nodiscard]] const std::string& store_dir() const { return lock_->store_dir(); }

 private:
  Holder(std::unique_ptr<StoreLock> lock, const HolderOptions& options);
  [[nodiscard]] absl::Status Begin(const HolderOptions& options, const EngineFactory& factory);

  void WaitForOthers();

  const int drain_ms_;
  const std::function<void()> others_wait_;
  std::unique_ptr<StoreLock> lock_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<RpcServer> rpc_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<Address> addresses_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace kith::server
