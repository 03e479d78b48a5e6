// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// How near a match is, in words for people, of distances in bits of 256. A lead stays a lead at any
// distance: the words tell where to look first. Pure, thread-safe.
struct Band {
  std::string_view words;
  std::uint32_t to_bits = 0;  // inclusive
};
inline constexpr std::array<Band, 3> kBands = {
    {{"same picture", 10}, {"very likely", 20}, {"lead", 31}}};

// "same file" for a digest.
[[nodiscard]] inline std::string_view NearnessOf(const v1::ReportMatch& match) {
  if (match.by() != "pdq") return "same file";
  for (const Band& band : kBands) {
    if (match.distance_bits() <= band.to_bits) return band.words;
  }
  return kBands.back().words;
}

}  // namespace kith::report
