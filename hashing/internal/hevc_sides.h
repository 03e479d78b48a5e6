// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read from a unit of HEVC how large a picture it announces, before a decoder believes it.
//
// Thread-safety: a pure function. Complexity: O(bytes up to the sides), some tens.
// Source: ITU-T H.265, 7.3.1 (units) and 7.3.2.2 (sequence parameter set).
#pragma once

#include <cstdint>
#include <span>

namespace kith::hashing::internal {

// Pixels of the pictures of a sequence parameter set; 0 for any other unit, and for one that ends
// before it tells. Saturates.
[[nodiscard]] std::uint64_t HevcPixels(std::span<const std::uint8_t> unit);

}  // namespace kith::hashing::internal
