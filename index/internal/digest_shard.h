// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace kith::index::internal {

// A part of the digests of one kind: rows in the order of adding, and a table from a keyed hash of
// the digest to the newest row that has it. Rows of one hash are chained, and a search compares the
// whole digest of each, so the answer does not depend on the hash.
// Any number of threads may find while others add: one at a time changes the shard.
template <std::size_t kBytes>
class DigestShard {
 public:
  static constexpr std::size_t kMaxRows = std::numeric_limits<std::uint32_t>::max() - 1;

  // False if the shard is full.
  bool Add(std::uint64_t keyed_hash, std::string_view digest, std::uint64_t entry,
           std::uint32_t epoch) {
    const std::unique_lock lock(mutex_);
    if (rows_.size() >= kMaxRows) return false;
    Row row{.entry_low = static_cast<std::uint32_t>(entry),
            .entry_high = static_cast<std::uint32_t>(entry >> 32),
            .epoch = epoch,
            .older = kNoRow,
            .digest = {}};
    std::memcpy(row.digest.data(), digest.data(), kBytes);
    Link(keyed_hash, row);
    return true;
  }

  // Calls visit(entry, epoch) for each row that has the digest, newest first.
  template <typename Visit>
  void Find(std::uint64_t keyed_hash, std::string_view digest, Visit&& visit) const {
    const std::shared_lock lock(mutex_);
    const auto newest = newest_.find(keyed_hash);
    if (newest == newest_.end()) return;
    for (std::uint32_t at = newest->second; at != kNoRow; at = rows_[at].older) {
      const Row& row = rows_[at];
      if (std::memcmp(row.digest.data(), digest.data(), kBytes) == 0) {
        visit(row.Entry(), row.epoch);
      }
    }
  }

  // Calls visit(digest, entry, epoch) for each row.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    const std::shared_lock lock(mutex_);
    for (const Row& row : rows_) {
      visit(std::string_view(reinterpret_cast<const char*>(row.digest.data()), kBytes), row.Entry(),
            row.epoch);
    }
  }

  // Removes the rows for which dead(entry, epoch); hash(digest) must be the one used in Add.
  template <typename Dead, typename Hash>
  void Sweep(Dead&& dead, Hash&& hash) {
    const std::unique_lock lock(mutex_);
    const std::vector<Row> rows = std::exchange(rows_, {});
    newest_ = {};
    for (const Row& row : rows) {
      if (dead(row.Entry(), row.epoch)) continue;
      const std::string_view digest(reinterpret_cast<const char*>(row.digest.data()), kBytes);
      Row kept = row;
      kept.older = kNoRow;
      Link(hash(digest), kept);
    }
  }

  [[nodiscard]] std::size_t size() const {
    const std::shared_lock lock(mutex_);
    return rows_.size();
  }
  [[nodiscard]] std::size_t Bytes() const {
    const std::shared_lock lock(mutex_);
    return rows_.capacity() * sizeof(Row) + newest_.capacity() * (kSlotBytes + 1);
  }

 private:
  static constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

  // Words of 32 bits throughout, so that no kind has padding.
  struct Row {
    std::uint32_t entry_low;
    std::uint32_t entry_high;
    std::uint32_t epoch;
    std::uint32_t older;  // the next row of the same hash
    std::array<std::uint8_t, kBytes> digest;

    [[nodiscard]] std::uint64_t Entry() const {
      return std::uint64_t{entry_high} << 32 | entry_low;
    }
  };

  using Table = absl::flat_hash_map<std::uint64_t, std::uint32_t>;
  static constexpr std::size_t kSlotBytes = sizeof(typename Table::value_type);

  void Link(std::uint64_t keyed_hash, Row row) {
    const auto at = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(row);
    const auto [newest, fresh] = newest_.try_emplace(keyed_hash, at);
    if (!fresh) rows_.back().older = std::exchange(newest->second, at);
  }

  mutable std::shared_mutex mutex_;
  std::vector<Row> rows_;
  Table newest_;
};

}  // namespace kith::index::internal
