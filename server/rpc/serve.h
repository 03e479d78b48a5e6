// SPDX-License-Identifier: Apache-2.0
//
// Purpose: make a service from its list in server/calls.h.
//
// Thread-safety: macros only; as unary.h and stream_writer.h.
#pragma once

#include "server/calls.h"
#include "server/rpc/services.h"
#include "server/rpc/stream_writer.h"
#include "server/rpc/unary.h"

// The methods of a service over an engine, one for each call of a list of server/calls.h. Their
// class has a member `CallContext* calls_`.
#define KITH_SERVE_UNARY(Name, lane)                                                             \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                           \
                                 const v1::Name##Request* request, v1::Name##Response* response) \
      override {                                                                                 \
    return ServeUnary(calls_, Lane::lane, context, request, response, &Engine::Name);            \
  }
#define KITH_SERVE_STREAM(Name)                                                                   \
  grpc::ServerWriteReactor<v1::Name##Response>* Name(grpc::CallbackServerContext* context,        \
                                                     const v1::Name##Request* request) override { \
    return StreamWriter<v1::Name##Request, v1::Name##Response>::Serve(calls_, context, request,   \
                                                                      &Engine::Name);             \
  }

// A whole service, and what makes it: KITH_SERVE_SERVICE(Admin, KITH_ADMIN_CALLS, ..._STREAMS).
#define KITH_SERVE_SERVICE(Kind, CALLS, STREAMS)                             \
  namespace {                                                                \
  class Kind##OverEngine final : public v1::Kind##Service::CallbackService { \
   public:                                                                   \
    explicit Kind##OverEngine(CallContext* calls) : calls_(calls) {}         \
    CALLS(KITH_SERVE_UNARY)                                                  \
    STREAMS(KITH_SERVE_STREAM)                                               \
                                                                             \
   private:                                                                  \
    CallContext* const calls_;                                               \
  };                                                                         \
  }                                                                          \
  std::unique_ptr<grpc::Service> Make##Kind##Service(CallContext* calls) {   \
    return std::make_unique<Kind##OverEngine>(calls);                        \
  }
