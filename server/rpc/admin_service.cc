// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/admin.grpc.pb.h"
#include "server/rpc/serve.h"

namespace kith::server {

KITH_SERVE_SERVICE(Admin, KITH_ADMIN_CALLS, KITH_ADMIN_STREAMS)

}  // namespace kith::server
