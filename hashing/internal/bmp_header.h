// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the headers of a BMP say, checked.
//
// Thread-safety: pure functions. Complexity: constant.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace kith::hashing::internal {

struct BmpHeader {
  enum class Coding { kRaw, kRle8, kRle4 };

  std::string error;         // why it is not read; "" if it is
  bool unsupported = false;  // the error is that of a kind that is not read
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  int depth = 0;  // bits a pixel: 1, 2, 4, 8, 16, 24, 32
  Coding coding = Coding::kRaw;
  std::array<std::uint32_t, 3> masks{};  // of red, green and blue where depth is 16 or 32
  std::array<std::array<std::uint8_t, 3>, 256> palette{};  // red, green, blue; black beyond its end
  std::uint64_t data_at = 0;

  [[nodiscard]] std::uint64_t row_bytes() const {
    return (static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(depth) + 31) / 32 * 4;
  }
};

// Requires that the magic was checked.
[[nodiscard]] BmpHeader ReadBmpHeader(std::span<const std::uint8_t> bytes);

}  // namespace kith::hashing::internal
