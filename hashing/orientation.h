// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the codes of a picture turned and mirrored, from the coefficients of the picture itself.
//
// Thread-safety: pure functions. Complexity: constant; no pixel is touched again.
// Source: the symmetries of the cosine transform, as the PDQ reference names them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hashing/pdq.h"

namespace kith::hashing {

// The values are stable: they are the place of a code in OrientationCodes.
enum class Orientation : std::uint8_t {
  kOriginal = 0,
  kRotate90 = 1,
  kRotate180 = 2,
  kRotate270 = 3,
  kFlipX = 4,
  kFlipY = 5,
  kFlipPlus1 = 6,
  kFlipMinus1 = 7,
};
inline constexpr std::size_t kOrientationCount = 8;
inline constexpr std::array<Orientation, kOrientationCount> kOrientations = {
    Orientation::kOriginal,  Orientation::kRotate90,  Orientation::kRotate180,
    Orientation::kRotate270, Orientation::kFlipX,     Orientation::kFlipY,
    Orientation::kFlipPlus1, Orientation::kFlipMinus1};

// "original", "rotate90", "rotate180", "rotate270", "flipx", "flipy", "flipplus1", "flipminus1".
[[nodiscard]] std::string_view OrientationName(Orientation orientation);

using OrientationCodes = std::array<Code, kOrientationCount>;

[[nodiscard]] Code OrientedCode(const Coefficients& coefficients, Orientation orientation);

// Each orientation's code, at the place of its value, with the median of its own coefficients.
[[nodiscard]] OrientationCodes AllOrientations(const Coefficients& coefficients);

}  // namespace kith::hashing
