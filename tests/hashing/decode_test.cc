// SPDX-License-Identifier: Apache-2.0
// Colours come out right, whatever a file's format, depth and colour model are.
#include "hashing/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/hashing/pictures.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::DecodeAll;
using test::Decoded;
using test::JpegColour;
using test::JpegStyle;
using test::LargestDifference;
using test::Picture;
using test::PngColour;

constexpr int kWidth = 101, kHeight = 75;  // no multiples of anything

Picture Sample() { return test::Synthetic(7, kWidth, kHeight); }

void ExpectSame(const Data& file, Format format, const Picture& want, int tolerance = 0) {
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
  EXPECT_EQ(decoded.result.format, format);
  EXPECT_EQ(decoded.result.width, want.width);
  EXPECT_EQ(decoded.result.height, want.height);
  EXPECT_LE(LargestDifference(decoded.picture, want), tolerance);
}

TEST(DecodeJpeg, ColourModels) {
  for (const bool progressive : {false, true}) {
    SCOPED_TRACE(progressive);
    ExpectSame(EncodeJpeg(Sample(), {.quality = 100, .progressive = progressive, .exif = {}}),
               Format::kJpeg, Sample(), 24);
    ExpectSame(
        EncodeJpeg(
            Sample(),
            {.quality = 100, .colour = JpegColour::kRgb, .progressive = progressive, .exif = {}}),
        Format::kJpeg, Sample(), 4);
    ExpectSame(
        EncodeJpeg(
            Sample(),
            {.quality = 100, .colour = JpegColour::kGrey, .progressive = progressive, .exif = {}}),
        Format::kJpeg, Grey(Sample()), 4);
    ExpectSame(
        EncodeJpeg(
            Sample(),
            {.quality = 100, .colour = JpegColour::kCmyk, .progressive = progressive, .exif = {}}),
        Format::kJpeg, Sample(), 5);
    ExpectSame(
        EncodeJpeg(
            Sample(),
            {.quality = 100, .colour = JpegColour::kYcck, .progressive = progressive, .exif = {}}),
        Format::kJpeg, Sample(), 24);
    ExpectSame(EncodeJpeg(Sample(), {.quality = 100,
                                     .colour = JpegColour::kCmyk,
                                     .progressive = progressive,
                                     .adobe_marker = false,
                                     .exif = {}}),
               Format::kJpeg, Sample(), 5);
  }
}

TEST(DecodeJpeg, ExifOrientationIsIgnored) {
  // A TIFF directory with the one tag Orientation = 6 (to be shown turned by 90 degrees).
  const Data exif = {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                     0x12, 1,   3,   0,   1, 0, 0,   0,   6,  0, 0, 0, 0, 0, 0, 0};
  const Decoded turned = DecodeAll(EncodeJpeg(Sample(), {.exif = exif}));
  const Decoded plain = DecodeAll(EncodeJpeg(Sample()));
  EXPECT_EQ(turned.result.width, kWidth);
  EXPECT_EQ(LargestDifference(turned.picture, plain.picture), 0);
  ExpectSame(EncodeTiff(Sample(), 3, 8, 6), Format::kTiff, Sample());
}

TEST(DecodeJpeg, TruncatedGoesAsFarAsItGoes) {
  for (const bool progressive : {false, true}) {
    const Data whole = EncodeJpeg(Sample(), {.progressive = progressive, .exif = {}});
    const Decoded want = DecodeAll(whole);
    for (const int percent : {50, 70, 90}) {
      const Data cut(whole.begin(),
                     whole.begin() + static_cast<std::ptrdiff_t>(whole.size()) * percent / 100);
      const Decoded decoded = DecodeAll(cut);
      EXPECT_EQ(decoded.result.disposition, Disposition::kPartial) << percent;
      EXPECT_THAT(decoded.result.detail, testing::HasSubstr("truncated"));
      ASSERT_EQ(decoded.picture.rgb.size(), want.picture.rgb.size());
      // A second decoding between, of another picture: nothing of it may show.
      (void)DecodeAll(EncodeJpeg(test::Synthetic(99, kWidth, kHeight)));
      EXPECT_EQ(LargestDifference(DecodeAll(cut).picture, decoded.picture), 0);
      if (!progressive) {
        // The first rows are those of the whole file.
        const auto rows = static_cast<std::ptrdiff_t>(3 * kWidth * 8);
        EXPECT_TRUE(std::equal(want.picture.rgb.begin(), want.picture.rgb.begin() + rows,
                               decoded.picture.rgb.begin()));
      }
    }
  }
}

