// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files of JPEG 2000, JPEG XL, HEIC and AVIF, made by the formats' own libraries.
#pragma once

#include <vector>

#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

struct Jpeg2000Style {
  int components = 3;  // 1: the green; 2: that and an alpha; 3: R, G, B; 4: those and an alpha
  int bits = 8;        // a sample
};
// Lossless; `boxed`: a JP2 file, else a bare codestream; tile 0: one tile. Alpha is a ramp.
Data EncodeJpeg2000(const Picture& picture, bool boxed, int tile = 0,
                    const Jpeg2000Style& style = {});

// Lossless; several frames are an animation. `alpha`: of any pixels, beside R, G and B.
Data EncodeJxl(const std::vector<Picture>& frames, bool alpha = false);

enum class HeifTurn { kNone, kRight, kMirrored };  // the last: left is right
// Of high quality. `turn`: the file says that it is to be shown turned.
Data EncodeHeic(const Picture& picture, HeifTurn turn = HeifTurn::kNone);
Data EncodeAvif(const Picture& picture);
// With an alpha, which is a second coded picture.
Data EncodeHeicWithAlpha(const Picture& picture);

// A HEIC whose primary item is a grid of columns x rows times the one tile. `coded_side`: what the
// codec itself is told of both sides of the tile, which must be square; the boxes keep to the
// truth.
Data HeicGrid(const Picture& tile, int columns, int rows, int coded_side = 0);

}  // namespace kith::hashing::test
