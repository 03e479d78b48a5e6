// SPDX-License-Identifier: Apache-2.0
#include "proto/kith/v1/import.grpc.pb.h"
#include "server/rpc/serve.h"

namespace kith::server {

KITH_SERVE_SERVICE(Import, KITH_IMPORT_CALLS, KITH_IMPORT_STREAMS)

}  // namespace kith::server