TEST(DecodeJpeg, MissingEndMarkerIsNoLoss) {
  Data file = EncodeJpeg(Sample());
  const Decoded want = DecodeAll(file);
  file.resize(file.size() - 2);
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
  EXPECT_EQ(LargestDifference(decoded.picture, want.picture), 0);
}

TEST(DecodeJpeg, HeaderAloneIsUnreadable) {
  Data file = EncodeJpeg(Sample());
  file.resize(40);
  EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kUnreadable);
}

// Each scan costs the sender a few bytes and the reader the whole picture.
TEST(DecodeJpeg, ManyScansAreOverTheLimit) {
  const Data file = EncodeJpeg(Sample(), {.progressive = true, .exif = {}});
  DecodeLimits limits;
  limits.max_scans = 3;
  EXPECT_EQ(DecodeAll(file, limits).result.disposition, Disposition::kOverLimit);
  const Data marker = {0xFF, 0xDA};
  const auto last = std::find_end(file.begin(), file.end(), marker.begin(), marker.end());
  Data bomb(file.begin(), last);
  for (int i = 0; i < 2000; ++i) bomb.insert(bomb.end(), last, file.end() - 2);
  const Decoded decoded = DecodeAll(bomb);
  EXPECT_EQ(decoded.result.disposition, Disposition::kOverLimit) << decoded.result.detail;
  EXPECT_THAT(decoded.result.detail, testing::HasSubstr("500 scans"));
}

// Rare, and libjpeg-turbo knows it: other bytes, the same pixels.
TEST(DecodeJpeg, ArithmeticCoding) {
  const Picture picture = test::Synthetic(6, 141, 97);
  for (const bool progressive : {false, true}) {
    JpegStyle style{.progressive = progressive, .exif = {}};
    const Decoded huffman = DecodeAll(EncodeJpeg(picture, style));
    style.arithmetic = true;
    const Data file = EncodeJpeg(picture, style);
    const Data frame = {0xFF, static_cast<std::uint8_t>(progressive ? 0xCA : 0xC9)};
    EXPECT_NE(std::search(file.begin(), file.end(), frame.begin(), frame.end()), file.end());
    const Decoded decoded = DecodeAll(file);
    EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
    EXPECT_EQ(LargestDifference(decoded.picture, huffman.picture), 0);
    const Data cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2));
    EXPECT_EQ(DecodeAll(cut).result.disposition, Disposition::kPartial);
  }
}

// 12 bits a sample, and lossless coding: named, not called damaged.
TEST(DecodeJpeg, KindsThatAreNotReadAreNamed) {
  Data file = EncodeJpeg(Sample());
  const Data sof = {0xFF, 0xC0};
  const auto at = std::search(file.begin(), file.end(), sof.begin(), sof.end());
  ASSERT_NE(at, file.end());
  *(at + 4) = 12;
  EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kUnsupported);
  *(at + 4) = 8;
  *(at + 1) = 0xC3;
  const Decoded lossless = DecodeAll(file);
  EXPECT_EQ(lossless.result.disposition, Disposition::kUnsupported);
  EXPECT_THAT(lossless.result.detail, testing::HasSubstr("jpeg: "));
}

