// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what matching must know of every entry, eight bytes each, so that a search can filter
// without a look into the database.
//
// Thread-safety: one writer at a time; any number of readers of entries below Size(), beside it.
// Complexity: O(1). Memory: 8 bytes an entry, in blocks that never move.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace kith::catalog {

struct EntryFacts {
  std::uint32_t hash_set = 0;          // below kMaxHashSets
  std::uint32_t series = 0;            // 0: in none
  std::uint8_t victim_identified = 0;  // v1::TriState
  // Its SHA-256 and its PDQ are the same 32 bytes: a list line that may have been either.
  bool ambiguous = false;
  bool withdrawn = false;
};

class EntryTable {
 public:
  static constexpr std::uint32_t kMaxHashSets = 1U << 24;

  EntryTable();
  // The numbers of entries go from 1 to Size() - 1.
  [[nodiscard]] std::uint64_t Size() const { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] EntryFacts Get(std::uint64_t entry) const;
  // False: the table is full (2^34 entries).
  [[nodiscard]] bool Append(const EntryFacts& facts);
  void Withdraw(std::uint64_t entry);
  void SetSeries(std::uint64_t entry, std::uint32_t series);

 private:
  static constexpr int kBlockBits = 18;
  static constexpr std::uint64_t kBlockEntries = 1ULL << kBlockBits;
  static constexpr std::uint64_t kBlocks = 1ULL << 16;
  using Block = std::array<std::atomic<std::uint64_t>, kBlockEntries>;

  std::unique_ptr<std::unique_ptr<Block>[]> blocks_;
  std::atomic<std::uint64_t> size_{1};
};

}  // namespace kith::catalog
