// SPDX-License-Identifier: Apache-2.0
//
// The bounds of fast hashing, on JPEGs made from generated pictures; bench/SCORES.md has those of
// photographs.
#include "hashing/fast_pdq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "hashing/orientation.h"
#include "hashing/pdq.h"
#include "tests/hashing/pictures.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::EncodeJpeg;
using test::JpegColour;
using test::JpegStyle;
using test::Picture;

// Something like a photograph: soft ground, waves of all lengths down to a few pixels, things with
// sharp edges, and noise.
Picture Scene(std::uint32_t seed, int width, int height) {
  std::mt19937 random(seed);
  const auto draw = [&random](double from, double to) {
    return from + (to - from) * static_cast<double>(random()) / 4294967295.0;
  };
  struct Wave {
    double x, y, phase, height;
    int channel;
  };
  std::vector<Wave> waves;
  for (int i = 0; i < 10; ++i) {
    const double length = 4 * std::exp(draw(0, 5));
    const double angle = draw(0, 2 * std::numbers::pi);
    waves.push_back({std::cos(angle) * 2 * std::numbers::pi / length,
                     std::sin(angle) * 2 * std::numbers::pi / length, draw(0, 6),
                     4 + std::sqrt(length), static_cast<int>(random() % 4)});
  }
  struct Thing {
    double x, y, radius;
    int colour[3];
  };
  std::vector<Thing> things;
  for (int i = 0; i < 15; ++i) {
    Thing thing{draw(0, width), draw(0, height), height * std::exp(draw(-5, -1.5)), {}};
    for (int& colour : thing.colour) colour = static_cast<int>(draw(10, 245));
    things.push_back(thing);
  }
  Picture picture{.width = width, .height = height, .rgb = {}};
  picture.rgb.reserve(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double value[3] = {120, 110, 100};
      for (const Wave& wave : waves) {
        // A triangle is as good as a sine, and cheaper.
        const double turn = (wave.x * x + wave.y * y + wave.phase) / 6;
        const double wave_height = wave.height * (4 * std::abs(turn - std::floor(turn + 0.5)) - 1);
        for (int c = 0; c < 3; ++c) {
          if (wave.channel == 3 || wave.channel == c) value[c] += wave_height;
        }
      }
      for (const Thing& thing : things) {
        if (std::max(std::abs(x - thing.x), 1.5 * std::abs(y - thing.y)) > thing.radius) continue;
        for (int c = 0; c < 3; ++c) value[c] = (value[c] + thing.colour[c]) / 2;
      }
      const double noise = static_cast<double>(random() % 17) - 8;
      for (const double v : value) {
        picture.rgb.push_back(static_cast<std::uint8_t>(std::clamp(v + noise, 0.0, 255.0)));
      }
    }
  }
  return picture;
}

Pdq Exact(const Data& jpeg) {
  const test::Decoded decoded = test::DecodeAll(jpeg);
  EXPECT_EQ(decoded.result.disposition, Disposition::kHashed);
  return HashRgb(decoded.picture.rgb, decoded.picture.width, decoded.picture.height);
}

struct Tally {
  int known = 0;
  int not_known = 0;
  std::vector<int> distances;
};

void Compare(const Data& jpeg, const std::string& what, Tally& tally) {
  const auto fast = HashFast(jpeg, {});
  if (!fast.has_value()) {
    ++tally.not_known;
    return;
  }
  ++tally.known;
  const Pdq exact = Exact(jpeg);
  EXPECT_EQ(fast->pdq.usable(), exact.usable()) << what;
  if (!exact.usable()) return;
  const OrientationCodes theirs = AllOrientations(exact.coefficients);
  const OrientationCodes ours = AllOrientations(fast->pdq.coefficients);
  for (std::size_t i = 0; i < kOrientationCount; ++i) {
    const int distance = HammingDistance(ours[i], theirs[i]);
    EXPECT_LE(distance, kFastMarginBits) << what << ", " << OrientationName(kOrientations[i]);
    tally.distances.push_back(distance);
  }
}

TEST(FastPdq, LiesWithinItsMarginInItsDomain) {
  Tally tally;
  std::uint32_t seed = 1;
  for (const auto& [width, height] :
       {std::pair(900, 650), {641, 1203}, {1402, 1211}, {2600, 2571}}) {
    const Picture scene = Scene(seed++, width, height);
    for (const int quality : {30, 60, 90}) {
      if (width > 2000 && quality != 60) continue;
      for (const auto& [across, down] : {std::pair(1, 1), {2, 1}, {2, 2}}) {
        if (width > 2000 && across != down) continue;
        for (const bool progressive : {false, true}) {
          JpegStyle style;
          style.quality = quality;
          style.luma_across = across;
          style.luma_down = down;
          style.progressive = progressive;
          Compare(EncodeJpeg(scene, style),
                  std::to_string(width) + "x" + std::to_string(height) + " quality " +
                      std::to_string(quality) + " sampling " + std::to_string(across) +
                      std::to_string(down) + (progressive ? " progressive" : ""),
                  tally);
        }
      }
    }
  }
  ASSERT_FALSE(tally.distances.empty());
  std::ranges::sort(tally.distances);
  EXPECT_LE(tally.distances[tally.distances.size() / 2], 2);
  // The domain is worth something, and has an end.
  EXPECT_GT(tally.known, 25);
  EXPECT_GT(tally.not_known, 10);
}

TEST(FastPdq, KnowsGrey) {
  JpegStyle grey;
  grey.colour = JpegColour::kGrey;
  Tally tally;
  Compare(EncodeJpeg(Scene(7, 1000, 800), grey), "grey", tally);
  EXPECT_EQ(tally.known, 1);
}

TEST(FastPdq, KnowsThatAFlatPictureIsOfNoUse) {
  Picture flat{.width = 800, .height = 700, .rgb = Data(std::size_t{3} * 800 * 700, 90)};
  const auto fast = HashFast(EncodeJpeg(flat), {});
  ASSERT_TRUE(fast.has_value());
  EXPECT_FALSE(fast->pdq.usable());
  EXPECT_EQ(fast->pdq.quality, 0);
}

TEST(FastPdq, LeavesOutsideItsDomainToOthers) {
  const Picture scene = Scene(8, 800, 700);
  JpegStyle style;
  EXPECT_TRUE(HashFast(EncodeJpeg(scene, style), {}).has_value());
  style.quality = 20;
  EXPECT_FALSE(HashFast(EncodeJpeg(scene, style), {}).has_value()) << "coarse";
  EXPECT_FALSE(HashFast(EncodeJpeg(Scene(8, 800, 600)), {}).has_value()) << "small";
  style = {};
  style.colour = JpegColour::kCmyk;
  EXPECT_FALSE(HashFast(EncodeJpeg(scene, style), {}).has_value()) << "CMYK";
  EXPECT_FALSE(HashFast(test::EncodePng(scene), {}).has_value()) << "PNG";
  EXPECT_FALSE(HashFast({}, {}).has_value());
  const Data jpeg = EncodeJpeg(scene);
  EXPECT_FALSE(HashFast(jpeg, {.max_bytes = jpeg.size() - 1}).has_value());
  EXPECT_FALSE(HashFast(jpeg, {.max_side = 799}).has_value());
  const Data cut(jpeg.begin(), jpeg.end() - 100);
  EXPECT_FALSE(HashFast(cut, {}).has_value()) << "cut off";
}

}  // namespace
}  // namespace kith::hashing