TEST(DecodePng, ColourModelsDepthsAndInterlace) {
  const Picture few = FewColours(Sample(), 16);
  for (const bool interlaced : {false, true}) {
    for (const int bits : {8, 16}) {
      SCOPED_TRACE(std::to_string(bits) + (interlaced ? " bits interlaced" : " bits"));
      ExpectSame(EncodePng(Sample(), {PngColour::kRgb, bits, interlaced}), Format::kPng, Sample());
      ExpectSame(EncodePng(Sample(), {PngColour::kRgba, bits, interlaced}), Format::kPng, Sample());
      ExpectSame(EncodePng(Sample(), {PngColour::kGrey, bits, interlaced}), Format::kPng,
                 Grey(Sample()));
      ExpectSame(EncodePng(Sample(), {PngColour::kGreyAlpha, bits, interlaced}), Format::kPng,
                 Grey(Sample()));
    }
    ExpectSame(EncodePng(few, {PngColour::kPalette, 8, interlaced}), Format::kPng, few);
    ExpectSame(EncodePng(few, {PngColour::kPalette, 4, interlaced}), Format::kPng, few);
    const Picture two = FewColours(Sample(), 2);
    ExpectSame(EncodePng(two, {PngColour::kPalette, 1, interlaced}), Format::kPng, two);
  }
}

TEST(DecodePng, TruncatedGivesTheRowsThereAre) {
  const Picture sample = Sample();
  for (const bool interlaced : {false, true}) {
    Data file = EncodePng(sample, {.interlaced = interlaced});
    file.resize(file.size() * 2 / 3);
    const Decoded decoded = DecodeAll(file);
    EXPECT_EQ(decoded.result.disposition, Disposition::kPartial) << decoded.result.detail;
    ASSERT_EQ(decoded.picture.rgb.size(), sample.rgb.size());
    if (!interlaced) {
      EXPECT_TRUE(std::equal(sample.rgb.begin(), sample.rgb.begin() + 3 * kWidth * 20,
                             decoded.picture.rgb.begin()));
      EXPECT_EQ(decoded.picture.rgb.back(), 0);
    }
    file.resize(60);
    EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kUnreadable);
  }
}

// What the first pass brought stands in for what is missing.
TEST(DecodePng, TruncatedInterlacedHasNoHoles) {
  Picture bright = Sample();
  for (std::uint8_t& v : bright.rgb) v |= 0x40;
  Data file = EncodePng(bright, {.interlaced = true});
  file.resize(file.size() * 2 / 3);
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kPartial) << decoded.result.detail;
  EXPECT_TRUE(std::ranges::all_of(decoded.picture.rgb, [](std::uint8_t v) { return v >= 0x40; }));
}

TEST(DecodeWebp, LosslessIsExact) {
  ExpectSame(test::EncodeByOpenCv(Sample(), ".webp"), Format::kWebp, Sample());
}

TEST(DecodeTiff, RgbCmykAndDepths) {
  ExpectSame(test::EncodeByOpenCv(Sample(), ".tiff"), Format::kTiff, Sample());
  ExpectSame(EncodeTiff(Sample(), 3, 8), Format::kTiff, Sample());
  ExpectSame(EncodeTiff(Sample(), 3, 16), Format::kTiff, Sample(), 1);  // rounded
  ExpectSame(EncodeTiff(Sample(), 4, 8), Format::kTiff, Sample());
}

TEST(DecodeBmp, WholeAndTruncated) {
  const Picture sample = Sample();
  Data file = test::EncodeByOpenCv(sample, ".bmp");
  ExpectSame(file, Format::kBmp, sample);
  file.resize(file.size() / 2);
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kPartial);
  // Rows are stored from the bottom: the top is what is missing.
  EXPECT_EQ(decoded.picture.rgb.front(), 0);
  EXPECT_TRUE(std::equal(sample.rgb.rbegin(), sample.rgb.rbegin() + 3 * kWidth * 30,
                         decoded.picture.rgb.rbegin()));
}

