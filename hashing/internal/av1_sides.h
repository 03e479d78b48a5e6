// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read from data of AV1 how large a picture it announces, before a decoder believes it.
//
// Thread-safety: a pure function. Complexity: O(units).
// Source: AV1 bitstream specification, 5.3 (units) and 5.5 (sequence header).
#pragma once

#include <cstdint>
#include <span>

namespace kith::hashing::internal {

// The most pixels that a sequence header among these units allows a picture; 0 if there is none.
[[nodiscard]] std::uint64_t Av1Pixels(std::span<const std::uint8_t> units);

}  // namespace kith::hashing::internal
