// SPDX-License-Identifier: Apache-2.0
//
// Purpose: numbers out of the headers of files, without trust: 0 beyond the end.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kith::hashing::internal {

// The `count` <= 8 bytes at `offset`, least significant first.
[[nodiscard]] inline std::uint64_t LittleEndian(std::span<const std::uint8_t> bytes,
                                                std::uint64_t offset, std::uint64_t count) {
  if (offset > bytes.size() || count > bytes.size() - offset) return 0;
  std::uint64_t value = 0;
  for (std::uint64_t i = count; i > 0; --i) value = value << 8 | bytes[offset + i - 1];
  return value;
}

// The same, most significant first.
[[nodiscard]] inline std::uint64_t BigEndian(std::span<const std::uint8_t> bytes,
                                             std::uint64_t offset, std::uint64_t count) {
  if (offset > bytes.size() || count > bytes.size() - offset) return 0;
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; i < count; ++i) value = value << 8 | bytes[offset + i];
  return value;
}

}  // namespace kith::hashing::internal
