// SPDX-License-Identifier: Apache-2.0
#include "server/embedded.h"

#include "server/connect.h"
#include "server/engine.h"

namespace kith::server {

absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options) {
  return ConnectWith(options, &Engine::Open);
}

int RunKithd(int argc, char** argv) { return RunKithdWith(argc, argv, &Engine::Open); }

}  // namespace kith::server
