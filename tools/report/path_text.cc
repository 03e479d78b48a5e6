// SPDX-License-Identifier: Apache-2.0
#include "tools/report/path_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace kith::report {
namespace {

struct Decoded {
  char32_t point = 0;
  std::size_t length = 0;  // 0: the first byte starts no well-formed character
};

Decoded DecodeOne(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  char32_t point = 0;
  char32_t smallest = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2, point = lead & 0x1FU, smallest = 0x80;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3, point = lead & 0x0FU, smallest = 0x800;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4, point = lead & 0x07U, smallest = 0x10000;
  } else {
    return {};
  }
  if (bytes.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return {};
    point = (point << 6U) | (at(i) & 0x3FU);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < smallest || surrogate || point > 0x10FFFF) return {};
  return {point, length};
}

// Characters that show nothing or that turn the direction of what follows, and line separators.
bool IsDeceptive(char32_t point) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 16> kRanges{{
      {0x80, 0x9F},       // C1 controls: some terminals obey them
      {0xAD, 0xAD},       // soft hyphen
      {0x34F, 0x34F},     // combining grapheme joiner
      {0x61C, 0x61C},     // Arabic letter mark
      {0x115F, 0x1160},   // Hangul fillers
      {0x17B4, 0x17B5},   // Khmer inherent vowels
      {0x180B, 0x180F},   // Mongolian separators
      {0x200B, 0x200F},   // zero width, direction marks
      {0x2028, 0x202E},   // line and paragraph separators, embeddings, overrides
      {0x2060, 0x206F},   // word joiner, invisible operators, isolates
      {0x3164, 0x3164},   // Hangul filler
      {0xFE00, 0xFE0F},   // variation selectors
      {0xFEFF, 0xFEFF},   // byte order mark
      {0xFFA0, 0xFFA0},   // half-width Hangul filler
      {0xFFF0, 0xFFFB},   // annotation marks
      {0xE0000, 0xE0FFF}  // tags
  }};
  for (const auto& [first, last] : kRanges) {
    if (point >= first && point <= last) return true;
  }
  return false;
}

void AppendHexByte(std::string& out, unsigned char byte) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += "\\x";
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 15U];
}

std::string Escape(std::string_view bytes, std::string_view backslash) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Decoded one = DecodeOne(bytes);
    const auto byte = static_cast<unsigned char>(bytes.front());
    if (one.length == 0) {
      AppendHexByte(out, byte);
      bytes.remove_prefix(1);
      continue;
    }
    switch (one.point) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += backslash;
        break;
      default:
        if (one.point < 0x20 || one.point == 0x7F) {
          AppendHexByte(out, byte);
        } else if (IsDeceptive(one.point)) {
          std::array<char, 16> text{};
          std::snprintf(text.data(), text.size(), "\\u{%X}", static_cast<unsigned>(one.point));
          out += text.data();
        } else {
          out.append(bytes.substr(0, one.length));
        }
    }
    bytes.remove_prefix(one.length);
  }
  return out;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Decoded one = DecodeOne(bytes);
    if (one.length == 0) return false;
    bytes.remove_prefix(one.length);
  }
  return true;
}

std::string_view WhyNoText(std::string_view bytes) {
  bool control = false;
  while (!bytes.empty()) {
    const Decoded one = DecodeOne(bytes);
    if (one.length == 0) return "is not UTF-8";
    control = control || one.point < 0x20 || (one.point >= 0x7F && one.point < 0xA0);
    bytes.remove_prefix(one.length);
  }
  return control ? "holds a control character" : "";
}

std::string EscapeText(std::string_view bytes) { return Escape(bytes, "\\\\"); }

std::string EscapeMessage(std::string_view bytes) { return Escape(bytes, "\\"); }

std::string ToUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = DecodeOne(bytes).length;
    if (length == 0) {
      AppendHexByte(out, static_cast<unsigned char>(bytes.front()));
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<std::size_t>(1, length));
  }
  return out;
}

std::string EscapeHtml(std::string_view bytes) {
  std::string out;
  for (const char c : EscapeText(bytes)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void PutBytes(nlohmann::ordered_json& object, const std::string& key, std::string_view bytes) {
  if (IsUtf8(bytes)) {
    object[key] = std::string(bytes);
    return;
  }
  object[key] = EscapeText(bytes);
  object[key + "_base64"] = absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::string JsonText(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace kith::report
