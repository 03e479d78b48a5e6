// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/admin.grpc.pb.h"
#include "server/rpc/services.h"
#include "server/rpc/unary.h"

namespace kith::server {
namespace {

class AdminServiceOverEngine final : public v1::AdminService::CallbackService {
 public:
  explicit AdminServiceOverEngine(CallContext* calls) : calls_(calls) {}

#define KITH_SERVE(Name, lane)                                                                   \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                           \
                                 const v1::Name##Request* request, v1::Name##Response* response) \
      override {                                                                                 \
    return ServeUnary(calls_, lane, context, request, response, &Engine::Name);                  \
  }                                                                                              \
  static_assert(true)
  KITH_SERVE(GetCapabilities, Lane::kLookUp);
  KITH_SERVE(VerifyStore, Lane::kLong);
  KITH_SERVE(BackupStore, Lane::kLong);
#undef KITH_SERVE

 private:
  CallContext* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(CallContext* calls) {
  return std::make_unique<AdminServiceOverEngine>(calls);
}

}  // namespace kith::server
