// SPDX-License-Identifier: Apache-2.0
#include "server/embedded.h"

#include "index/unreadable_pages.h"
#include "server/connect.h"
#include "server/engine.h"

namespace kith::server {
namespace {

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options) {
  index::MarkUnreadableFiles();
  return Engine::Open(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options) {
  return ConnectWith(options, &OpenEngine);
}

int RunKithd(int argc, char** argv) { return RunKithdWith(argc, argv, &OpenEngine); }

}  // namespace kith::server
