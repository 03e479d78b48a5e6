// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "server/rpc/serve.h"

namespace kith::server {

KITH_SERVE_SERVICE(Catalog, KITH_CATALOG_CALLS, KITH_CATALOG_STREAMS)

}  // namespace kith::server
