// SPDX-License-Identifier: Apache-2.0
#include "hashing/orientation.h"

namespace kith::hashing {
namespace {

constexpr std::size_t kSide = 16;

// How an orientation moves coefficient (i, j): to (j, i) or not, with its sign changed or not.
struct Move {
  bool transposed;
  bool negated;
};

Move MoveOf(Orientation orientation, bool i_odd, bool j_odd) {
  switch (orientation) {
    case Orientation::kRotate90:
      return {true, !j_odd};
    case Orientation::kRotate180:
      return {false, i_odd != j_odd};
    case Orientation::kRotate270:
      return {true, !i_odd};
    case Orientation::kFlipX:
      return {false, !i_odd};
    case Orientation::kFlipY:
      return {false, !j_odd};
    case Orientation::kFlipPlus1:
      return {true, false};
    case Orientation::kFlipMinus1:
      return {true, i_odd != j_odd};
    case Orientation::kOriginal:
      break;
  }
  return {false, false};
}

}  // namespace

std::string_view OrientationName(Orientation orientation) {
  static constexpr std::array<std::string_view, kOrientationCount> kNames = {
      "original", "rotate90", "rotate180", "rotate270",
      "flipx",    "flipy",    "flipplus1", "flipminus1"};
  return kNames[static_cast<std::size_t>(orientation)];
}

Code OrientedCode(const Coefficients& coefficients, Orientation orientation) {
  Coefficients turned;
  for (std::size_t i = 0; i < kSide; ++i) {
    for (std::size_t j = 0; j < kSide; ++j) {
      const Move move = MoveOf(orientation, i % 2 == 1, j % 2 == 1);
      const double value = coefficients[kSide * i + j];
      turned[move.transposed ? kSide * j + i : kSide * i + j] = move.negated ? -value : value;
    }
  }
  return CodeOf(turned);
}

OrientationCodes AllOrientations(const Coefficients& coefficients) {
  OrientationCodes codes;
  for (const Orientation orientation : kOrientations) {
    codes[static_cast<std::size_t>(orientation)] = OrientedCode(coefficients, orientation);
  }
  return codes;
}

}  // namespace kith::hashing
