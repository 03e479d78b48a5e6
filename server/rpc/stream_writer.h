// SPDX-License-Identifier: Apache-2.0
//
// Purpose: serve a call that answers with a stream, no faster than its client reads.
//
// Thread-safety: gRPC calls the reactor from threads of its own, the engine's method runs on one of
// the pool; write_gate.h stands between them.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "server/rpc/call_context.h"
#include "server/rpc/status.h"
#include "server/rpc/write_gate.h"

namespace kith::server {

// Serves one call that answers with a stream: the engine's method runs on the pool and is slowed
// down to what the client reads. It keeps itself alive until gRPC is done with it.
template <typename Request, typename Response>
class StreamWriter : public grpc::ServerWriteReactor<Response> {
 public:
  using Method = absl::Status (Engine::*)(const Request&,
                                          const std::function<bool(Response)>& emit);

  static grpc::ServerWriteReactor<Response>* Serve(CallContext* calls,
                                                   grpc::CallbackServerContext* context,
                                                   const Request* request, Method method) {
    auto writer = std::make_shared<StreamWriter>(calls, context);
    writer->self_ = writer;
    StreamWriter* raw = writer.get();
    if (const absl::Status ready = Readiness(*calls); !ready.ok()) {
      raw->Finish(ToGrpc(ready));
    } else if (!calls->pool->TryPost(Lane::kStream,
                                     [raw, request, method] { raw->Run(*request, method); })) {
      raw->Finish(ToGrpc(TooBusy()));
    }
    return raw;
  }

  StreamWriter(CallContext* calls, grpc::CallbackServerContext* context)
      : token_(&calls->running),
        calls_(calls),
        context_(context),
        gate_(calls->write_stall_ms, calls->write_total_ms, [context] { context->TryCancel(); }) {}

 private:
  void Run(const Request& request, Method method) {
    bool alive = true;
    absl::Status status = Guarded([&]() -> absl::Status {
      if (context_->IsCancelled()) return ClientGone();
      return (calls_->engine.load()->*method)(request, [this, &alive](Response response) {
        alive = alive && !context_->IsCancelled() && gate_.Write([this, &response] {
          message_ = std::move(response);
          this->StartWrite(&message_);
        });
        return alive;
      });
    });
    alive = gate_.Flush() && alive;
    if (status.ok() && !alive) status = ClientGone();
    this->Finish(ToGrpc(status));
  }

  void OnWriteDone(bool ok) override { gate_.OnWriteDone(ok); }
  void OnDone() override { const auto last = std::move(self_); }

  const RunningCalls::Token token_;
  CallContext* const calls_;
  grpc::CallbackServerContext* const context_;
  WriteGate gate_;
  Response message_;
  std::shared_ptr<StreamWriter> self_;
};

}  // namespace kith::server
