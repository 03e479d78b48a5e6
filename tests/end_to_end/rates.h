// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kith::end_to_end {

// Error rates, measured on pictures that are drawn, or on photographs: how many altered copies lie
// within a radius of 31 of the picture that they were made from, and how many of different
// pictures, and of codes drawn at random, do as well. The same numbers of the same seed on every
// machine with the same codecs; of fewer pictures it is a part of what more of them give.

struct RatesOptions {
  std::uint64_t pictures = 300;  // of which copies are made
  std::uint64_t unlike = 1000;   // that are compared with each other
  std::uint64_t random = 40'000;
  std::uint64_t seed = 1;
  // Files, instead of those that are drawn: of each, what is left of it at most kPhotographSide
  // wide and high. `pictures` and `unlike` count the same ones then.
  std::vector<std::string> photographs;
};
inline constexpr int kPhotographSide = 1280;

struct AlteredRate {
  std::string alteration;
  std::uint64_t copies = 0;  // of pictures with a usable hash
  std::uint64_t found = 0;
  int median_bits = 0;
  int farthest_bits = 0;
};
// In the order of AllAlterations(), on all cores.
[[nodiscard]] std::vector<AlteredRate> MeasureAltered(const RatesOptions& options);

struct PairsRate {
  std::uint64_t compared = 0;
  std::uint64_t found = 0;
  int nearest_bits = 256;
};
// Of pictures none of which MeasureAltered copies, or of the photographs; each with each, in all
// orientations.
[[nodiscard]] PairsRate MeasureUnlike(const RatesOptions& options);
[[nodiscard]] PairsRate MeasureRandom(const RatesOptions& options);

inline constexpr int kRatesRadiusBits = 31;

}  // namespace kith::end_to_end
