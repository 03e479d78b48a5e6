// SPDX-License-Identifier: Apache-2.0
//
// Purpose: serve a call with one request and one answer, on the pool.
//
// Thread-safety: Serve is called by gRPC, from any of its threads; one thread of the pool answers.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/rpc/call_context.h"
#include "server/rpc/status.h"

namespace kith::server {

// An answer that the client would refuse to read is better named here.
template <typename Response>
[[nodiscard]] absl::Status CheckAnswerSize(const Response& response) {
  const std::size_t size = response.ByteSizeLong();
  if (size <= kMaxMessageBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the answer has ", size, " bytes, over the ", kMaxMessageBytes,
                   " of a message; ask for less at a time or with a lower limit"));
}

// One unary call: posts the engine's method to the pool and answers from there. It keeps itself
// alive until gRPC is done with it.
template <typename Request, typename Response>
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  using Method = absl::StatusOr<Response> (Engine::*)(const Request&);

  static grpc::ServerUnaryReactor* Serve(CallContext* calls, Lane lane,
                                         grpc::CallbackServerContext* context,
                                         const Request* request, Response* response,
                                         Method method) {
    auto call = std::make_shared<UnaryCall>(calls);
    call->self_ = call;
    UnaryCall* raw = call.get();
    if (const absl::Status ready = Readiness(*calls); !ready.ok()) {
      raw->Finish(ToGrpc(ready));
      return raw;
    }
    const bool posted =
        calls->pool->TryPost(lane, [raw, calls, context, request, response, method] {
          raw->Finish(ToGrpc(Guarded([&]() -> absl::Status {
            if (context->IsCancelled()) return ClientGone();
            absl::StatusOr<Response> answer = (calls->engine.load()->*method)(*request);
            if (!answer.ok()) return answer.status();
            *response = *std::move(answer);
            return CheckAnswerSize(*response);
          })));
        });
    if (!posted) raw->Finish(ToGrpc(TooBusy()));
    return raw;
  }

  explicit UnaryCall(CallContext* calls) : token_(&calls->running) {}

 private:
  void OnDone() override { const auto last = std::move(self_); }

  const RunningCalls::Token token_;
  std::shared_ptr<UnaryCall> self_;
};

// For the type of the method to be deduced.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* ServeUnary(CallContext* calls, Lane lane,
                                     grpc::CallbackServerContext* context, const Request* request,
                                     Response* response,
                                     absl::StatusOr<Response> (Engine::*method)(const Request&)) {
  return UnaryCall<Request, Response>::Serve(calls, lane, context, request, response, method);
}

}  // namespace kith::server
