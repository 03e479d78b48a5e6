// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "index/internal/huge_array.h"

namespace kith::index::internal {

// A code as it lies, in words.
using RawCode = std::array<std::uint64_t, 4>;

inline const std::uint8_t* BytesOf(const RawCode& code) {
  return reinterpret_cast<const std::uint8_t*>(&code);
}

// Codes without repetition, in the order of their first rows, and who had them. The tables are
// empty if no code occurs twice: then rows and positions are the same.
struct Distinct {
  HugeArray<RawCode> codes;
  HugeArray<std::uint32_t> row_starts;  // the rows of codes[i] are rows[row_starts[i]] and on
  HugeArray<std::uint32_t> rows;
  HugeArray<std::uint32_t> position_of_row;
};

// Less than 2^32 rows. O(n log n) with a small constant. Throws std::bad_alloc.
[[nodiscard]] Distinct FindDistinct(HugeArray<RawCode> rows);

}  // namespace kith::index::internal
