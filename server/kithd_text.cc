// SPDX-License-Identifier: Apache-2.0
#include "server/kithd_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace kith::server {
namespace {

struct Character {
  std::uint32_t point = 0;
  std::size_t bytes = 0;  // 0: no well-formed character begins here
};

Character FirstOf(std::string_view text) {
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

bool Deceives(std::uint32_t point) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kRanges = {{
      {0x80, 0x9F},        // C1 controls: some terminals obey them
      {0xAD, 0xAD},        // soft hyphen
      {0x61C, 0x61C},      // Arabic letter mark
      {0x200B, 0x200F},    // zero width, direction marks
      {0x2028, 0x202E},    // line separators, embeddings, overrides
      {0x2060, 0x206F},    // invisible operators, isolates
      {0xFEFF, 0xFEFF},    // byte order mark
      {0xE0000, 0xE0FFF},  // tags
  }};
  return std::any_of(kRanges.begin(), kRanges.end(), [point](const auto& range) {
    return point >= range.first && point <= range.second;
  });
}

std::string Hex(std::uint32_t number, absl::PadSpec places) {
  return absl::AsciiStrToUpper(absl::StrCat(absl::Hex(number, places)));
}

}  // namespace

std::string ShownText(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character first = FirstOf(bytes);
    const std::size_t length = std::max<std::size_t>(1, first.bytes);
    if (bytes.front() == '\t') {
      out += "\\t";
    } else if (bytes.front() == '\n') {
      out += "\\n";
    } else if (bytes.front() == '\r') {
      out += "\\r";
    } else if (first.bytes == 0 || first.point < 0x20 || first.point == 0x7F) {
      out += "\\x" + Hex(static_cast<unsigned char>(bytes.front()), absl::kZeroPad2);
    } else if (Deceives(first.point)) {
      out += "\\u{" + Hex(first.point, absl::kNoPad) + "}";
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  return out;
}

}  // namespace kith::server
