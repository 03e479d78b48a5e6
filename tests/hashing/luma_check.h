// SPDX-License-Identifier: Apache-2.0
//
// Purpose: hold what hashing/internal/jpeg_luma.h reads against libjpeg's coefficients, and what
// hashing/internal/jpeg_edges.h makes of it against its pixels.
#pragma once

#include <cstdint>
#include <span>

#include "hashing/decode.h"

namespace kith::hashing::test {

enum class LumaVerdict {
  kNotKnown,  // it did not know
  kAgrees,    // in every mean, and in every other term as far as it claims to know it
  kDiffers,   // or libjpeg makes nothing of what it read
};

// With the first `terms` coefficients of each luma block.
LumaVerdict CheckLuma(std::span<const std::uint8_t> bytes, int terms,
                      const DecodeLimits& limits = {});

}  // namespace kith::hashing::test
