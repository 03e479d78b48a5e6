// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/entry_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

namespace kith::catalog {
namespace {

// series:32 | set:24 | unused:4 | victim_identified:2 | ambiguous:1 | withdrawn:1
constexpr std::uint64_t kWithdrawn = 1;
constexpr std::uint64_t kAmbiguous = 2;
constexpr int kVictimShift = 2;
constexpr int kSetShift = 8;
constexpr int kSeriesShift = 32;

std::uint64_t Pack(const EntryFacts& facts) {
  return (facts.withdrawn ? kWithdrawn : 0) | (facts.ambiguous ? kAmbiguous : 0) |
         (static_cast<std::uint64_t>(facts.victim_identified & 3U) << kVictimShift) |
         (static_cast<std::uint64_t>(facts.hash_set) << kSetShift) |
         (static_cast<std::uint64_t>(facts.series) << kSeriesShift);
}

}  // namespace

void EntryTable::Unmap::operator()(Block* block) const { munmap(block, kBlockBytes); }

EntryTable::EntryTable() : blocks_(std::make_unique<std::atomic<Block*>[]>(kBlocks)) {}

std::unique_ptr<EntryTable::Block, EntryTable::Unmap> EntryTable::MakeBlock(int fd,
                                                                            std::uint64_t offset) {
  static_assert(sizeof(Block) == kBlockBytes && std::atomic<std::uint64_t>::is_always_lock_free);
  // Changes stay in the process: the file is what it was.
  void* data = mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, static_cast<off_t>(offset));
  return std::unique_ptr<Block, Unmap>(data == MAP_FAILED ? nullptr : static_cast<Block*>(data));
}

EntryFacts EntryTable::FactsOf(std::uint64_t word) {
  EntryFacts facts;
  facts.withdrawn = (word & kWithdrawn) != 0;
  facts.ambiguous = (word & kAmbiguous) != 0;
  facts.victim_identified = static_cast<std::uint8_t>((word >> kVictimShift) & 3U);
  facts.hash_set = static_cast<std::uint32_t>((word >> kSetShift) & (kMaxHashSets - 1));
  facts.series = static_cast<std::uint32_t>(word >> kSeriesShift);
  return facts;
}

EntryFacts EntryTable::Get(std::uint64_t entry) const {
  return FactsOf(WordOf(entry).load(std::memory_order_acquire));
}

bool EntryTable::Append(const EntryFacts& facts) {
  const std::uint64_t entry = size_.load(std::memory_order_relaxed);
  if ((entry >> kBlockBits) >= kBlocks) return false;
  const bool has_block = blocks_[entry >> kBlockBits].load(std::memory_order_relaxed) != nullptr;
  if (!has_block && !Place(entry >> kBlockBits, MakeBlock(-1, 0))) throw std::bad_alloc();
  WordOf(entry).store(Pack(facts), std::memory_order_relaxed);
  size_.store(entry + 1, std::memory_order_release);
  return true;
}

void EntryTable::Withdraw(std::uint64_t entry) {
  WordOf(entry).fetch_or(kWithdrawn, std::memory_order_release);
}

bool EntryTable::Place(std::uint64_t at, std::unique_ptr<Block, Unmap> block) {
  if (block == nullptr) return false;
  owned_.push_back(std::move(block));
  blocks_[at].store(owned_.back().get(), std::memory_order_release);
  return true;
}

std::uint64_t EntryTable::First(std::uint64_t block) {
  return std::max<std::uint64_t>(block << kBlockBits, 1);
}

std::uint64_t EntryTable::End(std::uint64_t block) const {
  return std::min(Size(), (block + 1) << kBlockBits);
}

bool EntryTable::Replace(std::uint64_t block, std::span<const EntryFacts> facts) {
  const std::uint64_t first = First(block);
  if (End(block) <= first || facts.size() != End(block) - first) return false;
  auto fresh = MakeBlock(-1, 0);
  if (fresh == nullptr) return false;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    (*fresh)[(first + i) & (kBlockEntries - 1)].store(Pack(facts[i]), std::memory_order_relaxed);
  }
  return Place(block, std::move(fresh));
}

std::unique_ptr<std::uint64_t[]> EntryTable::WordsOfBlock(std::uint64_t block) const {
  auto words = std::make_unique<std::uint64_t[]>(kBlockEntries);
  for (std::uint64_t entry = First(block); entry < End(block); ++entry) {
    words[entry & (kBlockEntries - 1)] =
        WordOf(entry).load(std::memory_order_acquire) & ~kWithdrawn;
  }
  return words;
}

bool EntryTable::Map(int fd, std::uint64_t offset, std::uint64_t end) {
  const std::uint64_t size = size_.load(std::memory_order_relaxed);
  const std::uint64_t block = size >> kBlockBits;
  const bool goes_on = (size & (kBlockEntries - 1)) == 0 || size == 1;
  if (!goes_on || blocks_[block].load(std::memory_order_relaxed) != nullptr || end <= size ||
      (end - 1) >> kBlockBits != block) {
    errno = EINVAL;
    return false;
  }
  if (!Place(block, MakeBlock(fd, offset))) return false;
  size_.store(end, std::memory_order_release);
  return true;
}

bool EntryTable::LeaveToFile(std::uint64_t block, int fd, std::uint64_t offset) {
  if (Size() < (block + 1) << kBlockBits) return false;
  for (std::uint64_t entry = First(block); entry < End(block); ++entry) {
    if ((WordOf(entry).load(std::memory_order_relaxed) & kWithdrawn) != 0) return false;
  }
  // The place stays, so readers need not be told: the kernel exchanges what is behind it in one
  // step. What the file system may refuse it refuses before that.
  auto mapped = MakeBlock(fd, offset);
  if (mapped == nullptr) return false;
  Block* const place = blocks_[block].load(std::memory_order_relaxed);
  const void* const moved = mremap(mapped.get(), kBlockBytes, kBlockBytes,
                                   MREMAP_MAYMOVE | MREMAP_FIXED, static_cast<void*>(place));
  if (moved != MAP_FAILED) {
    (void)mapped.release();
    return true;
  }
  // What was behind the place is there as a rule. Where it is not, nothing may be answered from it.
  std::array<unsigned char, kBlockBytes / 4096> pages;
  if (mincore(static_cast<void*>(place), kBlockBytes, pages.data()) != 0) std::abort();
  return false;
}

void EntryTable::SetSeries(std::uint64_t entry, std::uint32_t series) {
  std::atomic<std::uint64_t>& slot = WordOf(entry);
  std::uint64_t word = slot.load(std::memory_order_relaxed);
  constexpr std::uint64_t kRest = (std::uint64_t{1} << kSeriesShift) - 1;
  while (!slot.compare_exchange_weak(
      word, (word & kRest) | static_cast<std::uint64_t>(series) << kSeriesShift,
      std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace kith::catalog
