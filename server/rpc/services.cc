// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/services.h"

namespace kith::server {

#define KITH_MAKE(Kind) services.push_back(Make##Kind##Service(calls));
std::vector<std::unique_ptr<grpc::Service>> MakeServices(CallContext* calls) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  KITH_SERVICES(KITH_MAKE)
  return services;
}
#undef KITH_MAKE

#define KITH_NAME(Kind) ("kith.v1." #Kind "Service"),
const std::vector<std::string>& ServiceNames() {
  static const std::vector<std::string> names = {KITH_SERVICES(KITH_NAME)};
  return names;
}
#undef KITH_NAME

}  // namespace kith::server
