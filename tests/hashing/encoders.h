// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files of many frames or pages, and of formats that have many styles, for the tests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

// kind 1..7: P1 to P7. P1 and P4 keep one bit of the green, P2 and P5 the green; P7 is RGB with
// alpha.
Data EncodePnm(const Picture& picture, int kind, int most_value = 255);

struct BmpStyle {
  int depth = 24;     // 1, 4, 8: by palette, of a picture of few colours; 16, 24, 32
  bool core = false;  // the header of OS/2
  bool top_down = false;
  bool run_length = false;  // of depth 4 or 8
  bool masks = false;       // of depth 16 (5-6-5) or 32 (blue first)
};
Data EncodeBmp(const Picture& picture, const BmpStyle& style);

// Frames of equal size; at most 256 colours in all.
Data EncodeGifAnimation(const std::vector<Picture>& frames);
// Lossless.
Data EncodeWebpAnimation(const std::vector<Picture>& frames);

struct TiffStyle {
  int tile = 0;  // pixels a side of a tile, a multiple of 16; 0: strips
  bool deflated = true;
  bool floating = false;
  bool thumbnail_second = false;  // the second page is said to be a reduced first
};
Data EncodeTiffPages(const std::vector<Picture>& pages, const TiffStyle& style = {});

// Of the name and the content of a chunk.
std::uint32_t PngChecksum(std::span<const std::uint8_t> chunk);
// `png` with a chunk put in behind its header.
Data WithPngChunk(const Data& png, const char* name, const Data& content);
// A PNG with a second frame, in the animated dialect; the first is `first`.
Data EncodeApng(const Picture& first, const Picture& second);

}  // namespace kith::hashing::test
