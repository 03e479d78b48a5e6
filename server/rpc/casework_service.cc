// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/casework.grpc.pb.h"
#include "server/rpc/serve.h"

namespace kith::server {

KITH_SERVE_SERVICE(Casework, KITH_CASEWORK_CALLS, KITH_CASEWORK_STREAMS)

}  // namespace kith::server
