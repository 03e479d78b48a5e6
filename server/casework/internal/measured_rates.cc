// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/measured_rates.h"

#include <array>
#include <cstdint>

namespace kith::casework {
namespace {

struct Row {
  const char* alteration;
  std::uint64_t copies, found;
  std::uint32_t median_bits, farthest_bits;
};

constexpr std::array<Row, 22> kRows = {{
    {"exact", 200, 200, 0, 0},      {"jpeg-30", 200, 200, 2, 8},
    {"jpeg-50", 200, 200, 2, 6},    {"jpeg-75", 200, 200, 0, 4},
    {"jpeg-95", 200, 200, 0, 2},    {"quarter-size", 200, 199, 16, 32},
    {"half-size", 200, 200, 6, 14}, {"double-size", 200, 200, 2, 10},
    {"grey", 200, 200, 0, 2},       {"png", 200, 200, 0, 0},
    {"webp", 200, 200, 2, 6},       {"brighter", 200, 200, 0, 4},
    {"darker", 200, 200, 0, 4},     {"rotate90", 200, 200, 4, 20},
    {"rotate180", 200, 200, 8, 22}, {"rotate270", 200, 200, 6, 18},
    {"mirror-x", 200, 200, 6, 18},  {"mirror-y", 200, 200, 4, 20},
    {"transposed", 200, 200, 0, 2}, {"anti-transposed", 200, 200, 8, 22},
    {"crop-5", 200, 0, 86, 110},    {"pad-20", 200, 200, 0, 6},
}};

}  // namespace

v1::MeasuredRates MeasuredOnce() {
  v1::MeasuredRates rates;
  rates.set_pictures(
      "Copies of 200 pictures that a program draws, and 600 other such pictures compared with each "
      "other in all orientations; photographs were not measured.");
  rates.set_command("sample-rates 200 600 40000");
  rates.set_measured_on("2026-11-25");
  rates.set_radius_bits(31);
  for (const Row& row : kRows) {
    v1::AlterationRate& rate = *rates.add_alterations();
    rate.set_alteration(row.alteration);
    rate.set_copies(row.copies);
    rate.set_found(row.found);
    rate.set_median_bits(row.median_bits);
    rate.set_farthest_bits(row.farthest_bits);
  }
  rates.set_unlike_pairs(179700);
  rates.set_unlike_pairs_found(0);
  rates.set_unlike_nearest_bits(86);
  rates.set_random_pairs(799980000);
  rates.set_random_pairs_found(0);
  rates.set_random_nearest_bits(82);
  return rates;
}

}  // namespace kith::casework
