// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the encoders of the tests share: pixels, palettes, numbers as bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

using Colour = std::array<std::uint8_t, 3>;

inline std::size_t Pixels(const Picture& picture) {
  return static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
}
inline Colour At(const Picture& picture, std::size_t pixel) {
  return {picture.rgb[3 * pixel], picture.rgb[3 * pixel + 1], picture.rgb[3 * pixel + 2]};
}
inline Colour At(const Picture& picture, int x, int y) {
  return At(picture, static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                         static_cast<std::size_t>(x));
}

// Each colour there is, and its place in the palette.
inline std::map<Colour, std::size_t> PaletteOf(std::span<const Picture> pictures) {
  std::map<Colour, std::size_t> palette;
  for (const Picture& picture : pictures) {
    for (std::size_t i = 0; i < Pixels(picture); ++i) palette.emplace(At(picture, i), 0);
  }
  std::size_t next = 0;
  for (auto& [colour, index] : palette) index = next++;
  return palette;
}
inline std::map<Colour, std::size_t> PaletteOf(const Picture& picture) {
  return PaletteOf({&picture, 1});
}

// The lowest byte first.
inline void Put(Data& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
// The highest byte first.
inline void PutBig(Data& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// Tag, type, count, value.
using TiffEntry = std::array<std::uint64_t, 4>;
// The only directory of a file, of the little-endian kind.
inline void PutTiffDirectory(Data& out, std::span<const TiffEntry> entries) {
  Put(out, entries.size(), 2);
  for (const auto& [tag, type, count, value] : entries) {
    Put(out, tag, 2);
    Put(out, type, 2);
    Put(out, count, 4);
    Put(out, value, 4);
  }
  Put(out, 0, 4);
}

}  // namespace kith::hashing::test
