// SPDX-License-Identifier: Apache-2.0
//
// Purpose: where a service listens or is found, and nothing but this machine is taken for one.
//
// Thread-safety: a value, and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kith::server {

// Where a service listens or is found: HOST:PORT on loopback, or unix:PATH. A value; thread-safe as
// such.
struct Address {
  enum class Kind { kTcp, kUnix };
  Kind kind = Kind::kTcp;
  std::string host;        // of kTcp: a number, "127.0.0.1" or "::1"
  std::uint16_t port = 0;  // of kTcp; 0: any free one, only to listen on
  std::string path;        // of kUnix: absolute or relative to the working folder

  // As people write it and as gRPC takes it: "127.0.0.1:7475", "[::1]:7475", "unix:/x/kith.sock".
  [[nodiscard]] std::string ToString() const;
};

// The longest path that fits into a Unix socket's address.
inline constexpr std::size_t kMaxUnixPathBytes = 107;

// Reads "HOST:PORT", "[::1]:PORT" or "unix:PATH". Nothing but loopback (127.0.0.0/8, ::1,
// localhost) and Unix sockets is taken until the service can tell its clients apart by mutual TLS.
// Errors: INVALID_ARGUMENT, which says what is wrong and what would be right.
[[nodiscard]] absl::StatusOr<Address> ParseAddress(std::string_view text);

}  // namespace kith::server
