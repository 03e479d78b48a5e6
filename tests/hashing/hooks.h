// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files that look like a JPEG and hold an order for tests/hashing/kith_decode_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::hashing::test {

inline constexpr std::string_view kOrderMark = "\xFF\xD8\xFFkith-test:";

inline std::vector<std::uint8_t> FileWithOrder(std::string_view order) {
  std::vector<std::uint8_t> bytes(kOrderMark.begin(), kOrderMark.end());
  bytes.insert(bytes.end(), order.begin(), order.end());
  return bytes;
}

// "" for any other file.
inline std::string OrderIn(std::span<const std::uint8_t> bytes) {
  const std::string text(bytes.begin(), bytes.end());
  return text.starts_with(kOrderMark) ? text.substr(kOrderMark.size()) : "";
}

}  // namespace kith::hashing::test
