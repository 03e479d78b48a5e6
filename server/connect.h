// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/embedded.h"
#include "server/holder.h"

namespace kith::server {

// What Connect() and RunKithd() (server/embedded.h) do, over any engine.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Connection>> ConnectWith(const ConnectOptions& options,
                                                                      const EngineFactory& factory);
int RunKithdWith(int argc, char** argv, const EngineFactory& factory);

}  // namespace kith::server
