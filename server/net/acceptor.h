// SPDX-License-Identifier: Apache-2.0
//
// Purpose: accept connections, with a cap, and hand them over as descriptors.
//
// Thread-safety: may be called from any thread; what takes the connections over is called on a
// thread of the acceptor.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/net/address.h"

namespace kith::server {

struct AcceptorOptions {
  // Open connections over all addresses together; one more is closed as soon as it is accepted.
  int max_connections = 1024;
  int backlog = 256;
  // How long nothing is accepted after accept() failed, for want of descriptors or memory say.
  int backoff_ms = 100;
};

// Accepts connections on loopback and Unix sockets and hands each, as a descriptor, to whoever
// speaks on it. It stands in for gRPC's own listener, which never accepts again once accept() has
// failed for want of descriptors (CVE-2023-4785). A Unix socket is mode 0600, and a peer of another
// user than ours or root is turned away.
//
// Thread-safe. It has one thread of its own, on which `hand_over` is called.
class Acceptor {
 public:
  // Owns the descriptor (non-blocking, close-on-exec) from then on.
  using HandOver = std::function<void(int listener_fd, int fd)>;

  Acceptor(const AcceptorOptions& options, HandOver hand_over);
  // As Stop().
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Listens; returns the address with the port that was really taken. A stale Unix socket of ours
  // is replaced; one that somebody answers on, or a file that is no socket, is not.
  // Errors: ALREADY_EXISTS when the port or socket is in use, PERMISSION_DENIED,
  // FAILED_PRECONDITION.
  [[nodiscard]] absl::StatusOr<Address> Listen(const Address& address);

  // Of the connections that were handed over, those that are still open. Cost: a system call each.
  [[nodiscard]] int OpenConnections();

  // Closes the listeners and removes their Unix sockets; connections that were handed over live on.
  // When it returns, `hand_over` is not called any more.
  void Stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace kith::server
