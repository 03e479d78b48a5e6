// SPDX-License-Identifier: Apache-2.0
#include "server/internal/paging.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/names.h"

namespace kith::server {

absl::StatusOr<Page> ReadPage(std::string_view list, std::uint32_t page_size,
                              const std::string& page_token) {
  Page page;
  if (page_size != 0) page.size = std::min<std::size_t>(page_size, kMaxPageSize);
  if (page_token.empty()) return page;
  const std::string prefix = absl::StrCat(std::string(list), "-");
  std::uint64_t after = 0;
  if (page_token.rfind(prefix, 0) != 0 ||
      !absl::SimpleAtoi(page_token.substr(prefix.size()), &after) || after > kMaxRecordNumber ||
      MakePageToken(list, after) != page_token) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token ", catalog::Quoted(page_token),
                     " was not given by this list: begin without one"));
  }
  page.after = after;
  return page;
}

std::string MakePageToken(std::string_view list, std::uint64_t last) {
  return absl::StrCat(std::string(list), "-", last);
}

}  // namespace kith::server
