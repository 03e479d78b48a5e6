// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the pictures of tests/golden/pdq_synthetic.tsv, made by a formula: (seed, width, height)
// gives the same pixels everywhere, with structure at three scales and quality as a photograph has.
//
// Thread-safety: pure functions. Shapes: 3 bytes a pixel, R, G, B, rows from the top.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::golden {

// All arithmetic wraps at 32 bits: it is part of the definition.
inline std::uint32_t SyntheticCell(std::uint32_t i, std::uint32_t j, std::uint32_t channel,
                                   std::uint32_t s) {
  std::uint32_t z = i * 73856093u ^ j * 19349663u ^ (channel + 1) * 83492791u ^ s * 2654435761u;
  z ^= z >> 13;
  z *= 0x5bd1e995u;
  z ^= z >> 15;
  return z & 255u;
}

inline std::uint8_t SyntheticValue(std::uint32_t seed, std::uint32_t x, std::uint32_t y,
                                   std::uint32_t channel) {
  std::array<std::uint32_t, 3> v{};
  std::size_t k = 0;
  for (const std::uint32_t size : {64u, 32u, 16u}) {
    const std::uint32_t i = x / size;
    const std::uint32_t j = y / size;
    const std::uint32_t fx = x % size;
    const std::uint32_t fy = y % size;
    const std::uint32_t s = seed * 16u + size;
    v[k++] = ((size - fx) * (size - fy) * SyntheticCell(i, j, channel, s) +
              fx * (size - fy) * SyntheticCell(i + 1, j, channel, s) +
              (size - fx) * fy * SyntheticCell(i, j + 1, channel, s) +
              fx * fy * SyntheticCell(i + 1, j + 1, channel, s)) /
             (size * size);
  }
  return static_cast<std::uint8_t>((4 * v[0] + 2 * v[1] + v[2]) / 7);
}

inline std::vector<std::uint8_t> SyntheticPicture(std::uint32_t seed, int width, int height) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (int row = 0; row < height; ++row) {
    const auto y = static_cast<std::uint32_t>(std::uint64_t{256} * static_cast<unsigned>(row) /
                                              static_cast<unsigned>(height));
    for (int column = 0; column < width; ++column) {
      const auto x = static_cast<std::uint32_t>(std::uint64_t{256} * static_cast<unsigned>(column) /
                                                static_cast<unsigned>(width));
      for (std::uint32_t channel = 0; channel < 3; ++channel) {
        rgb.push_back(SyntheticValue(seed, x, y, channel));
      }
    }
  }
  return rgb;
}

}  // namespace kith::golden
