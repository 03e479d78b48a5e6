// SPDX-License-Identifier: Apache-2.0
// Formats of many styles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hashing/decode.h"
#include "tests/hashing/encoders.h"
#include "tests/hashing/encoding.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::DecodeAll;
using test::Decoded;
using test::LargestDifference;
using test::Picture;

constexpr int kWidth = 101, kHeight = 75;  // no multiples of anything

Picture Sample() { return test::Synthetic(7, kWidth, kHeight); }

void ExpectSame(const Data& file, Format format, const Picture& want, int tolerance = 0) {
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
  EXPECT_EQ(decoded.result.format, format);
  EXPECT_LE(LargestDifference(decoded.picture, want), tolerance);
}

// Black and white by the green.
Picture TwoTone(const Picture& picture) {
  Picture out = Grey(picture);
  for (std::uint8_t& v : out.rgb) v = v < 128 ? 0 : 255;
  return out;
}

// A TIFF directory with the one tag Orientation = 6 (to be shown turned by 90 degrees).
const Data kTurned = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                      0,   1,   0,  0, 0, 6, 0, 0, 0, 0, 0,    0, 0};

void PutChunk(Data& out, const std::string& type, const Data& content) {
  out.insert(out.end(), type.begin(), type.end());
  test::Put(out, content.size(), 4);
  out.insert(out.end(), content.begin(), content.end());
  if (content.size() % 2 != 0) out.push_back(0);
}

TEST(DecodePng, ExifOrientationIsIgnored) {
  const Data png = EncodePng(Sample());
  ExpectSame(test::WithPngChunk(png, "eXIf", kTurned), Format::kPng, Sample());
}

TEST(DecodeWebp, ExifOrientationIsIgnored) {
  const Data plain = EncodeByOpenCv(Sample(), ".webp");
  ExpectSame(plain, Format::kWebp, Sample());
  // The extended header says that there is Exif, and how large the picture is.
  Data extended = {0x08, 0, 0, 0};
  test::Put(extended, kWidth - 1, 3);
  test::Put(extended, kHeight - 1, 3);
  constexpr std::ptrdiff_t kHeader = 12;  // "RIFF", length, "WEBP"
  Data chunks;
  PutChunk(chunks, "VP8X", extended);
  chunks.insert(chunks.end(), plain.begin() + kHeader, plain.end());
  PutChunk(chunks, "EXIF", kTurned);
  Data file = {'R', 'I', 'F', 'F'};
  test::Put(file, chunks.size() + 4, 4);
  file.insert(file.end(), {'W', 'E', 'B', 'P'});
  file.insert(file.end(), chunks.begin(), chunks.end());
  ExpectSame(file, Format::kWebp, Sample());
}

TEST(DecodePnm, AllKindsAndDepths) {
  for (const int kind : {3, 6, 7}) {
    SCOPED_TRACE(kind);
    ExpectSame(EncodePnm(Sample(), kind), Format::kPnm, Sample());
    ExpectSame(EncodePnm(Sample(), kind, 65535), Format::kPnm, Sample());
    ExpectSame(EncodePnm(Sample(), kind, 1000), Format::kPnm, Sample());
    ExpectSame(EncodePnm(Sample(), kind, 31), Format::kPnm, Sample(), 5);
  }
  for (const int kind : {2, 5}) {
    ExpectSame(EncodePnm(Sample(), kind), Format::kPnm, Grey(Sample()));
    ExpectSame(EncodePnm(Sample(), kind, 65535), Format::kPnm, Grey(Sample()));
  }
  for (const int kind : {1, 4}) {
    ExpectSame(EncodePnm(Sample(), kind), Format::kPnm, TwoTone(Sample()));
  }
}

TEST(DecodePnm, TruncatedGivesTheRowsThereAre) {
  for (const int kind : {1, 2, 3, 4, 5, 6, 7}) {
    Data file = EncodePnm(Sample(), kind);
    file.resize(file.size() * 2 / 3);
    const Decoded decoded = DecodeAll(file);
    EXPECT_EQ(decoded.result.disposition, Disposition::kPartial) << kind;
    ASSERT_EQ(decoded.picture.rgb.size(), Sample().rgb.size());
    EXPECT_EQ(decoded.picture.rgb.back(), 0);
    file.resize(30);  // within the header of P7
    EXPECT_EQ(DecodeAll(file).result.disposition,
              kind == 7 ? Disposition::kNotMedia : Disposition::kUnreadable)
        << kind;
  }
}

