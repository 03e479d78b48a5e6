// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/measured_rates.h"

#include <array>
#include <cstdint>
#include <string>

namespace kith::casework {
namespace {

struct Row {
  const char* alteration;
  std::uint64_t copies, found;
  std::uint32_t median_bits, farthest_bits;
};

constexpr std::array<Row, 22> kDrawn = {{
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
constexpr std::array<Row, 22> kPhotographs = {{
    {"exact", 76, 76, 0, 0},       {"jpeg-30", 76, 75, 2, 70},
    {"jpeg-50", 76, 75, 2, 54},    {"jpeg-75", 76, 75, 0, 46},
    {"jpeg-95", 76, 76, 0, 2},     {"quarter-size", 76, 69, 16, 82},
    {"half-size", 76, 72, 8, 66},  {"double-size", 76, 75, 4, 50},
    {"grey", 76, 75, 0, 50},       {"png", 76, 76, 0, 0},
    {"webp", 76, 75, 2, 54},       {"brighter", 76, 73, 6, 120},
    {"darker", 76, 72, 0, 256},    {"rotate90", 76, 72, 4, 54},
    {"rotate180", 76, 71, 10, 52}, {"rotate270", 76, 75, 8, 92},
    {"mirror-x", 76, 75, 6, 56},   {"mirror-y", 76, 73, 6, 48},
    {"transposed", 76, 75, 0, 92}, {"anti-transposed", 76, 70, 10, 56},
    {"crop-5", 76, 1, 82, 256},    {"pad-20", 76, 74, 0, 70},
}};

void Add(const std::array<Row, 22>& rows, const std::string& of, v1::MeasuredRates& rates) {
  for (const Row& row : rows) {
    v1::AlterationRate& rate = *rates.add_alterations();
    rate.set_alteration(of + row.alteration);
    rate.set_copies(row.copies);
    rate.set_found(row.found);
    rate.set_median_bits(row.median_bits);
    rate.set_farthest_bits(row.farthest_bits);
  }
}

}  // namespace

v1::MeasuredRates MeasuredOnce() {
  v1::MeasuredRates rates;
  rates.set_pictures(
      "Copies of 200 pictures that a program draws, and 600 other such pictures compared with each "
      "other in all orientations. Copies of 76 photographs and wallpapers of Debian packages, at "
      "most 1280 pixels a side; of their 2,850 pairs 10 lie within the radius, each of them one "
      "picture in two sizes or colours. 256 bits: the copy has no usable hash.");
  rates.set_command("sample-rates 200 600 40000; sample-rates --photos FOLDER");
  rates.set_measured_on("2026-11-28");
  rates.set_radius_bits(31);
  Add(kDrawn, "", rates);
  Add(kPhotographs, "photograph, ", rates);
  rates.set_unlike_pairs(179700);
  rates.set_unlike_pairs_found(0);
  rates.set_unlike_nearest_bits(86);
  rates.set_random_pairs(799980000);
  rates.set_random_pairs_found(0);
  rates.set_random_nearest_bits(82);
  return rates;
}

}  // namespace kith::casework
