// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the services of the contract over one engine, on connections that somebody else accepts.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/engine.h"

namespace grpc {
class Channel;
}

namespace kith::server {

struct RpcServerOptions {
  int threads = 0;  // for look-ups; 0: one a core
  bool reflection = false;
  int max_waiting_calls = 256;  // of each lane (work_pool.h)
  // As in CallContext (call_context.h).
  int max_streams = 64;
  int write_stall_ms = 60'000;
  int write_total_ms = 600'000;
  int stream_idle_ms = 1'800'000;
  // How long a connection without a call is kept; the largest int: for ever.
  int connection_idle_ms = 600'000;
  int handshake_ms = 10'000;  // for a connection to say something in HTTP/2
};

// The services of proto/kith/v1, health and, if asked for, reflection, over gRPC's callback API. It
// listens on nothing: connections come in through the channel of this process or as descriptors
// that somebody else has accepted (server/net/acceptor.h). Until Serve() every call fails with
// UNAVAILABLE and health says NOT_SERVING. Thread-safe.
class RpcServer {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const RpcServerOptions& options);
  // As Shutdown(0).
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  // Begins to answer from `engine`, which outlives this.
  void Serve(Engine* engine);
  // Health says NOT_SERVING from now on, so that whoever balances load turns away; calls are still
  // answered.
  void AnnounceStop();
  // Takes no new calls, lets the running ones end until the deadline, cancels the rest and waits
  // for them. The engine is not called afterwards.
  void Shutdown(int deadline_ms);

  // No call may begin on it after Shutdown: gRPC 1.51 ends the process then.
  [[nodiscard]] std::shared_ptr<grpc::Channel> InProcessChannel();
  // Takes over an accepted connection; closes it when the server has ended.
  void Adopt(int listener_fd, int fd);

 private:
  class Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::server
