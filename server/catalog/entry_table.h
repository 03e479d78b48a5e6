// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what matching must know of every entry, eight bytes each, so that a search can filter
// without a look into the database.
//
// Thread-safety: one writer at a time; any number of readers of entries below Size(), beside it.
// Complexity: O(1). Memory: 8 bytes an entry, in blocks that never move; one that is replaced stays
// as long as the table. A block may be a file that is mapped: then it takes memory where it was
// changed only, and where it was read lately.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

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
  static constexpr int kBlockBits = 16;
  static constexpr std::uint64_t kBlockEntries = 1ULL << kBlockBits;
  static constexpr std::size_t kBlockBytes = kBlockEntries * sizeof(std::uint64_t);

  EntryTable();
  // The numbers of entries go from 1 to Size() - 1; entry 0, which is none, has a place in block 0.
  [[nodiscard]] std::uint64_t Size() const { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] EntryFacts Get(std::uint64_t entry) const;
  // False: the table is full (2^34 entries).
  [[nodiscard]] bool Append(const EntryFacts& facts);
  void Withdraw(std::uint64_t entry);
  void SetSeries(std::uint64_t entry, std::uint32_t series);
  // Replaces what is told of the entries of a block, the first one's first, by memory of its own:
  // nothing of a file that cannot be read any more is touched. False where there is no memory, or
  // where it is not as many as the block has.
  [[nodiscard]] bool Replace(std::uint64_t block, std::span<const EntryFacts> facts);
  // The entries of a block are those from First on and below End.
  [[nodiscard]] static std::uint64_t First(std::uint64_t block);
  [[nodiscard]] std::uint64_t End(std::uint64_t block) const;

  // What a file of a block holds: its words, without what tells that entries are withdrawn, and
  // zero behind the last one.
  [[nodiscard]] std::unique_ptr<std::uint64_t[]> WordsOfBlock(std::uint64_t block) const;
  [[nodiscard]] static EntryFacts FactsOf(std::uint64_t word);
  // Takes entries up to `end`, which is within the block behind the last one, from `offset` of an
  // open file of such words. False, with errno, where it cannot be mapped, or does not go on where
  // the table ends.
  [[nodiscard]] bool Map(int fd, std::uint64_t offset, std::uint64_t end);
  // Gives the memory of a full block back: from now on it is read from `offset` of an open file
  // that holds what WordsOfBlock gives. Nothing changes for readers. False where it stays as it is:
  // it is not full, the file does not tell all that is told of it, or it cannot be mapped.
  bool LeaveToFile(std::uint64_t block, int fd, std::uint64_t offset);

 private:
  static constexpr std::uint64_t kBlocks = 1ULL << 18;
  using Block = std::array<std::atomic<std::uint64_t>, kBlockEntries>;
  struct Unmap {
    void operator()(Block* block) const;
  };
  // `fd` is -1 for memory without a file. Null, with errno.
  [[nodiscard]] static std::unique_ptr<Block, Unmap> MakeBlock(int fd, std::uint64_t offset);
  [[nodiscard]] std::atomic<std::uint64_t>& WordOf(std::uint64_t entry) const {
    return (
        *blocks_[entry >> kBlockBits].load(std::memory_order_acquire))[entry & (kBlockEntries - 1)];
  }
  // False where it is null.
  [[nodiscard]] bool Place(std::uint64_t at, std::unique_ptr<Block, Unmap> block);

  std::unique_ptr<std::atomic<Block*>[]> blocks_;
  std::vector<std::unique_ptr<Block, Unmap>> owned_;  // those that were replaced, too
  std::atomic<std::uint64_t> size_{1};
};

}  // namespace kith::catalog
