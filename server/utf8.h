// SPDX-License-Identifier: Apache-2.0
//
// Purpose: well-formed UTF-8, character by character: no overlong form, no surrogate, nothing above
// U+10FFFF.
//
// Thread-safety: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith::server {

struct Character {
  std::uint32_t point = 0;
  std::size_t bytes = 0;  // 0: no well-formed character begins here
};

// Of `text`, which is not empty.
[[nodiscard]] inline Character FirstCharacter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (bytes == 0 || lead > 0xF4 || text.size() < bytes) return {};
  std::uint32_t point = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    point = point << 6U | (next & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kLeast.at(bytes) || point > 0x10FFFF || surrogate) return {};
  return {point, bytes};
}

}  // namespace kith::server
