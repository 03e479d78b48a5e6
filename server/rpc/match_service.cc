// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/match.grpc.pb.h"
#include "server/rpc/match_stream.h"
#include "server/rpc/serve.h"

namespace kith::server {
namespace {

class MatchServiceOverEngine final : public v1::MatchService::CallbackService {
 public:
  explicit MatchServiceOverEngine(CallContext* calls) : calls_(calls) {}
  KITH_MATCH_CALLS(KITH_SERVE_UNARY)

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
