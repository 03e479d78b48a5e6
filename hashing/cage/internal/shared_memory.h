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
  SharedMemory(int descriptor, std::span<std::uint8_t> bytes, bool is_read_only_elsewhere)
      : descriptor_(descriptor), bytes_(bytes), is_read_only_elsewhere_(is_read_only_elsewhere) {}
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  [[nodiscard]] std::span<std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Whether who is given the descriptor cannot write to it: not before Linux 5.1.
  [[nodiscard]] bool is_read_only_elsewhere() const { return is_read_only_elsewhere_; }

 private:
  const int descriptor_;
  const std::span<std::uint8_t> bytes_;
  const bool is_read_only_elsewhere_;
};

}  // namespace kith::hashing::cage::internal
