// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/import.grpc.pb.h"
#include "server/rpc/services.h"
#include "server/rpc/unary.h"

namespace kith::server {
namespace {

class ImportServiceOverEngine final : public v1::ImportService::CallbackService {
 public:
  explicit ImportServiceOverEngine(CallContext* calls) : calls_(calls) {}

#define KITH_SERVE(Name, lane)                                                                   \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                           \
                                 const v1::Name##Request* request, v1::Name##Response* response) \
      override {                                                                                 \
    return ServeUnary(calls_, lane, context, request, response, &Engine::Name);                  \
  }                                                                                              \
  static_assert(true)
  KITH_SERVE(BeginImport, Lane::kLong);
  KITH_SERVE(AddImportRecords, Lane::kLong);
  KITH_SERVE(CommitImport, Lane::kLong);
  KITH_SERVE(AbortImport, Lane::kLong);
#undef KITH_SERVE

 private:
  CallContext* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeImportService(CallContext* calls) {
  return std::make_unique<ImportServiceOverEngine>(calls);
}

}  // namespace kith::server
