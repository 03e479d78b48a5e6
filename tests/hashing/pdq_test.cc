// SPDX-License-Identifier: Apache-2.0
#include "hashing/pdq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hashing/fingerprint.h"
#include "hashing/internal/tent_reducer.h"
#include "hashing/orientation.h"
#include "tests/hashing/pictures.h"

namespace kith::hashing {
namespace {

using test::Picture;

// Box by box, as the definition has it.
std::vector<double> TentOf(int n, int centre) {
  const int window = (n + 127) / 128;
  const int ahead = (window + 2) / 2;
  const auto first = [&](int i) { return std::max(0, i - (window - ahead)); };
  const auto last = [&](int i) { return std::min(n - 1, i + ahead - 1); };
  std::vector<double> weights(static_cast<std::size_t>(n), 0.0);
  for (int k = first(centre); k <= last(centre); ++k) {
    for (int m = first(k); m <= last(k); ++m) {
      weights[static_cast<std::size_t>(m)] +=
          1.0 / (static_cast<double>(last(centre) - first(centre) + 1) * (last(k) - first(k) + 1));
    }
  }
  return weights;
}

// What is made without going through all boxes is the same, bit for bit.
TEST(Pdq, TapsAreThoseOfTheDefinition) {
  for (const int n : {1, 2, 5, 63, 64, 65, 127, 128, 129, 255, 512, 513, 1000, 4032, 9999}) {
    const auto taps = internal::TentTaps(n);
    for (std::size_t v = 0; v < taps.size(); ++v) {
      std::vector<double> have(static_cast<std::size_t>(n), 0.0);
      std::ranges::copy(taps[v].weights, have.begin() + taps[v].first);
      const int centre = (2 * static_cast<int>(v) + 1) * n / 128;
      EXPECT_EQ(have, TentOf(n, centre)) << n << " " << v;
    }
  }
}

TEST(PdqText, IsLowerCaseHex) {
  Code code{};
  code[0] = 0xA0;
  code[1] = 0x0F;
  code[31] = 9;
  EXPECT_EQ(ToHex(code), "a00f" + std::string(58, '0') + "09");
}

TEST(PdqText, NamesTellApart) {
  std::set<std::string_view> names;
  for (const Dialect dialect : {Dialect::kFull, Dialect::kCli512}) {
    EXPECT_TRUE(names.insert(DialectName(dialect)).second) << DialectName(dialect);
  }
  for (const Orientation orientation : kOrientations) {
    EXPECT_TRUE(names.insert(OrientationName(orientation)).second) << OrientationName(orientation);
  }
}

TEST(Pdq, DistanceCountsBits) {
  Code a{}, b{};
  EXPECT_EQ(HammingDistance(a, b), 0);
  b[0] = 0x80;
  b[31] = 0x03;
  EXPECT_EQ(HammingDistance(a, b), 3);
  b.fill(0xFF);
  EXPECT_EQ(HammingDistance(a, b), 256);
}

TEST(Pdq, DialectsCoincideUpTo512) {
  const Picture small = test::Synthetic(3, 512, 300);
  EXPECT_EQ(HashRgb(small.rgb, 512, 300, Dialect::kFull).code,
            HashRgb(small.rgb, 512, 300, Dialect::kCli512).code);
}

// What cli512 means, spelled out: take 512x512 samples, then hash them as `full`.
TEST(Pdq, Cli512IsFullOfTheSamples) {
  for (const auto& [width, height] : {std::pair{900, 700}, {1500, 100}, {60, 1200}, {513, 512}}) {
    const Picture picture = test::Synthetic(5, width, height);
    std::vector<std::uint8_t> samples;
    for (int y = 0; y < 512; ++y) {
      for (int x = 0; x < 512; ++x) {
        const auto at = static_cast<std::size_t>(3 * (y * height / 512 * width + x * width / 512));
        samples.insert(samples.end(), {picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]});
      }
    }
    EXPECT_EQ(HashRgb(picture.rgb, width, height, Dialect::kCli512).coefficients,
              HashRgb(samples, 512, 512, Dialect::kFull).coefficients);
  }
}

// The sparse matrices against the filter as it is defined, on planes of awkward sizes.
std::vector<double> BoxRows(const std::vector<double>& in, int rows, int columns, int window) {
  std::vector<double> out(in.size());
  const int ahead = (window + 2) / 2;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      double sum = 0;
      int count = 0;
      for (int k = std::max(0, x - (window - ahead)); k <= std::min(columns - 1, x + ahead - 1);
           ++k, ++count) {
        sum += in[static_cast<std::size_t>(y * columns + k)];
      }
      out[static_cast<std::size_t>(y * columns + x)] = sum / count;
    }
  }
  return out;
}

