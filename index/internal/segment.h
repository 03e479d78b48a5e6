// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "index/hamming_index.h"
#include "index/internal/rows.h"
#include "index/internal/tombstones.h"

namespace kith::index::internal {

// Told of a code with its label; false ends the reading.
using RowVisitor = absl::FunctionRef<bool(const Code& code, const Label& label)>;

// Codes that never change; only their tombstones do. In memory (memory_segment.h), in memory that
// more codes come into, of which it has the first (growing_segment.h), or in a file that is mapped
// (file_segment.h).
// Any number of threads may search while one withdraws.
class Segment {
 public:
  virtual ~Segment() = default;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Errors: ResourceExhausted when memory ran out, Internal with FAISS's words otherwise.
  [[nodiscard]] virtual absl::Status Search(std::span<const Code> queries, int radius_bits,
                                            LabelSink sink) const = 0;
  // Silences the codes of these entries, which ascend, each once, and returns how many codes were
  // not silent. O(log n) an entry, or one pass over the labels where they are many.
  virtual std::size_t Withdraw(std::span<const std::uint64_t> entries) = 0;
  // Visits what is not withdrawn, each code once. Errors: as Search.
  [[nodiscard]] virtual absl::Status ForEachLiveRow(RowVisitor visit) const = 0;

  // Compares about so many bytes of its file with their checksums; true when that completed a
  // round. DataLoss names the damaged section.
  [[nodiscard]] virtual absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) = 0;
  // The next Scrub begins a round.
  virtual void BeginScrub() {}
  // What a pass over the whole file reads; 0 in memory.
  [[nodiscard]] virtual std::uint64_t FileBytes() const { return 0; }
  // Of it, what a search without a hit may touch.
  [[nodiscard]] virtual std::uint64_t HotBytes() const { return 0; }
  // Memory held; a mapped file is not among it.
  [[nodiscard]] virtual std::size_t Bytes() const = 0;

  // For how many rows its memory is.
  [[nodiscard]] virtual std::size_t RowsOfMemory() const { return size_; }
  // Large memory that it has in common with other segments, if any.
  [[nodiscard]] virtual std::shared_ptr<const void> Shared() const { return nullptr; }

  [[nodiscard]] bool IsMapped() const { return FileBytes() > 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // The range of its entries; of a segment that is not empty.
  [[nodiscard]] const EntryRange& entries() const { return entries_; }
  // Of what grows, the tombstones may be of later rows too.
  [[nodiscard]] std::size_t WithdrawnCount() const { return std::min(tombstones_->Count(), size_); }

 protected:
  // Those of `entries` that may be in here.
  [[nodiscard]] std::span<const std::uint64_t> Within(
      std::span<const std::uint64_t> entries) const {
    const auto first = std::lower_bound(entries.begin(), entries.end(), entries_.first_entry);
    return {first, std::upper_bound(first, entries.end(), entries_.last_entry)};
  }

  Segment(std::size_t rows, const EntryRange& entries)
      : Segment(rows, entries, std::make_shared<Tombstones>(rows)) {}
  Segment(std::size_t rows, const EntryRange& entries, std::shared_ptr<Tombstones> tombstones)
      : tombstones_(std::move(tombstones)), size_(rows), entries_(entries) {}

  [[nodiscard]] Tombstones& tombstones() { return *tombstones_; }
  [[nodiscard]] const Tombstones& tombstones() const { return *tombstones_; }

 private:
  std::shared_ptr<Tombstones> tombstones_;
  std::size_t size_;
  EntryRange entries_;
};

}  // namespace kith::index::internal
