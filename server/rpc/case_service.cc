// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/case.grpc.pb.h"
#include "server/rpc/services.h"
#include "server/rpc/stream_writer.h"
#include "server/rpc/unary.h"

namespace kith::server {
namespace {

class CaseServiceOverEngine final : public v1::CaseService::CallbackService {
 public:
  explicit CaseServiceOverEngine(CallContext* calls) : calls_(calls) {}

#define KITH_SERVE(Name, lane)                                                                   \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                           \
                                 const v1::Name##Request* request, v1::Name##Response* response) \
      override {                                                                                 \
    return ServeUnary(calls_, lane, context, request, response, &Engine::Name);                  \
  }                                                                                              \
  static_assert(true)
  // They count over the matches of large cases.
  KITH_SERVE(ListCases, Lane::kLong);
  KITH_SERVE(GetCase, Lane::kLong);
#undef KITH_SERVE

  grpc::ServerWriteReactor<v1::ListRecordedPathsResponse>* ListRecordedPaths(
      grpc::CallbackServerContext* context, const v1::ListRecordedPathsRequest* request) override {
    return StreamWriter<v1::ListRecordedPathsRequest, v1::ListRecordedPathsResponse>::Serve(
        calls_, context, request, &Engine::ListRecordedPaths);
  }

  grpc::ServerWriteReactor<v1::GetReportResponse>* GetReport(
      grpc::CallbackServerContext* context, const v1::GetReportRequest* request) override {
    return StreamWriter<v1::GetReportRequest, v1::GetReportResponse>::Serve(
        calls_, context, request, &Engine::GetReport);
  }

 private:
  CallContext* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCaseService(CallContext* calls) {
  return std::make_unique<CaseServiceOverEngine>(calls);
}

}  // namespace kith::server
