// SPDX-License-Identifier: Apache-2.0
//
// Digests in memory, and which entries are withdrawn: what both digest indexes are made of.
#pragma once

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "index/digest_index.h"
#include "index/internal/digest_shard.h"

namespace kith::index::internal {

// Which entries are withdrawn, and since when: the epoch counts the withdrawals, and a row is
// silent if it was added in an epoch before the one that followed the withdrawal of its entry. So
// an entry is silenced in O(1), without looking for its rows, and may come back.
class Withdrawals {
 public:
  struct Note {
    std::uint64_t entry;
    std::uint32_t live_since;
    std::uint32_t zero = 0;  // no padding: notes go into files
  };

  explicit Withdrawals(std::uint32_t epoch = 0, std::span<const Note> notes = {}) : epoch_(epoch) {
    live_since_.reserve(notes.size());
    for (const Note& note : notes) live_since_[note.entry] = note.live_since;
  }

  // For one thread at a time. Searches get their turn within a long list.
  void Add(std::span<const std::uint64_t> entries) {
    ++epoch_;
    while (!entries.empty()) {
      const auto some = entries.first(std::min(kAtOnce, entries.size()));
      entries = entries.subspan(some.size());
      const std::lock_guard gate(gate_);
      const std::unique_lock lock(mutex_);
      for (const std::uint64_t entry : some) live_since_[entry] = epoch_;
    }
  }
  void Forget() {
    const std::lock_guard gate(gate_);
    const std::unique_lock lock(mutex_);
    live_since_ = {};
  }
  // What that thread may ask without a lock, as no other changes it.
  [[nodiscard]] std::uint32_t Epoch() const { return epoch_; }
  [[nodiscard]] bool IsSilent(std::uint64_t entry, std::uint32_t epoch) const {
    const auto it = live_since_.find(entry);
    return it != live_since_.end() && epoch < it->second;
  }

  // For any thread, to be held while it asks IsSilent; and while it looks at rows that are swept,
  // as a row must not outlive the note that it is withdrawn. A withdrawal waits for it, and whoever
  // comes then waits for the withdrawal: never while files are read or written.
  [[nodiscard]] std::shared_lock<std::shared_mutex> Read() const {
    const std::lock_guard gate(gate_);
    return std::shared_lock(mutex_);
  }
  // Drops those of `rows` (each with its entry and epoch) that are silent. For any thread.
  // Notes only come, but for Forget: whatever was withdrawn before this began is heeded.
  template <typename Row>
  void DropSilent(std::vector<Row>& rows) const {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < rows.size();) {
      const std::size_t last = at + std::min(kAtOnce, rows.size() - at);
      const auto lock = Read();
      for (; at < last; ++at) {
        if (!IsSilent(rows[at].entry, rows[at].epoch)) rows[kept++] = rows[at];
      }
    }
    rows.resize(kept);
  }
  [[nodiscard]] std::size_t size() const {
    const auto lock = Read();
    return live_since_.size();
  }
  [[nodiscard]] std::size_t Bytes() const {
    const auto lock = Read();
    return live_since_.capacity() * (sizeof(decltype(live_since_)::value_type) + 1);
  }
  // Those that still silence rows of an epoch from `floor` on.
  [[nodiscard]] std::vector<Note> NotesAbove(std::uint32_t floor) const {
    const auto lock = Read();
    std::vector<Note> notes;
    for (const auto& [entry, live_since] : live_since_) {
      if (live_since > floor) notes.push_back({.entry = entry, .live_since = live_since});
    }
    return notes;
  }

 private:
  // Rows that are asked about, or entries that are noted, under one lock.
  static constexpr std::size_t kAtOnce = 4096;

  // The shared lock of the C library lets readers pass a waiting writer, for ever if they overlap;
  // the gate makes them queue.
  mutable std::mutex gate_;
  mutable std::shared_mutex mutex_;
  std::uint32_t epoch_ = 0;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> live_since_;
};

