// SPDX-License-Identifier: Apache-2.0
//
// Purpose: anonymous memory that this process writes and a worker, given the descriptor, can only
// read: sealed against growing, shrinking and every further way to write.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace kith::hashing::cage::internal {

class SharedMemory {
 public:
  // Null where the system has no memory or no descriptor for it.
  [[nodiscard]] static std::unique_ptr<SharedMemory> Make(std::uint64_t size);
  // Takes both over.
  SharedMemory(int descriptor, std::span<std::uint8_t> bytes)
      : descriptor_(descriptor), bytes_(bytes) {}
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  [[nodiscard]] std::span<std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
  const std::span<std::uint8_t> bytes_;
};

}  // namespace kith::hashing::cage::internal
