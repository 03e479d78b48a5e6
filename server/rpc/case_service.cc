// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/case.grpc.pb.h"
#include "server/rpc/serve.h"

namespace kith::server {

KITH_SERVE_SERVICE(Case, KITH_CASE_CALLS, KITH_CASE_STREAMS)

}  // namespace kith::server
