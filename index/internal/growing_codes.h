// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "index/hamming_index.h"
#include "index/internal/bands.h"
#include "index/internal/code_blocks.h"
#include "index/internal/distinct.h"
#include "index/internal/growing_postings.h"
#include "index/internal/head.h"
#include "index/internal/huge_array.h"
#include "index/internal/join_kernel.h"
#include "index/internal/probe_choice.h"
#include "index/internal/rows.h"
#include "index/internal/tombstones.h"
#include "index/simd.h"

namespace kith::index::internal {

// Codes with their labels that are searched by multi-index hashing while more are added, up to a
// number that is fixed. What lies in it is seen through a GrowingSegment: so many of the first
// rows. Those few whose bucket is full are scanned: many copies of one picture, say. One thread
// adds or withdraws at a time, any number search meanwhile.
class GrowingCodes {
 public:
  // `capacity` is at most GrowingPostings::kMostCodes. With `never_scan` it is probed as far as the
  // bands reach, even where a scan is faster, which is for tests. Throws std::bad_alloc.
  GrowingCodes(std::size_t capacity, SimdTarget simd, bool never_scan);

  // At most Room(). 0.3 to 0.5 microseconds a code.
  void Append(std::span<const Code> codes, std::span<const Label> labels);
  [[nodiscard]] std::size_t Room() const { return capacity_ - size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  // So many are scanned that more should go elsewhere.
  [[nodiscard]] bool IsCrowded() const;
  [[nodiscard]] std::size_t size() const { return size_; }
  // The range of their entries; where there are any.
  [[nodiscard]] const EntryRange& entries() const { return entries_; }
  // What is not withdrawn.
  [[nodiscard]] Rows LiveRows() const;
  // Of entries that ascend, each once.
  std::size_t Withdraw(std::span<const std::uint64_t> entries);

  // What follows is for any thread, and for rows that were there when it learnt of them.
  // Every pair with one of the first `rows` once, in no order.
  void StreamPairs(std::span<const Code> queries, int radius_bits, std::size_t rows,
                   PairSink sink) const;
  [[nodiscard]] Code CodeAt(std::size_t row) const;
  [[nodiscard]] Label LabelAt(std::size_t row) const {
    return {.entry = entries_of_[row], .view = views_[row]};
  }
  [[nodiscard]] const std::shared_ptr<Tombstones>& tombstones() const { return tombstones_; }
  [[nodiscard]] std::size_t Bytes() const;

 private:
  std::size_t capacity_;
  JoinKernel join_;
  ScanKernel scan_;
  BandPlan plan_;
  ProbeChoice choice_;  // as when it is full
  GrowingPostings postings_;
  HugeArray<RawCode> codes_;
  HugeArray<std::uint64_t> entries_of_;
  HugeArray<std::uint32_t> views_;
  std::shared_ptr<Tombstones> tombstones_;
  // Those without a place in the buckets; their labels are their rows.
  Head scanned_;
  // Of the thread that adds.
  std::size_t size_ = 0;
  EntryRange entries_{};
  bool ascends_ = true;  // the entries of the rows, each as often as it has codes
};

}  // namespace kith::index::internal
