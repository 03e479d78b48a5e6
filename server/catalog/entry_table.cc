// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/entry_table.h"

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

EntryTable::EntryTable() : blocks_(std::make_unique<std::unique_ptr<Block>[]>(kBlocks)) {}

EntryFacts EntryTable::Get(std::uint64_t entry) const {
  const std::uint64_t word =
      (*blocks_[entry >> kBlockBits])[entry & (kBlockEntries - 1)].load(std::memory_order_acquire);
  EntryFacts facts;
  facts.withdrawn = (word & kWithdrawn) != 0;
  facts.ambiguous = (word & kAmbiguous) != 0;
  facts.victim_identified = static_cast<std::uint8_t>((word >> kVictimShift) & 3U);
  facts.hash_set = static_cast<std::uint32_t>((word >> kSetShift) & (kMaxHashSets - 1));
  facts.series = static_cast<std::uint32_t>(word >> kSeriesShift);
  return facts;
}

bool EntryTable::Append(const EntryFacts& facts) {
  const std::uint64_t entry = size_.load(std::memory_order_relaxed);
  if ((entry >> kBlockBits) >= kBlocks) return false;
  auto& block = blocks_[entry >> kBlockBits];
  if (!block) block = std::make_unique<Block>();
  (*block)[entry & (kBlockEntries - 1)].store(Pack(facts), std::memory_order_relaxed);
  size_.store(entry + 1, std::memory_order_release);
  return true;
}

void EntryTable::Withdraw(std::uint64_t entry) {
  (*blocks_[entry >> kBlockBits])[entry & (kBlockEntries - 1)].fetch_or(kWithdrawn,
                                                                        std::memory_order_release);
}

void EntryTable::SetSeries(std::uint64_t entry, std::uint32_t series) {
  std::atomic<std::uint64_t>& slot = (*blocks_[entry >> kBlockBits])[entry & (kBlockEntries - 1)];
  std::uint64_t word = slot.load(std::memory_order_relaxed);
  constexpr std::uint64_t kRest = (std::uint64_t{1} << kSeriesShift) - 1;
  while (!slot.compare_exchange_weak(
      word, (word & kRest) | static_cast<std::uint64_t>(series) << kSeriesShift,
      std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace kith::catalog
