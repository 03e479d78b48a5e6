// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace kith::index::internal {

// One bit a row: withdrawn or not. Set by one thread at a time, read by any number meanwhile, so
// that a withdrawal is seen at once by searches that run on an older list of segments too.
class Tombstones {
 public:
  explicit Tombstones(std::size_t rows)
      : words_(std::make_unique<std::atomic<std::uint64_t>[]>((rows + 63) / 64)),
        bytes_((rows + 63) / 64 * sizeof(std::uint64_t)) {}

  // True if the row was not withdrawn before.
  bool Withdraw(std::size_t row) {
    const std::uint64_t bit = std::uint64_t{1} << (row % 64);
    const bool fresh = (words_[row / 64].fetch_or(bit, std::memory_order_release) & bit) == 0;
    if (fresh) count_.fetch_add(1, std::memory_order_relaxed);
    return fresh;
  }
  [[nodiscard]] bool IsWithdrawn(std::size_t row) const {
    return (words_[row / 64].load(std::memory_order_acquire) >> (row % 64) & 1) != 0;
  }
  [[nodiscard]] std::size_t Count() const { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t Bytes() const { return bytes_; }

 private:
  std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
  std::size_t bytes_;
  std::atomic<std::size_t> count_{0};
};

// Withdraws the rows of some entries: those of the rows ascend, and so do the ones that are
// withdrawn. Returns how many rows were not withdrawn before. O(log rows) an entry.
inline std::size_t WithdrawAscending(std::span<const std::uint64_t> entries_of_rows,
                                     std::span<const std::uint64_t> entries,
                                     Tombstones& tombstones) {
  std::size_t silenced = 0;
  auto from = entries_of_rows.begin();
  for (const std::uint64_t entry : entries) {
    from = std::lower_bound(from, entries_of_rows.end(), entry);
    for (; from != entries_of_rows.end() && *from == entry; ++from) {
      if (tombstones.Withdraw(static_cast<std::size_t>(from - entries_of_rows.begin()))) {
        ++silenced;
      }
    }
  }
  return silenced;
}

}  // namespace kith::index::internal
