// SPDX-License-Identifier: Apache-2.0
// What is around a picture is found, and only that.
#include "hashing/internal/borders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/hashing/pictures.h"

namespace kith::hashing::internal {
namespace {

using test::Data;
using test::Frame;
using test::Picture;

constexpr std::uint32_t kSeed = 20261125;

std::optional<Rectangle> FindIn(const Picture& picture) {
  BorderFinder finder(picture.width, picture.height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
    finder.AddRow(picture.rgb.data() + y * 3 * static_cast<std::size_t>(picture.width));
  }
  return finder.Find();
}

// With grain: the clouds of a drawn picture may be as even at an edge as a border is.
Picture Grainy(std::uint32_t seed, int width, int height) {
  Picture picture = test::Synthetic(seed, width, height);
  std::mt19937 random(seed);
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    const int grain = static_cast<int>(random() % 81) - 40;
    for (std::size_t c = 0; c < 3; ++c) {
      picture.rgb[i + c] =
          static_cast<std::uint8_t>(std::clamp(picture.rgb[i + c] + grain, 0, 255));
    }
  }
  return picture;
}

std::uint8_t* Pixel(Picture& picture, int x, int y) {
  return &picture.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                           static_cast<std::size_t>(x))];
}

// As an encoder leaves it.
Picture ThroughJpeg(const Picture& picture, int quality) {
  return test::DecodeAll(EncodeJpeg(picture, {.quality = quality, .exif = {}})).picture;
}

void ExpectWithin(const std::optional<Rectangle>& found, const Rectangle& want, int tolerance) {
  ASSERT_TRUE(found.has_value());
  EXPECT_LE(std::abs(found->left - want.left), tolerance);
  EXPECT_LE(std::abs(found->top - want.top), tolerance);
  EXPECT_LE(std::abs(found->left + found->width - want.left - want.width), tolerance);
  EXPECT_LE(std::abs(found->top + found->height - want.top - want.height), tolerance);
}

TEST(Borders, BarePicturesHaveNone) {
  for (std::uint32_t seed = 1; seed < 12; ++seed) {
    const Picture picture = Grainy(seed, 300 + static_cast<int>(seed) * 17, 250);
    EXPECT_FALSE(FindIn(picture).has_value()) << seed;
    EXPECT_FALSE(FindIn(ThroughJpeg(picture, 60)).has_value()) << seed;
  }
}

// Frames, bars above and below, bars at both sides, one bar: of any colour and width.
TEST(Borders, OfOneColourAreFoundToThePixel) {
  std::mt19937 random(kSeed);
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  for (int i = 0; i < 60; ++i) {
    const Picture picture = Grainy(100 + random() % 50, 120 + below(300), 120 + below(300));
    const int kind = below(4);
    Frame frame{.red = static_cast<std::uint8_t>(random()),
                .green = static_cast<std::uint8_t>(random()),
                .blue = static_cast<std::uint8_t>(random())};
    if (kind != 1) frame.left = 12 + below(90), frame.right = 12 + below(90);
    if (kind != 2) frame.top = 12 + below(90), frame.bottom = kind == 3 ? 0 : 12 + below(90);
    const Picture framed = Framed(picture, frame);
    const Rectangle want{frame.left, frame.top, picture.width, picture.height};
    const int quality = 40 + below(60);
    // The picture itself may begin with lines of nearly that colour.
    ExpectWithin(FindIn(framed), want, 3);
    ExpectWithin(FindIn(ThroughJpeg(framed, quality)), want, 4);
    if (testing::Test::HasFailure())
      FAIL() << "seed " << kSeed << ", picture " << i << ", kind " << kind;
  }
}

TEST(Borders, OfLargePicturesAreFoundToAThousandth) {
  const Picture framed = Framed(Grainy(5, 2400, 1500), {.top = 301, .bottom = 299});
  ExpectWithin(FindIn(framed), {0, 301, 2400, 1500}, 3);
  const Picture odd = Framed(Grainy(5, 1025, 700), {.left = 100, .right = 101});
  ExpectWithin(FindIn(odd), {100, 0, 1025, 700}, 2);
}

