// SPDX-License-Identifier: Apache-2.0
//
// The entropy decoder of our own against libjpeg: on what encoders write, and on damaged files,
// where it may say that it does not know, and must not say anything else than libjpeg.
#include "hashing/internal/jpeg_luma.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/hashing/luma_check.h"
#include "tests/hashing/mutants.h"
#include "tests/hashing/pictures.h"

namespace kith::hashing {
namespace {

using test::CheckLuma;
using test::Data;
using test::EncodeJpeg;
using test::JpegColour;
using test::JpegStyle;
using test::LumaVerdict;
using test::Picture;
using test::Synthetic;

constexpr std::uint32_t kSeed = 20261125;
#if defined(__SANITIZE_ADDRESS__)
constexpr int kMutantsOfAFile = 300;
#else
constexpr int kMutantsOfAFile = 3000;
#endif

// The golden picture, with noise so that blocks have many terms.
Picture Noisy(std::uint32_t seed, int width, int height) {
  Picture picture = Synthetic(seed, width, height);
  std::mt19937 random(seed);
  for (std::uint8_t& sample : picture.rgb) {
    sample = static_cast<std::uint8_t>((3 * sample + random() % 256) / 4);
  }
  return picture;
}

// Every way in which an encoder of the tests can write a picture that is to be known.
std::vector<JpegStyle> KnownStyles() {
  std::vector<JpegStyle> styles;
  for (const bool progressive : {false, true}) {
    for (const int quality : {20, 60, 92, 100}) {
      for (const auto& [across, down] : {std::pair(1, 1), {2, 1}, {1, 2}, {2, 2}, {4, 1}}) {
        for (const int restart : {0, 1, 5}) {
          JpegStyle style;
          style.progressive = progressive;
          style.quality = quality;
          style.luma_across = across;
          style.luma_down = down;
          style.restart_mcus = restart;
          style.optimised = quality == 60;
          styles.push_back(style);
        }
      }
    }
  }
  for (const bool progressive : {false, true}) {
    JpegStyle grey;
    grey.colour = JpegColour::kGrey;
    grey.progressive = progressive;
    styles.push_back(grey);
    grey.luma_across = 2;
    grey.luma_down = 2;
    styles.push_back(grey);
  }
  return styles;
}

TEST(JpegLuma, IsLibjpegsOnWhatEncodersWrite) {
  for (const JpegStyle& style : KnownStyles()) {
    for (const auto& [width, height] : {std::pair(64, 48), {17, 33}, {130, 7}, {1, 1}, {99, 101}}) {
      const Data bytes = EncodeJpeg(Noisy(3, width, height), style);
      for (const int terms : {1, 3, internal::kLumaTerms}) {
        ASSERT_EQ(CheckLuma(bytes, terms), LumaVerdict::kAgrees)
            << width << "x" << height << " quality " << style.quality << " progressive "
            << style.progressive << " sampling " << style.luma_across << style.luma_down
            << " restart " << style.restart_mcus << " terms " << terms;
      }
    }
  }
}

TEST(JpegLuma, NeverSaysAnythingElseThanLibjpegOfMutants) {
  std::mt19937 random(kSeed);
  int known = 0;
  int not_known = 0;
  std::vector<Data> files;
  for (const bool progressive : {false, true}) {
    JpegStyle style;
    style.progressive = progressive;
    style.restart_mcus = progressive ? 0 : 3;
    files.push_back(EncodeJpeg(Noisy(4, 70, 50), style));
    style.restart_mcus = 0;
    style.luma_across = style.luma_down = 1;
    style.quality = 97;
    files.push_back(EncodeJpeg(Noisy(5, 40, 56), style));
  }
  DecodeLimits limits;
  limits.max_pixels = 1 << 20;  // mutants claim all sizes; time is for damage
  for (std::size_t f = 0; f < files.size(); ++f) {
    for (int i = 0; i < kMutantsOfAFile; ++i) {
      const LumaVerdict verdict =
          CheckLuma(test::Mutate(files[f], random), internal::kLumaTerms, limits);
      ASSERT_NE(verdict, LumaVerdict::kDiffers) << "seed " << kSeed << ", file " << f << ", " << i;
      (verdict == LumaVerdict::kAgrees ? known : not_known) += 1;
    }
  }
  EXPECT_GT(known, 100);
  EXPECT_GT(not_known, 100);
}

TEST(JpegLuma, DoesNotKnowOtherColours) {
  for (const JpegColour colour : {JpegColour::kRgb, JpegColour::kCmyk, JpegColour::kYcck}) {
    JpegStyle style;
    style.colour = colour;
    EXPECT_EQ(CheckLuma(EncodeJpeg(Synthetic(1, 64, 64), style), 1), LumaVerdict::kNotKnown);
  }
}

TEST(JpegLuma, DoesNotKnowWhatIsCutOffAnywhere) {
  for (const bool progressive : {false, true}) {
    JpegStyle style;
    style.progressive = progressive;
    const Data bytes = EncodeJpeg(Noisy(2, 60, 44), style);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Data cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(CheckLuma(cut, 1), LumaVerdict::kNotKnown) << size << " of " << bytes.size();
    }
  }
}

// What lies behind the end marker is the camera's business.
TEST(JpegLuma, TakesWhatFollowsTheEnd) {
  Data bytes = EncodeJpeg(Synthetic(2, 60, 44));
  bytes.insert(bytes.end(), 1000, std::uint8_t{7});
  EXPECT_EQ(CheckLuma(bytes, 1), LumaVerdict::kAgrees);
}

TEST(JpegLuma, KeepsTheLimits) {
  JpegStyle progressive;
  progressive.progressive = true;
  const Data bytes = EncodeJpeg(Synthetic(2, 60, 44), progressive);
  EXPECT_EQ(CheckLuma(bytes, 1), LumaVerdict::kAgrees);
  EXPECT_EQ(CheckLuma(bytes, 1, {.max_side = 59}), LumaVerdict::kNotKnown);
  EXPECT_EQ(CheckLuma(bytes, 1, {.max_pixels = 60 * 44 - 1}), LumaVerdict::kNotKnown);
  EXPECT_EQ(CheckLuma(bytes, 1, {.max_memory_bytes = 1000}), LumaVerdict::kNotKnown);
  EXPECT_EQ(CheckLuma(bytes, 1, {.max_scans = 9}), LumaVerdict::kNotKnown);
  EXPECT_EQ(CheckLuma(bytes, 1, {.max_scans = 10}), LumaVerdict::kAgrees);
}

}  // namespace
}  // namespace kith::hashing
