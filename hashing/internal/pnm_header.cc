// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/pnm_header.h"

#include <string_view>

namespace kith::hashing::internal {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Text = PnmText;

constexpr std::uint64_t kMostValue = 65535;
constexpr std::size_t kLongestWord = 32;

bool IsSpace(std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(std::uint8_t c) { return c >= '0' && c <= '9'; }

// P7: a keyword and its value a line, to ENDHDR.
std::optional<PnmHeader> ReadPamHeader(Text& text) {
  PnmHeader header{.kind = 7};
  constexpr int kMostLines = 64;
  for (int line = 0; line < kMostLines; ++line) {
    const std::string_view word = text.Word();
    bool good = true;
    if (word == "WIDTH") {
      good = text.Number(INT32_MAX, header.width);
    } else if (word == "HEIGHT") {
      good = text.Number(INT32_MAX, header.height);
    } else if (word == "DEPTH") {
      good = text.Number(4, header.channels);
    } else if (word == "MAXVAL") {
      good = text.Number(kMostValue, header.most_value);
    } else if (word == "ENDHDR") {
      text.SkipLine();
      if (!text.EndOfHeader()) return std::nullopt;
      header.data_at = text.at();
      const bool whole = header.channels >= 1 && header.most_value >= 1;
      return whole ? std::optional(header) : std::nullopt;
    } else {
      good = word == "TUPLTYPE";
      if (good) text.SkipLine();
    }
    if (!good) return std::nullopt;
  }
  return std::nullopt;
}

// P1 to P6: two or three numbers.
std::optional<PnmHeader> ReadNumbers(Text& text, int kind) {
  PnmHeader header{.kind = kind};
  header.channels = header.kind % 3 == 0 ? 3 : 1;
  header.most_value = 1;
  if (!text.Number(INT32_MAX, header.width) || !text.Number(INT32_MAX, header.height)) {
    return std::nullopt;
  }
  const bool bits = header.kind == 1 || header.kind == 4;
  if (!bits && !text.Number(kMostValue, header.most_value)) return std::nullopt;
  if (header.most_value < 1 || !text.EndOfHeader()) return std::nullopt;
  header.data_at = text.at();
  return header;
}

}  // namespace

bool PnmText::Number(std::uint64_t most, std::uint64_t& value) {
  SkipSpace();
  if (at_ >= bytes_.size() || !IsDigit(bytes_[at_])) return false;
  value = 0;
  for (; at_ < bytes_.size() && IsDigit(bytes_[at_]); ++at_) {
    value = 10 * value + (bytes_[at_] - std::uint64_t{'0'});
    if (value > most) return false;
  }
  return true;
}

bool PnmText::Bit(std::uint64_t& value) {
  SkipSpace();
  if (at_ >= bytes_.size() || (bytes_[at_] != '0' && bytes_[at_] != '1')) return false;
  value = bytes_[at_++] - std::uint64_t{'0'};
  return true;
}

std::string_view PnmText::Word() {
  SkipSpace();
  const std::size_t begin = at_;
  while (at_ < bytes_.size() && !IsSpace(bytes_[at_]) && at_ - begin < kLongestWord) ++at_;
  return {reinterpret_cast<const char*>(bytes_.data()) + begin, at_ - begin};
}

void PnmText::SkipLine() {
  while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
  in_comment_ = at_ == bytes_.size();
}

bool PnmText::EndOfHeader() {
  if (at_ >= bytes_.size() || !IsSpace(bytes_[at_])) return false;
  ++at_;
  return true;
}

void PnmText::SkipSpace() {
  while (at_ < bytes_.size()) {
    if (bytes_[at_] == '#') {
      SkipLine();
    } else if (IsSpace(bytes_[at_])) {
      ++at_;
    } else {
      return;
    }
  }
}

std::optional<PnmHeader> ReadPnmHeader(std::span<const std::uint8_t> bytes, bool* in_comment) {
  if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '7') return std::nullopt;
  if (!IsSpace(bytes[2])) return std::nullopt;
  Text text(bytes, 2);
  const auto header = bytes[1] == '7' ? ReadPamHeader(text) : ReadNumbers(text, bytes[1] - '0');
  if (in_comment != nullptr) *in_comment = text.in_comment();
  return header;
}

}  // namespace kith::hashing::internal
