// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/services.h"

namespace kith::server {

const std::vector<std::string>& ServiceNames() {
  static const std::vector<std::string> names = {"kith.v1.AdminService", "kith.v1.CaseService",
                                                 "kith.v1.CatalogService", "kith.v1.ImportService",
                                                 "kith.v1.MatchService"};
  return names;
}

}  // namespace kith::server
