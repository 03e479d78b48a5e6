// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/kith/v1/match.pb.h"

namespace kith::bench {

struct ReplayOptions {
  std::string root;
  // With a case each round is recorded in a new one; without, in the memory of a look-up.
  bool with_case = true;
  int rounds = 3;
  std::stop_token stop;
};

// Seconds of the engine with all batches: of each the least of all rounds, since other work on the
// machine only ever adds.
struct ReplaySeconds {
  double matched = 0;   // answered only
  double recorded = 0;  // matched and recorded
};

// Sends the batches of a run once more, one after the other with nothing else at work, in turns to
// be answered only and to be recorded as in the run: the difference is what recording costs.
// Errors: those of MatchService.MatchStream; CANCELLED after `stop`.
[[nodiscard]] absl::StatusOr<ReplaySeconds> Replay(const std::shared_ptr<grpc::Channel>& channel,
                                                   const std::vector<v1::MatchStreamBatch>& batches,
                                                   const ReplayOptions& options);

}  // namespace kith::bench