TEST(Borders, NestedOnesAreAllTakenOff) {
  const Picture picture = Grainy(7, 320, 240);
  const Picture once = Framed(picture, {.left = 20, .top = 20, .right = 20, .bottom = 20});
  const Picture twice =
      Framed(once, {.top = 30, .bottom = 30, .red = 255, .green = 255, .blue = 255});
  ExpectWithin(FindIn(twice), {20, 50, 320, 240}, 2);
}

// A telephone's screen: a bar with a clock and signs, the picture on black, a bar with buttons.
TEST(Borders, BarsOfAScreenshotAreTakenOff) {
  const Picture picture = Grainy(9, 540, 400);
  Picture screen = Framed(picture, {.top = 380, .bottom = 380});
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 540; ++x) std::fill_n(Pixel(screen, x, y), 3, std::uint8_t{48});
  }
  std::mt19937 random(kSeed);
  const auto sign = [&](int left, int top, int side) {
    for (int y = top; y < top + side; ++y) {
      for (int x = left; x < left + side; ++x) {
        std::fill_n(Pixel(screen, x, y), 3, static_cast<std::uint8_t>(random() % 2 * 255));
      }
    }
  };
  for (const int left : {20, 50, 420, 450, 480}) sign(left, 14, 20);
  for (const int left : {120, 260, 400}) sign(left, 1090, 30);
  ExpectWithin(FindIn(screen), {0, 380, 540, 400}, 2);
  ExpectWithin(FindIn(ThroughJpeg(screen, 80)), {0, 380, 540, 400}, 3);
}

// A picture between two blurred copies of its own edges.
TEST(Borders, BlurredFillIsTakenOff) {
  const Picture picture = ThroughJpeg(Grainy(11, 300, 500), 90);
  constexpr int kFill = 140;
  Picture filled = Framed(picture, {.left = kFill, .right = kFill});
  for (int y = 0; y < filled.height; ++y) {
    for (int x = 0; x < kFill; ++x) {
      // Slow waves, unlike what they meet.
      const double wave = 60 + 40 * std::sin(x / 45.0) + 20 * std::cos(y / 60.0);
      std::fill_n(Pixel(filled, x, y), 3, static_cast<std::uint8_t>(wave));
      std::fill_n(Pixel(filled, filled.width - 1 - x, y), 3, static_cast<std::uint8_t>(wave + 20));
    }
  }
  ExpectWithin(FindIn(filled), {kFill, 0, 300, 500}, 2);
  Picture turned{filled.height, filled.width, Data(filled.rgb.size())};
  for (int y = 0; y < filled.height; ++y) {
    for (int x = 0; x < filled.width; ++x) {
      std::copy_n(Pixel(filled, x, y), 3, Pixel(turned, y, x));
    }
  }
  ExpectWithin(FindIn(turned), {0, kFill, 500, 300}, 2);
}

TEST(Borders, ARemainderThatIsTooSmallIsNoPicture) {
  const Picture flat{200, 200, Data(std::size_t{3} * 200 * 200, 40)};
  EXPECT_FALSE(FindIn(flat).has_value());
  EXPECT_FALSE(FindIn({1, 1, Data(3, 7)}).has_value());
  const Picture small = Grainy(3, 63, 90);
  EXPECT_FALSE(
      FindIn(Framed(small, {.left = 40, .top = 40, .right = 40, .bottom = 40})).has_value());
  const Picture strip = Grainy(3, 900, 70);
  EXPECT_FALSE(FindIn(Framed(strip, {.top = 400, .bottom = 400})).has_value());
}

TEST(Borders, AHairIsNoBorder) {
  const Picture picture = Grainy(3, 400, 300);
  EXPECT_FALSE(FindIn(Framed(picture, {.left = 2, .top = 2, .right = 2, .bottom = 2})).has_value());
}

}  // namespace
}  // namespace kith::hashing::internal
