// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files of every decoded format, made by the formats' own libraries, for the tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hashing/decode.h"

namespace kith::hashing::test {

using Data = std::vector<std::uint8_t>;

// 8-bit R, G, B, row by row.
struct Picture {
  int width = 0;
  int height = 0;
  Data rgb;
};

Picture Synthetic(std::uint32_t seed, int width, int height);
Picture Grey(const Picture& picture);  // R = G = B = the green of `picture`

enum class JpegColour { kYcc, kGrey, kRgb, kCmyk, kYcck };
struct JpegStyle {
  int quality = 90;
  JpegColour colour = JpegColour::kYcc;
  bool progressive = false;
  bool adobe_marker = true;  // CMYK without it is not inverted
  std::vector<std::uint8_t> exif;
  int luma_across = 2;  // sampling factors of the first component; the others have 1
  int luma_down = 2;
  int restart_mcus = 0;    // a restart marker after so many; 0: none
  bool optimised = false;  // Huffman codes of the picture's own
  bool arithmetic = false;
};
Data EncodeJpeg(const Picture& picture, const JpegStyle& style = {});

enum class PngColour { kRgb, kRgba, kGrey, kGreyAlpha, kPalette };
struct PngStyle {
  PngColour colour = PngColour::kRgb;
  int bits = 8;
  bool interlaced = false;
};
// kPalette: each pixel is the index of its colour; at most 256 colours. Alpha is a ramp.
Data EncodePng(const Picture& picture, const PngStyle& style = {});

// By OpenCV: ".webp" (lossless), ".tiff", ".bmp".
Data EncodeByOpenCv(const Picture& picture, const std::string& suffix);

// An uncompressed TIFF of one strip. channels 3: RGB, 4: CMYK; bits 8 or 16 (low byte arbitrary).
Data EncodeTiff(const Picture& picture, int channels, int bits, int orientation = 1);

struct GifStyle {
  bool interlaced = false;
  int transparent = -1;                     // palette index
  int left = 0, top = 0;                    // of the frame on the screen
  int screen_width = 0, screen_height = 0;  // 0: of the frame
};
// At most 256 colours; colour 0 of the palette is the background.
Data EncodeGif(const Picture& picture, const GifStyle& style = {});

// `picture` with so many pixels of one colour around it.
struct Frame {
  int left = 0, top = 0, right = 0, bottom = 0;
  std::uint8_t red = 0, green = 0, blue = 0;
};
Picture Framed(const Picture& picture, const Frame& frame);

// At most `colours` different colours.
Picture FewColours(const Picture& picture, int colours);

// Collects what Decode gives, and checks that it is given in order.
class Collector : public RowSink {
 public:
  void Begin(int width, int height) override;
  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override;

  Picture picture;
};

struct Decoded {
  DecodeResult result;
  Picture picture;
};
Decoded DecodeAll(const Data& bytes, const DecodeLimits& limits = {});

// The largest difference of two samples; 256 if the sizes differ.
int LargestDifference(const Picture& a, const Picture& b);

}  // namespace kith::hashing::test
