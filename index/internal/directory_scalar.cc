// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

namespace kith::index::internal {
namespace {
unsigned PlaceOfOne(std::uint64_t word, unsigned n) {
  for (; n > 0; --n) word &= word - 1;
  return static_cast<unsigned>(__builtin_ctzll(word));
}
}  // namespace
}  // namespace kith::index::internal

#include "index/internal/directory_locate.h"

namespace kith::index::internal {
void LocateScalar(DirectoryLookup* lookups, std::size_t count) { LocateAll(lookups, count); }
}  // namespace kith::index::internal
