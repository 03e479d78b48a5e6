// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "server/rpc/call_context.h"

namespace kith::server {

// The services of proto/kith/v1 over an engine: each call goes to the pool and comes back from
// there. `calls` outlives them.
[[nodiscard]] std::unique_ptr<grpc::Service> MakeAdminService(CallContext* calls);
[[nodiscard]] std::unique_ptr<grpc::Service> MakeCaseService(CallContext* calls);
[[nodiscard]] std::unique_ptr<grpc::Service> MakeCatalogService(CallContext* calls);
[[nodiscard]] std::unique_ptr<grpc::Service> MakeImportService(CallContext* calls);
[[nodiscard]] std::unique_ptr<grpc::Service> MakeMatchService(CallContext* calls);

// The names the health service knows beside "".
[[nodiscard]] const std::vector<std::string>& ServiceNames();

}  // namespace kith::server
