// SPDX-License-Identifier: Apache-2.0
// JPEG 2000, JPEG XL, HEIC and AVIF.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "hashing/fingerprint.h"
#include "hashing/internal/heif.h"
#include "hashing/internal/heif_slot.h"
#include "hashing/internal/heif_work.h"
#include "tests/hashing/modern_encoders.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::DecodeAll;
using test::Decoded;
using test::LargestDifference;
using test::Picture;

constexpr int kWidth = 102, kHeight = 76;  // even: chroma of HEIC and AVIF is halved

Picture Sample() { return test::Synthetic(7, kWidth, kHeight); }

class Modern : public testing::Test {
 protected:
  static void SetUpTestSuite() { internal::UseHeif(); }
};
using DecodeHeif = Modern;

void ExpectSame(const Data& file, Format format, const Picture& want, int tolerance = 0) {
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
  EXPECT_EQ(decoded.result.format, format);
  EXPECT_EQ(decoded.result.width, want.width);
  EXPECT_EQ(decoded.result.height, want.height);
  EXPECT_LE(LargestDifference(decoded.picture, want), tolerance);
}

// The picture whose pixel at (x, y) is that of `from` at from_where(x, y).
template <typename FromWhere>
Picture Moved(const Picture& from, int width, int height, const FromWhere& from_where) {
  Picture to{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto [at_x, at_y] = from_where(x, y);
      const auto at =
          from.rgb.begin() + 3 * (static_cast<std::ptrdiff_t>(at_y) * from.width + at_x);
      to.rgb.insert(to.rgb.end(), at, at + 3);
    }
  }
  return to;
}

int BitsApart(const Data& file, const Picture& picture) {
  const Fingerprint print = FingerprintBytes(file, {});
  EXPECT_EQ(print.disposition, Disposition::kHashed) << print.detail;
  if (print.views.empty()) return 256;
  return HammingDistance(print.views[0].hashes[0].codes[0],
                         HashRgb(picture.rgb, picture.width, picture.height).code);
}

TEST(DecodeJpeg2000, FilesCodestreamsAndTiles) {
  for (const bool boxed : {false, true}) {
    for (const int tile : {0, 32, 50}) {
      ExpectSame(test::EncodeJpeg2000(Sample(), boxed, tile), Format::kJpeg2000, Sample());
    }
  }
}

TEST(DecodeJpeg2000, GreyAlphaAndDepths) {
  for (const bool boxed : {false, true}) {
    for (const int bits : {8, 12, 16}) {
      for (const int components : {1, 2, 3, 4}) {
        SCOPED_TRACE(testing::Message() << components << " components of " << bits << " bits"
                                        << (boxed ? " in a file" : ""));
        ExpectSame(test::EncodeJpeg2000(Sample(), boxed, 0, {components, bits}), Format::kJpeg2000,
                   components < 3 ? test::Grey(Sample()) : Sample());
      }
    }
  }
}

TEST(DecodeJpeg2000, DamagedAndBombs) {
  const Data whole = test::EncodeJpeg2000(Sample(), true, 32);
  Data cut = whole;
  cut.resize(cut.size() * 2 / 3);
  const Decoded decoded = DecodeAll(cut);
  EXPECT_EQ(decoded.result.disposition, Disposition::kPartial) << decoded.result.detail;
  cut.resize(100);
  EXPECT_EQ(DecodeAll(cut).result.disposition, Disposition::kUnreadable);
  Data bare = test::EncodeJpeg2000(Sample(), false);
  // Sides, then tiles of one pixel, then components: in the first segment.
  Data wide = bare;
  wide[9] = 0x7F;
  EXPECT_EQ(DecodeAll(wide).result.disposition, Disposition::kOverLimit);
  Data many = bare;
  many[40] = 0x3F;
  EXPECT_EQ(DecodeAll(many).result.disposition, Disposition::kOverLimit);
}

TEST(DecodeJxl, StillAndAnimated) {
  ExpectSame(test::EncodeJxl({Sample()}), Format::kJxl, Sample());
  const Picture second = test::Synthetic(4, kWidth, kHeight);
  const Data file = test::EncodeJxl({Sample(), second});
  ExpectSame(file, Format::kJxl, Sample());
  const Fingerprint print = FingerprintBytes(file, {});
  ASSERT_EQ(print.views.size(), 2u) << print.detail;
  EXPECT_EQ(print.views[1].name, "frame:1");
  EXPECT_EQ(print.views[1].hashes[0].codes[0], HashRgb(second.rgb, kWidth, kHeight).code);
}

// A file of a few bytes may have hundreds of channels that nobody asks for.
TEST(DecodeJxl, ExtraChannelsCountAsMemory) {
  const Data file = test::EncodeJxl({Sample()}, true);
  ExpectSame(file, Format::kJxl, Sample());
  const DecodeLimits limits{.max_memory_bytes = std::uint64_t{50} * kWidth * kHeight};
  EXPECT_EQ(DecodeAll(test::EncodeJxl({Sample()}), limits).result.disposition,
            Disposition::kHashed);
  EXPECT_EQ(DecodeAll(file, limits).result.disposition, Disposition::kOverLimit);
}

