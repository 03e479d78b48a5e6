// SPDX-License-Identifier: Apache-2.0
//
// Purpose: find a way to an engine, or be kithd, over any engine: what server/embedded.h does over
// the real one, and the tests over one that is not there.
//
// Thread-safety: ConnectWith may be called from any thread. RunKithdWith is a whole program, which
// takes over the signals of its process: once, by main().
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
