// SPDX-License-Identifier: Apache-2.0
//
// The files of facts and their list: what is taken is written back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <xxhash.h>

#include "server/catalog/internal/fact_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith::catalog;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  // With the checksum that it should have, so that the rest is read.
  const std::uint64_t hash = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof(hash));
  const auto list = ParseFactList(bytes);
  if (list.ok() && FormatFactList(*list) != bytes) std::abort();
  const auto feed = ParseFacts({.first_entry = 1, .last_entry = 3}, bytes);
  if (feed.ok() && !ParseFacts({1, 3}, FormatFacts(1, *feed)).ok()) std::abort();
  return 0;
}
