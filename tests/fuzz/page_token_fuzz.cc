// SPDX-License-Identifier: Apache-2.0
// A page token is refused, or it is the one that its list gives for that place.
#include <limits>

#include "server/internal/paging.h"
#include "tests/fuzz/fuzz.h"

using kith::server::MakePageToken;
using kith::server::ReadPage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string token(reinterpret_cast<const char*>(data), size);
  for (const char* list : {"series", "imported", ""}) {
    const auto page = ReadPage(list, 7, token);
    if (!page.ok()) continue;
    FUZZ_CHECK(page->size == 7 && page->after <= std::numeric_limits<std::int64_t>::max());
    FUZZ_CHECK(token.empty() ? page->after == 0 : MakePageToken(list, page->after) == token);
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {"series-7",
          "imported-12",
          "series-9223372036854775807",
          "series-9223372036854775808",
          "series-007",
          "series- 7",
          "-1",
          ""};
}
