// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace kith::index::internal {

// Zeroed memory from the operating system, in huge pages where it grants them: a table that is read
// at random places costs a page walk a read otherwise. Throws std::bad_alloc.
class HugeMemory {
 public:
  HugeMemory() = default;
  explicit HugeMemory(std::size_t bytes);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  HugeMemory& operator=(HugeMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

// A fixed number of zeroed plain values, at a page boundary and followed by at least kSlackBytes
// that may be read: a vector load at the last value stays inside.
template <typename T>
class HugeArray {
 public:
  static constexpr std::size_t kSlackBytes = 64;
  static_assert(std::is_trivially_copyable_v<T>);

  HugeArray() = default;
  explicit HugeArray(std::size_t size) : memory_(size * sizeof(T) + kSlackBytes), size_(size) {}
  HugeArray(HugeArray&& other) noexcept
      : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)) {}
  HugeArray& operator=(HugeArray&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  [[nodiscard]] T* data() { return static_cast<T*>(memory_.data()); }
  [[nodiscard]] const T* data() const { return static_cast<const T*>(memory_.data()); }
  [[nodiscard]] T& operator[](std::size_t at) { return data()[at]; }
  [[nodiscard]] const T& operator[](std::size_t at) const { return data()[at]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t Bytes() const { return memory_.bytes(); }

 private:
  HugeMemory memory_;
  std::size_t size_ = 0;
};

}  // namespace kith::index::internal
