// SPDX-License-Identifier: Apache-2.0
#include "server/kithd_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/utf8.h"

namespace kith::server {
namespace {

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
    const Character first = FirstCharacter(bytes);
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