TEST(DecodeGif, PaletteInterlaceTransparencyAndScreen) {
  const Picture few = FewColours(Sample(), 32);
  ExpectSame(EncodeGif(few), Format::kGif, few);
  ExpectSame(EncodeGif(few, {.interlaced = true}), Format::kGif, few);
  // Alpha is dropped everywhere: a transparent pixel keeps the colour of its palette entry.
  ExpectSame(EncodeGif(few, {.transparent = 3}), Format::kGif, few);

  const Decoded placed = DecodeAll(EncodeGif(
      few, {.left = 2, .top = 1, .screen_width = kWidth + 4, .screen_height = kHeight + 3}));
  ASSERT_EQ(placed.result.disposition, Disposition::kHashed) << placed.result.detail;
  EXPECT_EQ(placed.result.width, kWidth + 4);
  const auto at = [&](int x, int y) {
    return &placed.picture.rgb[static_cast<std::size_t>(3 * (y * (kWidth + 4) + x))];
  };
  EXPECT_TRUE(std::equal(few.rgb.begin(), few.rgb.begin() + 3 * kWidth, at(2, 1)));
  EXPECT_EQ(*at(0, 0), *at(kWidth + 3, kHeight + 2));
}

TEST(DecodeGif, TruncatedGivesTheRowsThereAre) {
  Data file = EncodeGif(FewColours(Sample(), 32));
  file.resize(file.size() * 2 / 3);
  EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kPartial);
  file.resize(30);
  EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kUnreadable);
}

std::vector<Data> EveryFormat() {
  const Picture few = FewColours(Sample(), 32);
  return {EncodeJpeg(Sample()),
          EncodeJpeg(Sample(), {.progressive = true, .exif = {}}),
          EncodePng(Sample()),
          EncodePng(Sample(), {.interlaced = true}),
          EncodeGif(few),
          test::EncodeByOpenCv(Sample(), ".webp"),
          test::EncodeByOpenCv(Sample(), ".tiff"),
          test::EncodeByOpenCv(Sample(), ".bmp")};
}

TEST(DecodeLimits, ApplyToEveryFormat) {
  for (const Data& file : EveryFormat()) {
    SCOPED_TRACE(FormatName(SniffFormat(file)));
    DecodeLimits limits;
    limits.max_pixels = kWidth * kHeight;
    EXPECT_EQ(DecodeAll(file, limits).result.disposition, Disposition::kHashed);
    limits.max_pixels = kWidth * kHeight - 1;
    const Decoded decoded = DecodeAll(file, limits);
    EXPECT_EQ(decoded.result.disposition, Disposition::kOverLimit);
    EXPECT_EQ(decoded.result.width, kWidth);
    EXPECT_TRUE(decoded.picture.rgb.empty());
    limits = {};
    limits.max_side = kWidth - 1;
    EXPECT_EQ(DecodeAll(file, limits).result.disposition, Disposition::kOverLimit);
    limits = {};
    limits.max_bytes = file.size() - 1;
    EXPECT_EQ(DecodeAll(file, limits).result.disposition, Disposition::kOverLimit);
  }
  DecodeLimits limits;
  limits.max_memory_bytes = 1000;
  EXPECT_EQ(
      DecodeAll(EncodeJpeg(Sample(), {.progressive = true, .exif = {}}), limits).result.disposition,
      Disposition::kOverLimit);
}

// The header of a small file claims the largest picture there can be.
TEST(DecodeLimits, BombsEndBeforeTheDecoder) {
  Data jpeg = EncodeJpeg(Sample());
  const Data sof = {0xFF, 0xC0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), sof.begin(), sof.end());
  ASSERT_NE(at, jpeg.end());
  std::fill_n(at + 5, 4, std::uint8_t{0xFD});
  EXPECT_EQ(DecodeAll(jpeg).result.disposition, Disposition::kOverLimit);
  Data bmp = test::EncodeByOpenCv(Sample(), ".bmp");
  std::fill_n(bmp.begin() + 18, 8, std::uint8_t{0x7F});
  EXPECT_EQ(DecodeAll(bmp).result.disposition, Disposition::kOverLimit);
  Data gif = EncodeGif(FewColours(Sample(), 32));
  std::fill_n(gif.begin() + 6, 4, std::uint8_t{0xFF});
  EXPECT_EQ(DecodeAll(gif).result.disposition, Disposition::kOverLimit);
}

}  // namespace
}  // namespace kith::hashing
