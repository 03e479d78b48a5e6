// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "index/hamming_index.h"
#include "index/internal/code_blocks.h"
#include "index/internal/rows.h"
#include "index/internal/tombstones.h"

namespace kith::index::internal {

// The newest codes, in memory of a fixed size, scanned by searches while one thread appends.
//
// A row is written before it is counted and never written again. A group of eight is put into the
// word-sliced order only when all its rows are there, so that no search reads what is being
// written; the rows of the last, incomplete group are compared one by one.
class Head {
 public:
  explicit Head(std::size_t capacity);

  // For one thread at a time.
  [[nodiscard]] std::size_t Room() const { return capacity_ - size(); }
  void Append(std::span<const Code> codes, std::span<const Label> labels);  // at most Room()
  // Of entries that ascend.
  std::size_t Withdraw(std::span<const std::uint64_t> entries);

  // For any thread.
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_acquire); }
  void Search(std::span<const Code> queries, int radius_bits, ScanKernel kernel,
              LabelSink sink) const;
  // What is not withdrawn.
  [[nodiscard]] Rows LiveRows() const;
  [[nodiscard]] std::size_t WithdrawnCount() const { return tombstones_.Count(); }
  [[nodiscard]] std::size_t Bytes() const;

 private:
  // A Label without a default: it would be set for all rows.
  struct Place {
    std::uint64_t entry;
    std::uint32_t view;
  };
  [[nodiscard]] Label LabelOf(std::size_t row) const {
    return {.entry = labels_[row].entry, .view = labels_[row].view};
  }

  std::size_t capacity_;
  // Left uninitialised: pages that no row has reached take no memory.
  std::unique_ptr<Code[]> codes_;
  std::unique_ptr<Place[]> labels_;
  std::unique_ptr<HalfGroup[]> first_;
  std::unique_ptr<HalfGroup[]> second_;
  Tombstones tombstones_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace kith::index::internal
