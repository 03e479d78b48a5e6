// SPDX-License-Identifier: Apache-2.0
//
// What the blocks at the edges of a JPEG tell is true of the pixels that libjpeg makes of them, and
// what has borders is never said to have none.
#include "hashing/internal/jpeg_edges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <string>

#include "hashing/fast_pdq.h"
#include "tests/hashing/pictures.h"

namespace kith::hashing::internal {
namespace {

using test::Data;
using test::DecodeAll;
using test::EncodeJpeg;
using test::Frame;
using test::JpegColour;
using test::JpegStyle;
using test::Picture;

constexpr std::uint32_t kSeed = 20261126;

class NoSink : public LumaSink {
 public:
  void BlockRow(const LumaRow& /*row*/) override {}
};

// Does not give up.
class AllEdges : public JpegEdges {
 public:
  using JpegEdges::JpegEdges;
  bool GoOn(int /*row*/) override { return true; }
};

// Of noise, flat areas and steep colours, so that everything is cut off somewhere.
Picture Wild(std::mt19937& random, int width, int height) {
  Picture picture = test::Synthetic(static_cast<std::uint32_t>(random()), width, height);
  const auto grain = static_cast<int>(random() % 120);
  const int cell = 1 + static_cast<int>(random() % 24);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel =
          &picture.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                            static_cast<std::size_t>(x))];
      const bool coloured = (x / cell + y / cell) % 3 == 0;
      for (std::size_t c = 0; c < 3; ++c) {
        const int noise = grain == 0 ? 0 : static_cast<int>(random() % (2U * grain)) - grain;
        const int value = coloured ? (c == (x / cell) % 3U ? 255 : 0) : pixel[c];
        pixel[c] = static_cast<std::uint8_t>(std::clamp(value + noise, 0, 255));
      }
    }
  }
  return picture;
}

struct Grey {
  int low = 0;
  int high = 0;
};

// As BorderFinder sees a cell.
Grey GreyOf(const Picture& picture, int cell, int column, int row) {
  std::array<int, 3> low = {255, 255, 255};
  std::array<int, 3> high = {0, 0, 0};
  for (int y = row * cell; y < (row + 1) * cell; ++y) {
    for (int x = column * cell; x < std::min(picture.width, (column + 1) * cell); ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const int sample =
            picture.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                             static_cast<std::size_t>(x)) +
                        c];
        low[c] = std::min(low[c], sample);
        high[c] = std::max(high[c], sample);
      }
    }
  }
  return {(low[0] + 2 * low[1] + low[2]) / 4, (high[0] + 2 * high[1] + high[2]) / 4};
}

struct Checked {
  int cells = 0;
  int told = 0;  // of which something is known
};

void ExpectTrue(const KnownCell& known, const Grey& grey, Checked& checked) {
  ++checked.cells;
  checked.told += known.most_low < 255 && known.least_high > 0 ? 1 : 0;
  EXPECT_LE(known.least_low, grey.low);
  EXPECT_GE(known.most_low, grey.low);
  EXPECT_LE(known.least_high, grey.high);
  EXPECT_GE(known.most_high, grey.high);
}

void CheckEdges(const Data& jpeg, Checked& checked) {
  const auto layout = ReadJpegLayout(jpeg, {});
  ASSERT_TRUE(layout.has_value());
  AllEdges edges(*layout);
  NoSink rest;
  ASSERT_TRUE(ReadLuma(jpeg, *layout, 1, rest, &edges));
  const auto known = edges.Known();
  if (!known.has_value()) return;
  const Picture picture = DecodeAll(jpeg).picture;
  const CellGrid grid(picture.width, picture.height);
  for (std::size_t i = 0; i < known->top.size(); ++i) {
    const int column = static_cast<int>(i);
    ExpectTrue(known->top[i], GreyOf(picture, grid.cell, column, 0), checked);
    ExpectTrue(known->bottom[i], GreyOf(picture, grid.cell, column, grid.rows - 1), checked);
  }
  for (std::size_t i = 0; i < known->left.size(); ++i) {
    const int row = static_cast<int>(i);
    ExpectTrue(known->left[i], GreyOf(picture, grid.cell, 0, row), checked);
    ExpectTrue(known->right[i], GreyOf(picture, grid.cell, grid.columns - 1, row), checked);
  }
}

