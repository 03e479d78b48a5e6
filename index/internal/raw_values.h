// SPDX-License-Identifier: Apache-2.0
//
// Values within the bytes of a file, little-endian and wherever they lie.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace kith::index::internal {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

// The value must lie within the bytes.
template <typename T>
[[nodiscard]] T Get(std::span<const std::uint8_t> bytes, std::size_t at) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

template <typename T>
void Put(std::span<std::uint8_t> bytes, std::size_t at, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

}  // namespace kith::index::internal
