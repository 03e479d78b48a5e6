// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "server/rpc/services.h"
#include "server/rpc/unary.h"

namespace kith::server {
namespace {

class CatalogServiceOverEngine final : public v1::CatalogService::CallbackService {
 public:
  explicit CatalogServiceOverEngine(CallContext* calls) : calls_(calls) {}

#define KITH_SERVE(Name, lane)                                                                   \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                           \
                                 const v1::Name##Request* request, v1::Name##Response* response) \
      override {                                                                                 \
    return ServeUnary(calls_, lane, context, request, response, &Engine::Name);                  \
  }                                                                                              \
  static_assert(true)
  KITH_SERVE(GetAgency, Lane::kLookUp);
  KITH_SERVE(ListAgencies, Lane::kLookUp);
  KITH_SERVE(GetContact, Lane::kLookUp);
  KITH_SERVE(ListContacts, Lane::kLookUp);
  KITH_SERVE(GetSeries, Lane::kLookUp);
  KITH_SERVE(ListSeries, Lane::kLookUp);
  KITH_SERVE(GetHashSet, Lane::kLookUp);
  KITH_SERVE(ListHashSets, Lane::kLookUp);
  KITH_SERVE(GetEntry, Lane::kLookUp);
  KITH_SERVE(ListEntries, Lane::kLookUp);
  KITH_SERVE(AddAgency, Lane::kLong);
  KITH_SERVE(AddContact, Lane::kLong);
  KITH_SERVE(AddSeries, Lane::kLong);
  KITH_SERVE(IdentifySeries, Lane::kLong);
  KITH_SERVE(AddHashSet, Lane::kLong);
  KITH_SERVE(SetHashSetEnabled, Lane::kLong);
  KITH_SERVE(AddEntries, Lane::kLong);
  KITH_SERVE(WithdrawEntries, Lane::kLong);
#undef KITH_SERVE

 private:
  CallContext* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCatalogService(CallContext* calls) {
  return std::make_unique<CatalogServiceOverEngine>(calls);
}

}  // namespace kith::server
