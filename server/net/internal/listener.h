// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "server/net/address.h"

namespace kith::server::internal {

// A listening, non-blocking, close-on-exec socket; the port that was taken is written into
// `address`. The caller closes it. Errors: see Acceptor::Listen.
[[nodiscard]] absl::StatusOr<int> OpenListener(Address* address, int backlog);

}  // namespace kith::server::internal
