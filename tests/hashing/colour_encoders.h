// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files of TIFF and WebP in the colour models that cameras do not write and scanners, fax
// machines and editors do.
#pragma once

#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

enum class TiffColour {
  kGrey,       // of the green
  kGreyAlpha,  // with an alpha that colours are not multiplied by
  kWhiteIsZero,
  kTwoTone,  // one bit: black where the green is below 128
  kTwoToneWhiteIsZero,
  kPalette,
  kRgba,              // with an alpha that colours are not multiplied by
  kRgbaPremultiplied  // said to be multiplied by it
};
// Uncompressed, of one strip. bits: 1, 2, 4, 8 of kPalette, 8 or 16 of others but the two-tone
// ones. Alpha is a ramp from 0 on.
Data EncodeTiffColour(const Picture& picture, TiffColour colour, int bits = 8);

struct WebpStyle {
  bool lossless = true;
  bool alpha = false;  // a ramp from 0 on; colours below it are kept
};
Data EncodeWebp(const Picture& picture, const WebpStyle& style);

}  // namespace kith::hashing::test