// The digests of one kind. The seed keeps those who write the lists from choosing digests that fall
// into one place of the tables.
template <std::size_t kBytes>
class DigestTable {
 public:
  explicit DigestTable(std::uint64_t seed) : seed_(seed) {}

  bool Add(std::string_view digest, std::uint64_t entry, std::uint32_t epoch) {
    const std::uint64_t hash = Hash(digest);
    if (!shards_[hash % kShards].Add(hash, digest, entry, epoch)) return false;
    rows_.fetch_add(1, std::memory_order_release);
    return true;
  }
  template <typename Visit>
  void Find(std::string_view digest, Visit&& visit) const {
    const std::uint64_t hash = Hash(digest);
    shards_[hash % kShards].Find(hash, digest, visit);
  }
  void Sweep(const Withdrawals& withdrawals) {
    for (DigestShard<kBytes>& shard : shards_) {
      shard.Sweep([&](std::uint64_t entry,
                      std::uint32_t epoch) { return withdrawals.IsSilent(entry, epoch); },
                  [&](std::string_view digest) { return Hash(digest); });
    }
    std::uint64_t rows = 0;
    for (const DigestShard<kBytes>& shard : shards_) rows += shard.size();
    rows_.store(rows, std::memory_order_release);
  }
  // Calls visit(digest, entry, epoch) for each row, a shard at a time.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const DigestShard<kBytes>& shard : shards_) shard.ForEach(visit);
  }
  [[nodiscard]] std::uint64_t size() const { return rows_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t Bytes() const {
    std::uint64_t sum = sizeof(*this);
    for (const DigestShard<kBytes>& shard : shards_) sum += shard.Bytes();
    return sum;
  }

 private:
  // As many as make a table small enough that its growing stops a search only briefly.
  static constexpr std::size_t kShards = 256;

  [[nodiscard]] std::uint64_t Hash(std::string_view digest) const {
    return XXH3_64bits_withSeed(digest.data(), kBytes, seed_);
  }

  std::uint64_t seed_;
  std::atomic<std::uint64_t> rows_{0};
  std::array<DigestShard<kBytes>, kShards> shards_;
};

// The digests of all kinds. One thread at a time adds; any number search beside it.
class DigestDelta {
 public:
  // Rows are of the epoch `born` and later ones.
  explicit DigestDelta(const std::array<std::uint64_t, 3>& seeds, std::uint32_t born = 0)
      : born_(born), md5_(seeds[0]), sha1_(seeds[1]), sha256_(seeds[2]) {}

  // Work(table of the kind).
  template <typename Work>
  decltype(auto) With(DigestKind kind, Work&& work) {
    return Choose(*this, kind, std::forward<Work>(work));
  }
  template <typename Work>
  decltype(auto) With(DigestKind kind, Work&& work) const {
    return Choose(*this, kind, std::forward<Work>(work));
  }
  void Sweep(const Withdrawals& withdrawals) {
    md5_.Sweep(withdrawals);
    sha1_.Sweep(withdrawals);
    sha256_.Sweep(withdrawals);
  }
  [[nodiscard]] std::uint32_t born() const { return born_; }
  [[nodiscard]] std::uint64_t size() const { return md5_.size() + sha1_.size() + sha256_.size(); }
  [[nodiscard]] std::uint64_t Bytes() const {
    return md5_.Bytes() + sha1_.Bytes() + sha256_.Bytes();
  }

 private:
  template <typename Self, typename Work>
  static decltype(auto) Choose(Self& self, DigestKind kind, Work&& work) {
    switch (kind) {
      case DigestKind::kMd5:
        return work(self.md5_);
      case DigestKind::kSha1:
        return work(self.sha1_);
      case DigestKind::kSha256:
        break;
    }
    return work(self.sha256_);
  }

  std::uint32_t born_;
  DigestTable<16> md5_;
  DigestTable<20> sha1_;
  DigestTable<32> sha256_;
};

}  // namespace kith::index::internal