TEST(JpegEdges, TellTheTruthOfEveryCell) {
  std::mt19937 random(kSeed);
  Checked checked;
  for (int i = 0; i < 120; ++i) {
    const int width = 20 + static_cast<int>(random() % (i % 8 == 0 ? 2400 : 200));
    const int height = 20 + static_cast<int>(random() % (i % 8 == 1 ? 2400 : 200));
    JpegStyle style;
    style.quality = 10 + static_cast<int>(random() % 90);
    style.luma_across = 1 + static_cast<int>(random() % 2);
    style.luma_down = 1 + static_cast<int>(random() % 2);
    if (i % 5 == 0) style.colour = JpegColour::kGrey;
    if (i % 3 == 0) style.restart_mcus = 1 + static_cast<int>(random() % 9);
    CheckEdges(EncodeJpeg(Wild(random, width, height), style), checked);
    if (testing::Test::HasFailure()) {
      FAIL() << "seed " << kSeed << ", picture " << i << ": " << width << "x" << height
             << ", quality " << style.quality << ", " << style.luma_across << "x"
             << style.luma_down;
    }
  }
  EXPECT_GT(checked.told, checked.cells * 9 / 10) << "of little worth";
}

bool HasBorders(const Picture& picture) {
  BorderFinder finder(picture.width, picture.height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
    finder.AddRow(picture.rgb.data() + y * 3 * static_cast<std::size_t>(picture.width));
  }
  return finder.Find().has_value();
}

TEST(JpegEdges, WhatHasBordersIsNeverSaidToHaveNone) {
  std::mt19937 random(kSeed + 1);
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  int bordered = 0;
  int bare = 0;
  for (int i = 0; i < 32; ++i) {
    Picture picture = Wild(random, 650 + below(400), 650 + below(300));
    if (i % 4 != 0) {
      Frame frame{.red = static_cast<std::uint8_t>(random()),
                  .green = static_cast<std::uint8_t>(random()),
                  .blue = static_cast<std::uint8_t>(random())};
      if (i % 4 != 2) frame.top = 1 + below(60), frame.bottom = below(60);
      if (i % 4 != 1) frame.left = 1 + below(60), frame.right = below(60);
      picture = test::Framed(picture, frame);
    }
    JpegStyle style;
    style.quality = 30 + below(66);
    style.luma_across = style.luma_down = 1 + below(2);
    const Data jpeg = EncodeJpeg(picture, style);
    const bool borders = HasBorders(DecodeAll(jpeg).picture);
    bordered += borders ? 1 : 0;
    if (!HashFastIfBare(jpeg, {}).has_value()) continue;
    EXPECT_FALSE(borders) << "seed " << kSeed + 1 << ", picture " << i;
    ++bare;
  }
  EXPECT_GT(bordered, 10);
  EXPECT_GT(bare, 3);
}

TEST(JpegEdges, NothingIsSaidOfAProgressivePicture) {
  std::mt19937 random(kSeed + 2);
  int known = 0;
  for (int i = 0; i < 6; ++i) {
    const Picture picture = Wild(random, 900, 800);
    const Data progressive = EncodeJpeg(picture, {.progressive = true, .exif = {}});
    known += HashFast(progressive, {}).has_value() ? 1 : 0;
    EXPECT_FALSE(HashFastIfBare(progressive, {}).has_value()) << i;
  }
  EXPECT_GT(known, 0);
}

}  // namespace
}  // namespace kith::hashing::internal
