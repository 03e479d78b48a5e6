// SPDX-License-Identifier: Apache-2.0
// kithd over an engine that is not there. What it does follows from the names it is given: a store
// "slow-load" takes a while to open, "broken" cannot be opened; an agency "500" takes so many ms,
// and says on stderr when it has begun.
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "server/connect.h"
#include "tests/server/fake_engine.h"

namespace {

using kith::server::Engine;
using kith::server::EngineOptions;
using kith::server::FakeEngine;

absl::StatusOr<std::unique_ptr<Engine>> Open(const EngineOptions& options) {
  if (absl::EndsWith(options.store_dir, "broken"))
    return absl::DataLossError("the store is broken");
  if (absl::EndsWith(options.store_dir, "slow-load")) {
    for (std::uint64_t i = 0; i < 60; ++i) {
      options.progress("loading", i, 60);
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  }
  auto engine = std::make_unique<FakeEngine>();
  engine->on_call = [](const std::string& name) {
    int delay_ms = 0;
    if (absl::SimpleAtoi(name, &delay_ms)) {
      std::cerr << "begun: " << name << std::endl;
      std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    }
    return absl::OkStatus();
  };
  return engine;
}

}  // namespace

int main(int argc, char** argv) { return kith::server::RunKithdWith(argc, argv, Open); }
