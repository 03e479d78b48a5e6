// SPDX-License-Identifier: Apache-2.0
//
// One instruction deposits a one at the n-th place that is set.
#include <immintrin.h>

#include <cstdint>

namespace kith::index::internal {
namespace {
unsigned PlaceOfOne(std::uint64_t word, unsigned n) {
  return static_cast<unsigned>(__builtin_ctzll(_pdep_u64(std::uint64_t{1} << n, word)));
}
}  // namespace
}  // namespace kith::index::internal

#include "index/internal/directory_locate.h"

namespace kith::index::internal {
void LocateBmi2(DirectoryLookup* lookups, std::size_t count) { LocateAll(lookups, count); }
}  // namespace kith::index::internal