// A file that gives next to nothing a pixel gets less far than one of a camera.
TEST(DecodeJxl, SparseFilesEndEarlier) {
  constexpr int kSide = 1200;
  const Data sparse =
      test::EncodeJxl({Picture{kSide, kSide, Data(std::size_t{3} * kSide * kSide)}});
  ASSERT_LT(sparse.size(), std::size_t{kSide} * kSide / 64);
  const Data dense = test::EncodeJxl({test::Synthetic(7, kSide, kSide)});
  ASSERT_GT(dense.size(), std::size_t{kSide} * kSide / 64);
  DecodeLimits limits;
  limits.max_memory_bytes = std::uint64_t{60} * kSide * kSide;
  EXPECT_EQ(DecodeAll(sparse, limits).result.disposition, Disposition::kOverLimit);
  EXPECT_EQ(DecodeAll(dense, limits).result.disposition, Disposition::kHashed);
  limits.max_memory_bytes = std::uint64_t{80} * kSide * kSide;
  EXPECT_EQ(DecodeAll(sparse, limits).result.disposition, Disposition::kHashed);
}

TEST(DecodeJxl, Damaged) {
  const Data whole = test::EncodeJxl({test::Synthetic(7, 600, 500)});
  Data cut = whole;
  cut.resize(cut.size() / 2);
  const Disposition half = DecodeAll(cut).result.disposition;
  EXPECT_TRUE(half == Disposition::kPartial || half == Disposition::kUnreadable);
  cut.resize(20);
  EXPECT_EQ(DecodeAll(cut).result.disposition, Disposition::kUnreadable);
}

TEST_F(DecodeHeif, HeicAndAvif) {
  ExpectSame(test::EncodeHeic(Sample()), Format::kHeic, Sample(), 48);
  EXPECT_LE(BitsApart(test::EncodeHeic(Sample()), Sample()), 6);
  ExpectSame(test::EncodeAvif(Sample()), Format::kAvif, Sample(), 48);
  EXPECT_LE(BitsApart(test::EncodeAvif(Sample()), Sample()), 6);
}

// Unlike EXIF, which is a note, the turn of a HEIC is how its picture is made.
TEST_F(DecodeHeif, ItsOwnRotationIsApplied) {
  const Decoded turned = DecodeAll(test::EncodeHeic(Sample(), test::HeifTurn::kRight));
  EXPECT_EQ(turned.result.disposition, Disposition::kHashed) << turned.result.detail;
  EXPECT_EQ(turned.result.width, kHeight);
  EXPECT_EQ(turned.result.height, kWidth);
  // To the right: the first row is the left column from below.
  const Picture right =
      Moved(Sample(), kHeight, kWidth, [](int x, int y) { return std::pair(y, kHeight - 1 - x); });
  EXPECT_LE(LargestDifference(turned.picture, right), 48);
}

TEST_F(DecodeHeif, ItsOwnMirrorIsApplied) {
  const Picture mirrored =
      Moved(Sample(), kWidth, kHeight, [](int x, int y) { return std::pair(kWidth - 1 - x, y); });
  ExpectSame(test::EncodeHeic(Sample(), test::HeifTurn::kMirrored), Format::kHeic, mirrored, 48);
}

// HEVC codes whole blocks: that a side is shorter stands in a crop of its own (clap).
// What is coded has even sides.
TEST_F(DecodeHeif, OddSidesAreThoseOfThePicture) {
  const Picture odd = test::Synthetic(7, kWidth - 1, kHeight - 1);
  ExpectSame(test::EncodeHeic(odd), Format::kHeic, odd, 64);
}

TEST_F(DecodeHeif, Grids) {
  const Picture tile = test::Synthetic(7, 64, 64);
  const Decoded grid = DecodeAll(test::HeicGrid(tile, 3, 2));
  ASSERT_EQ(grid.result.disposition, Disposition::kHashed) << grid.result.detail;
  EXPECT_EQ(grid.result.width, 192);
  EXPECT_EQ(grid.result.height, 128);
  EXPECT_EQ(internal::HeifCodedPixels(test::HeicGrid(tile, 3, 2)), 192u * 128u);
  // 65,025 times a tile of 64x64 is 266 megapixels of work.
  const Decoded bomb = DecodeAll(test::HeicGrid(tile, 255, 255));
  EXPECT_EQ(bomb.result.disposition, Disposition::kOverLimit) << bomb.result.detail;
}

// It is decoded too, though nobody asks for it.
TEST_F(DecodeHeif, AlphaCountsAsWork) {
  const Data file = test::EncodeHeicWithAlpha(Sample());
  EXPECT_EQ(internal::HeifCodedPixels(test::EncodeHeic(Sample())), 1u * kWidth * kHeight);
  EXPECT_EQ(internal::HeifCodedPixels(file), 2u * kWidth * kHeight);
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed) << decoded.result.detail;
}

TEST_F(DecodeHeif, DamagedIsUnreadableOrPartial) {
  for (const Data& whole : {test::EncodeHeic(Sample()), test::EncodeAvif(Sample())}) {
    for (const std::size_t size : {whole.size() - 200, whole.size() / 2, std::size_t{40}}) {
      const Disposition found =
          DecodeAll(Data(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))
              .result.disposition;
      EXPECT_TRUE(found == Disposition::kUnreadable || found == Disposition::kPartial ||
                  found == Disposition::kUnsupported)
          << DispositionName(found);
    }
  }
}

// Where libheif is not linked, the file is named and its digests are known.
TEST(HeifSlot, EmptyIsUnsupported) {
  internal::FillHeifSlot(nullptr);
  const Fingerprint print = FingerprintBytes(test::EncodeHeic(Sample()), {});
  EXPECT_EQ(print.disposition, Disposition::kUnsupported);
  EXPECT_EQ(print.format_name, "heic");
  EXPECT_TRUE(print.digests.has_value());
  internal::UseHeif();
}

}  // namespace
}  // namespace kith::hashing
