// SPDX-License-Identifier: Apache-2.0
// The files of facts and their list are refused, or read and written back the same.
#include <xxhash.h>

#include "server/catalog/internal/fact_files.h"
#include "tests/fuzz/fuzz.h"

using kith::catalog::FactList;
using kith::catalog::IndexFeed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)kith::catalog::ParseFactList(bytes);
  // With the checksum that it should have, so that the rest is read.
  const std::uint64_t hash = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof(hash));
  const auto list = kith::catalog::ParseFactList(bytes);
  if (list.ok()) FUZZ_CHECK(kith::catalog::FormatFactList(*list) == bytes);
  const kith::index::EntryRange range{.first_entry = 1, .last_entry = 3};
  const auto feed = kith::catalog::ParseFacts(range, bytes);
  if (feed.ok()) {
    const std::string again = kith::catalog::FormatFacts(1, *feed);
    FUZZ_CHECK(kith::catalog::ParseFacts(range, again).ok());
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  IndexFeed feed;
  feed.facts.resize(3);
  feed.digests[0] = std::string(16, 'a');
  feed.digest_entries[0] = {2};
  feed.dialects[1] = 2;
  const FactList list{.mark = "1 4 ab", .identity_seed = 5, .files = {{1, 3}}};
  std::vector<std::string> seeds = {kith::catalog::FormatFacts(1, feed),
                                    kith::catalog::FormatFactList(list)};
  // The target adds the checksum.
  for (std::size_t i = 0; i < 2; ++i) seeds.push_back(seeds[i].substr(0, seeds[i].size() - 8));
  return seeds;
}