TEST(DecodePnm, HeadersThatMakeNoSenseAreNoPictures) {
  for (const std::string text :
       {"P6", "P6\n", "P5 is a road in the north", "P5 100 things to do", "P6\n4 4\n0\n....",
        "P6\n4 4\n65536\n....", "P5\n4 x\n255\n....", "P7\nWIDTH 4\nHEIGHT 4\nENDHDR\n",
        "P7\nWIDTH 4\nHEIGHT 4\nDEPTH 5\nMAXVAL 255\nENDHDR\n", "P6\n99999999999 4\n255\n"}) {
    EXPECT_EQ(SniffFormat(Data(text.begin(), text.end())), Format::kNone) << text;
  }
  const std::string large = "P5 2000000 1 255 ";
  EXPECT_EQ(DecodeAll(Data(large.begin(), large.end())).result.disposition,
            Disposition::kOverLimit);
}

TEST(DecodeBmp, DepthsHeadersAndMasks) {
  const Picture sample = Sample();
  for (const bool top_down : {false, true}) {
    ExpectSame(EncodeBmp(sample, {.depth = 24, .top_down = top_down}), Format::kBmp, sample);
    ExpectSame(EncodeBmp(sample, {.depth = 32, .top_down = top_down}), Format::kBmp, sample);
    ExpectSame(EncodeBmp(sample, {.depth = 32, .top_down = top_down, .masks = true}), Format::kBmp,
               sample);
    ExpectSame(EncodeBmp(sample, {.depth = 16, .top_down = top_down}), Format::kBmp, sample, 8);
    ExpectSame(EncodeBmp(sample, {.depth = 16, .top_down = top_down, .masks = true}), Format::kBmp,
               sample, 8);
  }
  ExpectSame(EncodeBmp(sample, {.depth = 24, .core = true}), Format::kBmp, sample);
  for (const auto& [depth, colours] : {std::pair{8, 32}, std::pair{4, 16}, std::pair{1, 2}}) {
    const Picture few = FewColours(sample, colours);
    for (const bool core : {false, true}) {
      ExpectSame(EncodeBmp(few, {.depth = depth, .core = core}), Format::kBmp, few);
    }
  }
}

// OpenCV's reader drew such pictures wrong.
TEST(DecodeBmp, RunLengthCodes) {
  for (const auto& [depth, colours] : {std::pair{8, 32}, std::pair{4, 16}}) {
    const Picture few = FewColours(Sample(), colours);
    const Data file = EncodeBmp(few, {.depth = depth, .run_length = true});
    ExpectSame(file, Format::kBmp, few);
    const Data cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size()) * 2 / 3);
    const Decoded decoded = DecodeAll(cut);
    EXPECT_EQ(decoded.result.disposition, Disposition::kPartial);
    // Rows are stored from the bottom.
    EXPECT_TRUE(std::equal(few.rgb.rbegin(), few.rgb.rbegin() + std::ptrdiff_t{3} * kWidth * 20,
                           decoded.picture.rgb.rbegin()));
  }
  // Moves, rows that are ended early, and a code that goes on past the top.
  Data moves = EncodeBmp(FewColours(test::Synthetic(1, 4, 3), 4), {.depth = 8});
  moves[30] = 1;
  moves.resize(14 + 40 + 4 * 256);
  for (const int v : {2, 1, 0, 0, 0, 2, 1, 1, 1, 2, 9, 3, 0, 0, 5, 1, 5, 1, 0, 0, 7, 7}) {
    moves.push_back(static_cast<std::uint8_t>(v));
  }
  const Decoded decoded = DecodeAll(moves);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
  const auto at = [&](std::size_t x, std::size_t y) {
    return decoded.picture.rgb[3 * (4 * y + x)];
  };
  EXPECT_EQ(at(0, 2), at(1, 2));
  EXPECT_EQ(at(2, 2), at(3, 2));
  EXPECT_EQ(at(0, 0), at(0, 1));
}

TEST(DecodeBmp, KindsThatAreNotReadAreNamed) {
  Data file = EncodeBmp(Sample(), {.depth = 24});
  file[30] = 4;  // a JPEG within
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kUnsupported);
  EXPECT_THAT(decoded.result.detail, testing::HasSubstr("bmp: a compression"));
  file[30] = 0;
  file[28] = 13;
  EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kUnsupported);
  file.resize(30);
  EXPECT_EQ(DecodeAll(file).result.disposition, Disposition::kUnreadable);
}

TEST(DecodePng, OfAnAnimationTheFirstFrame) {
  const Picture second = test::Synthetic(8, kWidth, kHeight);
  ExpectSame(test::EncodeApng(Sample(), second), Format::kPng, Sample());
}

TEST(DecodeTiff, FloatingPointIsNamed) {
  const Decoded decoded = DecodeAll(test::EncodeTiffPages({Sample()}, {.floating = true}));
  EXPECT_EQ(decoded.result.disposition, Disposition::kUnsupported);
  EXPECT_THAT(decoded.result.detail, testing::HasSubstr("floating-point"));
}

}  // namespace
}  // namespace kith::hashing
