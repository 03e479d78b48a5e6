// SPDX-License-Identifier: Apache-2.0
// The table of the statement of method, held against a part of what it was measured on: a change
// that moves the rates cannot leave it as it is. The whole takes minutes: the command in the table.
#include "server/casework/internal/measured_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "tests/end_to_end/rates.h"
#include "tests/golden/golden_file.h"

namespace kith::casework {
namespace {

using end_to_end::PairsRate;

// The first of those of the table: what is found of them is a part of what it tells.
const end_to_end::RatesOptions kPart = {
    .pictures = 20, .unlike = 40, .random = 2000, .photographs = {}};

// Compares a part with the rows of the table from `first` on, whose names begin with `of`.
void ExpectPart(const std::vector<end_to_end::AlteredRate>& rates, std::uint64_t copies,
                const v1::MeasuredRates& table, std::size_t first, const std::string& of) {
  ASSERT_EQ(rates.size(), static_cast<std::size_t>(table.alterations_size()) / 2);
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const v1::AlterationRate& told = table.alterations(static_cast<int>(first + i));
    SCOPED_TRACE(told.alteration());
    EXPECT_EQ(of + rates[i].alteration, told.alteration());
    ASSERT_EQ(rates[i].copies, copies);
    EXPECT_LE(rates[i].found, told.found());
    // No more are missed than of all.
    EXPECT_GE(rates[i].found + (told.copies() - told.found()), rates[i].copies);
    EXPECT_LE(rates[i].farthest_bits, static_cast<int>(told.farthest_bits()));
    const int median = static_cast<int>(told.median_bits());
    EXPECT_LE(std::abs(rates[i].median_bits - median), 6 + median / 10);
  }
}

TEST(MeasuredRatesTest, OfAlteredCopiesAreAsTheTableTells) {
  const v1::MeasuredRates table = MeasuredOnce();
  EXPECT_EQ(table.radius_bits(), static_cast<unsigned>(end_to_end::kRatesRadiusBits));
  ExpectPart(end_to_end::MeasureAltered(kPart), kPart.pictures, table, 0, "");
}

TEST(MeasuredRatesTest, OfPhotographsAreAsTheTableTells) {
  // Those that fetch-photos brings without --all.
  const std::set<std::string> packages = {"hugin-data", "lomiri-wallpapers-16.04",
                                          "ukui-wallpapers"};
  end_to_end::RatesOptions part;
  for (const auto& row : golden::ReadGoldenFile(KITH_GOLDEN_DIR "/pdq_photos.tsv")) {
    if (!packages.contains(row.at(0))) continue;
    part.photographs.push_back(KITH_PHOTOS_DIR + row.at(1));
    ASSERT_EQ(access(part.photographs.back().c_str(), R_OK), 0)
        << part.photographs.back() << " is missing: run tests/golden/fetch-photos " KITH_PHOTOS_DIR;
  }
  ASSERT_EQ(part.photographs.size(), 30U);
  const v1::MeasuredRates table = MeasuredOnce();
  ExpectPart(end_to_end::MeasureAltered(part), part.photographs.size(), table,
             static_cast<std::size_t>(table.alterations_size()) / 2, "photograph, ");
}

TEST(MeasuredRatesTest, OfDifferentPicturesAreAsTheTableTells) {
  const v1::MeasuredRates table = MeasuredOnce();
  const PairsRate unlike = end_to_end::MeasureUnlike(kPart);
  EXPECT_EQ(unlike.compared, kPart.unlike * (kPart.unlike - 1) / 2);
  EXPECT_LE(unlike.found, table.unlike_pairs_found());
  EXPECT_GE(unlike.nearest_bits, static_cast<int>(table.unlike_nearest_bits()));
  const PairsRate random = end_to_end::MeasureRandom(kPart);
  EXPECT_LE(random.found, table.random_pairs_found());
  EXPECT_GE(random.nearest_bits, static_cast<int>(table.random_nearest_bits()));
}

}  // namespace
}  // namespace kith::casework
