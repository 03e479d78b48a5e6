// SPDX-License-Identifier: Apache-2.0
//
// Purpose: serve MatchService.MatchStream: one run over the files of a seizure.
//
// Thread-safety: gRPC calls the reactor from threads of its own, the pool handles one message at a
// time; what both touch is guarded. Nobody else calls it.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "server/engine.h"
#include "server/rpc/call_context.h"
#include "server/rpc/write_gate.h"

namespace kith::server {

// One run of MatchService.MatchStream: reads a message ahead, handles one at a time and in order on
// the pool, and writes its answer before the next is handled. It keeps itself alive until gRPC is
// done with it; the run behind it is given up on the pool, never on gRPC's threads.
class MatchStream
    : public grpc::ServerBidiReactor<v1::MatchStreamRequest, v1::MatchStreamResponse> {
 public:
  static grpc::ServerBidiReactor<v1::MatchStreamRequest, v1::MatchStreamResponse>* Serve(
      CallContext* calls, grpc::CallbackServerContext* context);

  MatchStream(CallContext* calls, grpc::CallbackServerContext* context);
  ~MatchStream() override;

 private:
  // Ends a stream whose client was not heard of for too long. False: there is none.
  static bool GiveUpIdle(CallContext* calls);
  [[nodiscard]] bool GiveUpIfIdle();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { const auto last = std::move(self_); }

  // Hands the waiting message, or the end of messages, to the pool, unless that is still at work or
  // an answer is still being written.
  void Next();
  // On the pool.
  void Handle(bool got_message);
  [[nodiscard]] absl::Status HandleMessage();
  [[nodiscard]] absl::Status HandleOpen(const v1::MatchStreamOpen& open);
  [[nodiscard]] absl::Status HandleBatch(const v1::MatchStreamBatch& batch);
  [[nodiscard]] absl::Status HandleEnd(const v1::MatchStreamEnd& end);
  [[nodiscard]] absl::Status Answer(v1::MatchStreamResponse response);
  void Close(absl::Status status);

  const RunningCalls::Token token_;
  CallContext* const calls_;
  grpc::CallbackServerContext* const context_;
  WriteGate gate_;

  // Between the reactor and the pool.
  std::mutex mutex_;
  bool message_waits_ = false;
  bool reads_ended_ = false;
  bool at_work_ = false;  // for ever once it ends
  std::chrono::steady_clock::time_point heard_of_ = std::chrono::steady_clock::now();
  v1::MatchStreamRequest next_;

  // Of the pool: one step at a time.
  v1::MatchStreamRequest current_;
  v1::MatchStreamResponse response_;
  std::unique_ptr<CheckRun> run_;
  Lane batch_lane_ = Lane::kLong;
  bool ended_ = false;

  std::shared_ptr<MatchStream> self_;
};

}  // namespace kith::server
