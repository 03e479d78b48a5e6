// SPDX-License-Identifier: Apache-2.0
// The heads of files of facts and their list are refused, or read and written back the same.
#include <xxhash.h>

#include "server/catalog/internal/fact_format.h"
#include "tests/fuzz/fuzz.h"

using kith::catalog::FactHead;
using kith::catalog::FactList;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)kith::catalog::ParseFactList(bytes);
  // With the checksum that it should have, so that the rest is read.
  const std::uint64_t hash = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof(hash));
  const auto list = kith::catalog::ParseFactList(bytes);
  if (list.ok()) FUZZ_CHECK(kith::catalog::FormatFactList(*list) == bytes);
  const auto head = kith::catalog::ParseFactHead(bytes);
  if (head.ok())
    FUZZ_CHECK(kith::catalog::ParseFactHead(kith::catalog::FormatFactHead(*head)).ok());
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  const FactHead head{
      .block = 0, .end = 4, .words_hash = 7, .summary = {.sets = {{1, {3, 2}}}, .series = {}}};
  const FactList list{.mark = "1 4 ab",
                      .files = {{.block = 0, .serial = 1, .end = 4, .stamp = {}}}};
  std::vector<std::string> seeds = {kith::catalog::FormatFactHead(head),
                                    kith::catalog::FormatFactList(list)};
  // The target adds the checksum.
  for (std::size_t i = 0; i < 2; ++i) seeds.push_back(seeds[i].substr(0, seeds[i].size() - 8));
  return seeds;
}
