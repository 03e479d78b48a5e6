// SPDX-License-Identifier: Apache-2.0
// Every row and every orientation of pdq_synthetic.tsv, bit for bit.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "hashing/orientation.h"
#include "hashing/pdq.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/synthetic_picture.h"

namespace kith::hashing {
namespace {

constexpr std::size_t kFirstCode = 5;

TEST(PdqSynthetic, EveryBitOfEveryRowAndOrientation) {
  const auto rows = golden::ReadGoldenFile(KITH_GOLDEN_DIR "/pdq_synthetic.tsv");
  ASSERT_EQ(rows.size(), 77u);
  for (const golden::Row& row : rows) {
    ASSERT_EQ(row.size(), kFirstCode + kOrientationCount) << row[0];
    const auto seed = static_cast<std::uint32_t>(std::stoul(row[1]));
    const int width = std::stoi(row[2]);
    const int height = std::stoi(row[3]);
    const Pdq pdq = HashRgb(golden::SyntheticPicture(seed, width, height), width, height);
    EXPECT_EQ(pdq.quality, std::stoi(row[4])) << row[0];
    EXPECT_EQ(ToHex(pdq.code), row[kFirstCode]) << row[0];
    if (std::min(width, height) < kMinimumSide) {
      EXPECT_FALSE(pdq.usable());
    } else {
      EXPECT_GE(pdq.spread, kMinimumSpread) << row[0];
    }
    const OrientationCodes codes = AllOrientations(pdq.coefficients);
    for (const Orientation orientation : kOrientations) {
      const auto at = static_cast<std::size_t>(orientation);
      EXPECT_EQ(ToHex(codes[at]), row[kFirstCode + at])
          << row[0] << " " << OrientationName(orientation);
    }
  }
}

}  // namespace
}  // namespace kith::hashing
