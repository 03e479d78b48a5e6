// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/json_stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/exchange/internal/entry_fields.h"

namespace kith::exchange {

bool JsonStream::Fill() {
  if (ended_ || !status_.ok()) return false;
  if (Tell() - marked_ > kMaxTokenBytes) {
    status_ = absl::InvalidArgumentError(
        fmt::format("byte {}: a value longer than {} MiB", marked_, kMaxTokenBytes >> 20U));
    return false;
  }
  const bool first = begin_ == nullptr;
  base_ = Tell();
  do {
    auto more = source_.Next();
    if (!more.ok()) {
      status_ = more.status();
      return false;
    }
    ended_ = more->empty();
    buffer_.assign(held_).append(*more);
    const std::size_t ready = Mend(ended_);
    held_.assign(buffer_, ready);
    begin_ = at_ = buffer_.data();
    end_ = begin_ + ready;
  } while (at_ == end_ && !ended_);
  if (first && std::string_view(begin_, end_).starts_with(kByteOrderMark)) {
    at_ += kByteOrderMark.size();
  }
  return at_ != end_;
}

namespace {

constexpr std::size_t kEscapeBytes = 6;  // backslash, u, four digits

// The unit of UTF-16 that an escape of this form names; -1: it is of none.
int UnitAt(std::string_view text, std::size_t at) {
  if (text.size() < at + kEscapeBytes || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int unit = 0;
  for (std::size_t i = at + 2; i < at + kEscapeBytes; ++i) {
    const int digit = DigitValue(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool IsHigh(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace

std::size_t JsonStream::MendEscape(std::size_t at, bool last) {
  const std::size_t left = buffer_.size() - at;
  if (left < 2) return last ? buffer_.size() : 0;
  if (buffer_[at + 1] != 'u') return at + 2;
  if (left < kEscapeBytes) return last ? buffer_.size() : 0;
  const int unit = UnitAt(buffer_, at);
  if (IsHigh(unit)) {
    if (left < 2 * kEscapeBytes && !last) return 0;
    if (IsLow(UnitAt(buffer_, at + kEscapeBytes))) return at + 2 * kEscapeBytes;
  }
  if (IsHigh(unit) || IsLow(unit)) {
    buffer_.replace(at, kEscapeBytes, "\\ufffd");
    ++halves_;
  }
  return at + kEscapeBytes;
}

std::size_t JsonStream::Mend(bool last) {
  std::size_t at = 0;
  while (at < buffer_.size()) {
    if (!in_text_) {
      at = buffer_.find('"', at);
      if (at == std::string::npos) break;
      in_text_ = true;
      ++at;
      continue;
    }
    const char c = buffer_[at];
    if (c == '\\') {
      const std::size_t end = MendEscape(at, last);
      if (end == 0) return at;
      at = end;
      continue;
    }
    if (c == '"') in_text_ = false;
    if (static_cast<unsigned char>(c) < 0x20) {
      buffer_[at] = ' ';
      ++controls_;
    }
    ++at;
  }
  return buffer_.size();
}

void JsonStream::NoteRepairs(Sink& sink) const {
  constexpr std::uint64_t kMostTold = 1'000'000;
  for (std::uint64_t i = 0; i < std::min(halves_, kMostTold); ++i) {
    sink.Note("half a character in a text (a lone surrogate), taken as U+FFFD");
  }
  for (std::uint64_t i = 0; i < std::min(controls_, kMostTold); ++i) {
    sink.Note("control character in a text, taken as a blank");
  }
}

absl::Status JsonStream::Explain(const rapidjson::ParseResult& result) const {
  if (!status_.ok()) return status_;
  if (result.IsError() && ended_) {
    return absl::InvalidArgumentError(fmt::format(
        "the file ends in the middle, at byte {}: it is cut off; fetch it again", Tell()));
  }
  if (result.IsError()) {
    return absl::InvalidArgumentError(fmt::format("byte {}: no JSON: {}", result.Offset(),
                                                  rapidjson::GetParseError_En(result.Code())));
  }
  // A zero byte ends a text for the parser, but not the file.
  if (!ended_) return absl::InvalidArgumentError(fmt::format("byte {}: a zero byte", Tell()));
  return absl::OkStatus();
}

}  // namespace kith::exchange
