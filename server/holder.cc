// SPDX-License-Identifier: Apache-2.0
#include "server/holder.h"

#include <grpcpp/channel.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

namespace kith::server {
namespace {

// Connections must leave descriptors to the store itself.
int ConnectionCap(int wanted) {
  constexpr rlim_t kForTheStore = 64;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return wanted;
  const rlim_t left =
      files.rlim_cur > 2 * kForTheStore ? files.rlim_cur - kForTheStore : files.rlim_cur / 2;
  return static_cast<int>(std::min<rlim_t>(static_cast<rlim_t>(wanted), left));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Holder>> Holder::Start(std::unique_ptr<StoreLock> lock,
                                                      const HolderOptions& options,
                                                      const EngineFactory& factory) {
  // The constructor is private.
  std::unique_ptr<Holder> holder(new Holder(std::move(lock), options));
  if (absl::Status begun = holder->Begin(options, factory); !begun.ok()) return begun;
  return holder;
}

Holder::Holder(std::unique_ptr<StoreLock> lock, const HolderOptions& options)
    : drain_ms_(options.drain_ms), others_wait_(options.others_wait), lock_(std::move(lock)) {}

absl::Status Holder::Begin(const HolderOptions& options, const EngineFactory& factory) {
  absl::StatusOr<std::unique_ptr<RpcServer>> rpc = RpcServer::Start(options.rpc);
  if (!rpc.ok()) return rpc.status();
  rpc_ = *std::move(rpc);
  channel_ = rpc_->InProcessChannel();

  AcceptorOptions accepting = options.acceptor;
  accepting.max_connections = ConnectionCap(accepting.max_connections);
  acceptor_ = std::make_unique<Acceptor>(
      accepting, [this](int listener_fd, int fd) { rpc_->Adopt(listener_fd, fd); });
  absl::StatusOr<std::string> socket_path = lock_->SocketPath();
  if (!socket_path.ok()) return socket_path.status();
  Address in_store;
  in_store.kind = Address::Kind::kUnix;
  in_store.path = *socket_path;
  std::vector<Address> wanted = options.listen;
  wanted.push_back(in_store);
  for (const Address& address : wanted) {
    absl::StatusOr<Address> bound = acceptor_->Listen(address);
    if (!bound.ok()) return bound.status();
    addresses_.push_back(*std::move(bound));
  }
  if (absl::Status told = lock_->Announce(in_store.ToString()); !told.ok()) return told;

  EngineOptions engine_options = options.engine;
  engine_options.store_dir = lock_->store_dir();
  absl::StatusOr<std::unique_ptr<Engine>> engine = factory(engine_options);
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  rpc_->Serve(engine_.get());
  return absl::OkStatus();
}

// Connections, not calls: between two calls of an import, or of a prompt, nothing runs.
void Holder::WaitForOthers() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPause(20);
  constexpr std::chrono::milliseconds kMoment(500);  // one that has just ended is soon gone
  const Clock::time_point tell_at = Clock::now() + kMoment;
  bool told = false;
  for (;;) {
    while (acceptor_->OpenConnections() > 0) {
      if (!told && Clock::now() >= tell_at) {
        told = true;
        others_wait_();
      }
      std::this_thread::sleep_for(kPause);
    }
    rpc_->AnnounceStop();
    if (acceptor_->OpenConnections() == 0) return;
    // Somebody came before the stop was announced, and may rely on being answered.
    rpc_->Serve(engine_.get());
  }
}

Holder::~Holder() {
  if (others_wait_ && engine_ != nullptr) WaitForOthers();
  if (rpc_ != nullptr) rpc_->AnnounceStop();
  if (acceptor_ != nullptr) acceptor_->Stop();
  if (rpc_ != nullptr) rpc_->Shutdown(drain_ms_);
  channel_.reset();
  engine_.reset();
  rpc_.reset();
  acceptor_.reset();
  lock_.reset();
}

}  // namespace kith::server
