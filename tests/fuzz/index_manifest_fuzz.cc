// SPDX-License-Identifier: Apache-2.0
//
// The manifest of an index folder: what is taken is written back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "index/internal/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using kith::index::internal::FormatManifest;
  using kith::index::internal::ParseManifest;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)ParseManifest(text);
  // With the checksum that it should have, so that the lines are read.
  const auto manifest = ParseManifest(
      absl::StrCat(text, "end ", absl::Hex(XXH3_64bits(text.data(), size), absl::kZeroPad16), "\n"));
  if (manifest.ok()) {
    const auto again = ParseManifest(FormatManifest(*manifest));
    if (!again.ok() || *again != *manifest) std::abort();
  }
  return 0;
}
