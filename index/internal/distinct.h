// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "index/internal/bands.h"
#include "index/internal/huge_array.h"

namespace kith::index::internal {

// Codes without repetition, in the order of their first rows, and who had them. The tables are
// empty if no code occurs twice: then rows and positions are the same.
struct Distinct {
  HugeArray<RingCode> codes;
  HugeArray<std::uint32_t> row_starts;  // the rows of codes[i] are rows[row_starts[i]] and on
  HugeArray<std::uint32_t> rows;
  HugeArray<std::uint32_t> position_of_row;
};

// Less than 2^32 rows. O(n log n) with a small constant. Throws std::bad_alloc.
[[nodiscard]] Distinct FindDistinct(HugeArray<RingCode> rows);

}  // namespace kith::index::internal