std::vector<double> Turned(const std::vector<double>& in, int rows, int columns) {
  std::vector<double> out(in.size());
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      out[static_cast<std::size_t>(x * rows + y)] = in[static_cast<std::size_t>(y * columns + x)];
    }
  }
  return out;
}

TEST(Pdq, FollowsTheDefinition) {
  for (const auto& [width, height] :
       {std::pair{64, 64}, {5, 5}, {7, 300}, {129, 128}, {640, 33}, {1000, 700}}) {
    SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
    const Picture picture = test::Synthetic(11, width, height);
    std::vector<double> plane;
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
      plane.push_back(0.299 * picture.rgb[i] + 0.587 * picture.rgb[i + 1] +
                      0.114 * picture.rgb[i + 2]);
    }
    for (int pass = 0; pass < 2; ++pass) {
      plane = BoxRows(plane, height, width, (width + 127) / 128);
      plane = Turned(BoxRows(Turned(plane, height, width), width, height, (height + 127) / 128),
                     width, height);
    }
    const Pdq pdq = HashRgb(picture.rgb, width, height);
    for (int i = 0; i < 16; ++i) {
      for (int j = 0; j < 16; ++j) {
        double sum = 0;
        for (int y = 0; y < 64; ++y) {
          for (int x = 0; x < 64; ++x) {
            const int row = static_cast<int>((y + 0.5) * height / 64);
            const int column = static_cast<int>((x + 0.5) * width / 64);
            sum += plane[static_cast<std::size_t>(row * width + column)] / 32 *
                   std::cos(M_PI / 128 * (i + 1) * (2 * y + 1)) *
                   std::cos(M_PI / 128 * (j + 1) * (2 * x + 1));
          }
        }
        EXPECT_NEAR(pdq.coefficients[static_cast<std::size_t>(16 * i + j)], sum, 1e-9);
      }
    }
  }
}

// A picture that changes along one axis only has high quality, and bits that are noise.
TEST(PdqGate, PicturesOfOneDimensionAreNotUsable) {
  const std::vector<std::function<int(int, int)>> pictures = {
      [](int x, int) { return x / 20 % 2 * 255; },
      [](int, int y) { return y / 13 % 2 * 255; },
      [](int x, int) { return x * 255 / 640; },
      [](int x, int) { return x < 200 ? 10 : 240; },
      [](int x, int) { return static_cast<int>(127 + 120 * std::sin(x * 0.07)); },
  };
  for (const auto& value : pictures) {
    Picture picture{640, 480, {}};
    for (int y = 0; y < 480; ++y) {
      for (int x = 0; x < 640; ++x)
        picture.rgb.insert(picture.rgb.end(), 3, static_cast<std::uint8_t>(value(x, y)));
    }
    const Pdq exact = HashRgb(picture.rgb, 640, 480);
    EXPECT_LT(exact.spread, kMinimumSpread / 10);
    EXPECT_FALSE(exact.usable());
    for (const int quality : {95, 60, 20}) {
      const Fingerprint print =
          FingerprintBytes(EncodeJpeg(picture, {.quality = quality, .exif = {}}), {});
      EXPECT_EQ(print.disposition, Disposition::kLowQuality);
      EXPECT_FALSE(print.views.at(0).hashes.at(0).usable);
    }
  }
}

}  // namespace
}  // namespace kith::hashing
