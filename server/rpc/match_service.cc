// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/match.grpc.pb.h"
#include "server/rpc/match_stream.h"
#include "server/rpc/services.h"
#include "server/rpc/unary.h"

namespace kith::server {
namespace {

class MatchServiceOverEngine final : public v1::MatchService::CallbackService {
 public:
  explicit MatchServiceOverEngine(CallContext* calls) : calls_(calls) {}

#define KITH_SERVE(Name, lane)                                                                   \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                           \
                                 const v1::Name##Request* request, v1::Name##Response* response) \
      override {                                                                                 \
    return ServeUnary(calls_, lane, context, request, response, &Engine::Name);                  \
  }                                                                                              \
  static_assert(true)
  KITH_SERVE(Match, Lane::kLookUp);
#undef KITH_SERVE

  grpc::ServerBidiReactor<v1::MatchStreamRequest, v1::MatchStreamResponse>* MatchStream(
      grpc::CallbackServerContext* context) override {
    return server::MatchStream::Serve(calls_, context);
  }

 private:
  CallContext* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMatchService(CallContext* calls) {
  return std::make_unique<MatchServiceOverEngine>(calls);
}

}  // namespace kith::server
