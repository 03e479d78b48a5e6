// SPDX-License-Identifier: Apache-2.0
// What a HEIC or AVIF says of its sides in several places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "hashing/decode.h"
#include "hashing/internal/heif.h"
#include "hashing/internal/heif_work.h"
#include "hashing/internal/hevc_sides.h"
#include "tests/hashing/modern_encoders.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::DecodeAll;
using test::Decoded;

class HeifWork : public testing::Test {
 protected:
  static void SetUpTestSuite() { internal::UseHeif(); }
};

TEST_F(HeifWork, TheSidesThatAreCodedAreRead) {
  for (const int side : {0, 72, 17'000, 65'535}) {
    const Data file = test::HeicGrid(test::Synthetic(7, 64, 64), 1, 1, side);
    const Data start = {0x42, 0x01};
    const auto unit = std::search(file.begin(), file.end(), start.begin(), start.end());
    const std::span rest(unit, file.end());
    const std::uint64_t coded = side == 0 ? 64 : static_cast<std::uint64_t>(side);
    EXPECT_EQ(internal::HevcPixels(rest), coded * coded);
    for (const std::size_t size : {0, 1, 2, 10, 15}) {
      EXPECT_EQ(internal::HevcPixels(rest.first(size)), 0u);
    }
    EXPECT_EQ(internal::HevcPixels(rest.subspan(1)), 0u);
  }
}

TEST_F(HeifWork, AnAvifThatIsCodedLargerThanItSaysIsOverTheLimit) {
  Data file = test::EncodeAvif(test::Synthetic(7, 300, 200));
  const std::string_view ispe = "ispe";
  const auto at = std::search(file.begin(), file.end(), ispe.begin(), ispe.end()) + 8;
  std::fill_n(at, 8, std::uint8_t{0});
  at[3] = at[7] = 64;
  ASSERT_EQ(internal::HeifCodedPixels(file), 64u * 64u);
  DecodeLimits limits{.max_pixels = 60'000};
  EXPECT_EQ(internal::HeifWorkOverLimit(file, limits), "");
  limits.max_pixels = 59'999;
  EXPECT_EQ(internal::HeifWorkOverLimit(file, limits),
            "a part of it is coded as 60000 pixels, the limit is 59999");
  EXPECT_EQ(DecodeAll(file, limits).result.disposition, Disposition::kOverLimit);
}

Data Number(std::uint64_t value, int bytes) {
  Data out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return out;
}

template <typename... Parts>
Data Joined(const Parts&... parts) {
  Data out;
  (out.insert(out.end(), std::begin(parts), std::end(parts)), ...);
  return out;
}

Data Box(std::string_view type, const Data& content) {
  return Joined(Number(content.size() + 8, 4), type, content);
}

// `count` AV1 items that all lie in the last `room` bytes of the file, each a byte shorter than the
// one before, or all the same.
Data ItemsUponEachOther(std::uint64_t count, std::uint64_t room, bool alike) {
  const std::string_view kind = "av01";
  Data kinds = Joined(Number(0, 4), Number(count, 2));
  Data places = Joined(Number(0, 4), Number(0x4400, 2), Number(count, 2));
  const std::uint64_t from =
      8 + 12 + kinds.size() + count * 21 + 8 + places.size() + count * 14 + 8;
  for (std::uint64_t item = 1; item <= count; ++item) {
    kinds = Joined(kinds, Box("infe", Joined(Number(2 << 24, 4), Number(item, 2), Number(0, 2),
                                             kind, Number(0, 1))));
    places = Joined(places, Number(item, 2), Number(0, 2), Number(1, 2), Number(from, 4),
                    Number(alike ? room : room - item, 4));
  }
  const Data meta = Joined(Number(0, 4), Box("iinf", kinds), Box("iloc", places));
  return Joined(Box("meta", meta), Box("mdat", Data(room, 0)));
}

// What phones of 48 megapixels make, in tiles: within every limit.
TEST_F(HeifWork, FortyEightMegapixelsAreWithinTheLimits) {
  const Data file = test::HeicGrid(test::Synthetic(7, 504, 504), 16, 12);
  EXPECT_EQ(internal::HeifCodedPixels(file), 8064u * 6048u);
  EXPECT_EQ(internal::HeifWorkOverLimit(file, {}), "");
}

// Each item was read whole: 20,000 of them in a file of 10 MB took as long as the deadline.
TEST_F(HeifWork, TheFileIsNotReadAsOftenAsItHasItems) {
  const Data file = ItemsUponEachOther(300, 100'000, false);
  EXPECT_THAT(internal::HeifWorkOverLimit(file, {}),
              testing::HasSubstr("a part of it is coded as"));
  // Tiles that are the same may lie in the same place.
  EXPECT_EQ(internal::HeifWorkOverLimit(ItemsUponEachOther(300, 100'000, true), {}), "");
  EXPECT_EQ(internal::HeifWorkOverLimit(ItemsUponEachOther(1, 100'000, false), {}), "");
}

// What is made of parts tells its size twice.
TEST_F(HeifWork, AGridThatIsLargerThanItSaysIsOverTheLimit) {
  Data file = test::HeicGrid(test::Synthetic(7, 64, 64), 3, 2);
  const std::string_view idat = "idat";
  const auto at = std::search(file.begin(), file.end(), idat.begin(), idat.end()) + 4;
  EXPECT_EQ(internal::HeifWorkOverLimit(file, {.max_pixels = 192 * 128}), "");
  at[6] = at[10] = 0x44;  // of sides of four bytes each
  EXPECT_EQ(internal::HeifCodedPixels(file), 192u * 128u);
  const Decoded decoded = DecodeAll(file);
  EXPECT_EQ(decoded.result.disposition, Disposition::kOverLimit);
  EXPECT_THAT(decoded.result.detail, testing::HasSubstr("a part of it is coded as"));
}

}  // namespace
}  // namespace kith::hashing
