// SPDX-License-Identifier: Apache-2.0
// Colours of TIFF and WebP in every model that they have. Alpha is dropped: a picture is what its
// colours are, however much of it shows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "hashing/decode.h"
#include "tests/hashing/colour_encoders.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::DecodeAll;
using test::Decoded;
using test::LargestDifference;
using test::Picture;
using test::TiffColour;

constexpr int kWidth = 101, kHeight = 75;  // no multiples of anything

Picture Sample() { return test::Synthetic(7, kWidth, kHeight); }

// Slow changes, another one in each colour: what lossy coding keeps.
Picture Slow() {
  Picture picture{kWidth, kHeight, {}};
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      picture.rgb.push_back(static_cast<std::uint8_t>(40 + x));
      picture.rgb.push_back(static_cast<std::uint8_t>(200 - 2 * y));
      picture.rgb.push_back(static_cast<std::uint8_t>(20 + x + y));
    }
  }
  return picture;
}

void ExpectSame(const Data& file, Format format, const Picture& want, int tolerance = 0) {
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
  EXPECT_EQ(decoded.result.format, format);
  EXPECT_EQ(decoded.result.width, want.width);
  EXPECT_EQ(decoded.result.height, want.height);
  EXPECT_LE(LargestDifference(decoded.picture, want), tolerance);
}

// Black and white by the green.
Picture TwoTone() {
  Picture out = Grey(Sample());
  for (std::uint8_t& v : out.rgb) v = v < 128 ? 0 : 255;
  return out;
}

TEST(DecodeTiffColours, Grey) {
  for (const int bits : {8, 16}) {
    SCOPED_TRACE(bits);
    for (const TiffColour colour :
         {TiffColour::kGrey, TiffColour::kWhiteIsZero, TiffColour::kGreyAlpha}) {
      SCOPED_TRACE(static_cast<int>(colour));
      ExpectSame(EncodeTiffColour(Sample(), colour, bits), Format::kTiff, Grey(Sample()));
    }
  }
}

TEST(DecodeTiffColours, TwoTones) {
  for (const TiffColour colour : {TiffColour::kTwoTone, TiffColour::kTwoToneWhiteIsZero}) {
    ExpectSame(EncodeTiffColour(Sample(), colour), Format::kTiff, TwoTone());
  }
}

TEST(DecodeTiffColours, Palettes) {
  for (const auto& [bits, colours] :
       {std::pair{8, 200}, std::pair{4, 16}, std::pair{2, 4}, std::pair{1, 2}}) {
    SCOPED_TRACE(bits);
    const Picture few = test::FewColours(Sample(), colours);
    ExpectSame(EncodeTiffColour(few, TiffColour::kPalette, bits), Format::kTiff, few);
  }
}

// libtiff multiplies colours by an alpha that stands beside them: what does not show became black.
TEST(DecodeTiffColours, AlphaTakesNothingFromColours) {
  for (const int bits : {8, 16}) {
    SCOPED_TRACE(bits);
    for (const TiffColour colour : {TiffColour::kRgba, TiffColour::kRgbaPremultiplied}) {
      SCOPED_TRACE(static_cast<int>(colour));
      ExpectSame(EncodeTiffColour(Sample(), colour, bits), Format::kTiff, Sample());
    }
  }
}

TEST(DecodeWebpColours, LosslessWithAndWithoutAlpha) {
  ExpectSame(EncodeWebp(Sample(), {.alpha = true}), Format::kWebp, Sample());
  ExpectSame(EncodeWebp(Sample(), {}), Format::kWebp, Sample());
}

TEST(DecodeWebpColours, LossyWithAndWithoutAlpha) {
  for (const bool alpha : {false, true}) {
    const Data file = EncodeWebp(Slow(), {.lossless = false, .alpha = alpha});
    // "VP8 " by itself, or behind the alpha in the container of parts.
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(file.data()) + 12, 4),
              alpha ? "VP8X" : "VP8 ");
    ExpectSame(file, Format::kWebp, Slow(), 8);
  }
}

}  // namespace
}  // namespace kith::hashing
