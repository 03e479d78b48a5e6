// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read the header of a Netpbm file, and the samples of one that is text; also for telling
// such a file from a text that begins with P5.
//
// Thread-safety: pure functions. Complexity: O(length of the header).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kith::hashing::internal {

struct PnmHeader {
  int kind = 0;  // the digit after P
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::uint64_t channels = 0;    // 1, 3; in P7 up to 4, the even one is alpha
  std::uint64_t most_value = 0;  // 1..65535
  std::size_t data_at = 0;       // where the samples begin
};

// Words and numbers between spaces and comments. All of them stop at the end of the bytes.
class PnmText {
 public:
  PnmText(std::span<const std::uint8_t> bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  // False at the end, at what is no number, and for one above `most`.
  [[nodiscard]] bool Number(std::uint64_t most, std::uint64_t& value);
  // A digit by itself: the bits of P1 need no spaces between them.
  [[nodiscard]] bool Bit(std::uint64_t& value);
  [[nodiscard]] std::string_view Word();
  void SkipLine();
  // Takes the one space between header and samples.
  [[nodiscard]] bool EndOfHeader();
  [[nodiscard]] std::size_t at() const { return at_; }
  // True if the bytes end within a comment.
  [[nodiscard]] bool in_comment() const { return in_comment_; }

 private:
  void SkipSpace();

  std::span<const std::uint8_t> bytes_;
  std::size_t at_;
  bool in_comment_ = false;
};

// Nothing if it is no header, or does not end within `bytes`. Then, where asked for: whether it is
// one so far, and `bytes` end within a comment of it.
[[nodiscard]] std::optional<PnmHeader> ReadPnmHeader(std::span<const std::uint8_t> bytes,
                                                     bool* in_comment = nullptr);

}  // namespace kith::hashing::internal
