// SPDX-License-Identifier: Apache-2.0
// A manifest of an index folder is refused, or read and written back the same.
#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "index/internal/manifest.h"
#include "tests/fuzz/fuzz.h"

using kith::index::internal::FormatManifest;
using kith::index::internal::ParseManifest;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)ParseManifest(text);
  // With the checksum that it should have, so that the lines are read.
  const auto manifest = ParseManifest(absl::StrCat(
      text, "end ", absl::Hex(XXH3_64bits(text.data(), size), absl::kZeroPad16), "\n"));
  if (manifest.ok()) {
    const auto again = ParseManifest(FormatManifest(*manifest));
    FUZZ_CHECK(again.ok());
    FUZZ_CHECK(*again == *manifest);
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {
      "kith-index 3\nowner 61\nmark 3120\ntouched 3121\nsegment segment-1.codes 3 1 2 "
      "00000000000000ff\n",
      "kith-index 1\nowner \nmark \n",
      FormatManifest({.owner = "a",
                      .mark = "b",
                      .touched = "c",
                      .segments = {{"segment-7.codes", 9, 4, 5, 6}}})};
}
