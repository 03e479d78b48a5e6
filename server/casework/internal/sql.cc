// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/sql.h"

namespace kith::casework {

FoundBy FoundByOf(std::string_view by) {
  if (by == "sha256") return FoundBy::kSha256;
  if (by == "sha1") return FoundBy::kSha1;
  if (by == "md5") return FoundBy::kMd5;
  return FoundBy::kPdq;
}

std::string_view NameOf(FoundBy found_by) {
  switch (found_by) {
    case FoundBy::kSha256:
      return "sha256";
    case FoundBy::kSha1:
      return "sha1";
    case FoundBy::kMd5:
      return "md5";
    case FoundBy::kPdq:
      break;
  }
  return "pdq";
}

}  // namespace kith::casework
