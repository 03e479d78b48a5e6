// SPDX-License-Identifier: Apache-2.0
//
// Purpose: all services of the contract, made from the lists in server/calls.h.
//
// Thread-safety: the services may be called from any thread, as gRPC does; they are made by one.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "server/calls.h"
#include "server/rpc/call_context.h"

namespace kith::server {

// The services of proto/kith/v1 over an engine: each call goes to the pool and comes back from
// there. `calls` outlives them.
#define KITH_DECLARE(Kind) \
  [[nodiscard]] std::unique_ptr<grpc::Service> Make##Kind##Service(CallContext* calls);
KITH_SERVICES(KITH_DECLARE)
#undef KITH_DECLARE
[[nodiscard]] std::vector<std::unique_ptr<grpc::Service>> MakeServices(CallContext* calls);

// The names the health service knows beside "".
[[nodiscard]] const std::vector<std::string>& ServiceNames();

}  // namespace kith::server
