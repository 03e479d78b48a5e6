// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "index/hamming_index.h"
#include "index/internal/bands.h"
#include "index/internal/huge_array.h"
#include "index/internal/segment_map.h"

namespace kith::index::internal {

// A row on its way into a segment.
struct SpooledRow {
  RingCode code;
  std::uint64_t entry;
  std::uint32_t view;
  std::uint32_t unused;  // zero: the row goes to a file as it lies

  friend bool operator<(const SpooledRow& a, const SpooledRow& b) {
    if (a.code != b.code) return a.code < b.code;
    return a.entry != b.entry ? a.entry < b.entry : a.view < b.view;
  }
};
static_assert(sizeof(SpooledRow) == 48);

// Takes rows in any order and gives them back in order, a part at a time. What does not fit the
// memory goes to a file without a name, in runs of one part each: written and read in long pieces.
class RowSpool {
 public:
  // Rows go to parts by the first byte of their codes.
  static constexpr std::size_t kParts = 256;

  // Half of the memory is for rows that come in, half for bringing them into parts.
  RowSpool(std::string directory, std::size_t memory_bytes);

  // Errors: ResourceExhausted when the disk is full, Unavailable with the system's words.
  [[nodiscard]] absl::Status Add(std::span<const Code> codes, std::span<const Label> labels);
  [[nodiscard]] absl::Status EndOfRows();

  // The rows of a part, sorted; each part once, and its room on the disk is given back.
  [[nodiscard]] absl::Status TakePart(std::size_t part, std::vector<SpooledRow>& rows);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t LowestEntry() const { return lowest_entry_; }
  [[nodiscard]] std::uint64_t HighestEntry() const { return highest_entry_; }
  [[nodiscard]] std::uint32_t HighestView() const { return highest_view_; }

 private:
  struct Extent {
    std::uint64_t offset;
    std::uint64_t rows;
  };
  void SortIntoParts();
  [[nodiscard]] absl::Status Spill();

  std::string directory_;
  std::size_t most_rows_;  // in memory, unsorted
  std::uint64_t size_ = 0;
  std::uint64_t lowest_entry_ = ~std::uint64_t{0};
  std::uint64_t highest_entry_ = 0;
  std::uint32_t highest_view_ = 0;

  // In huge pages: with small ones most of the time of coming in went to page faults.
  HugeArray<SpooledRow> incoming_;  // room for most_rows_, once there is one
  std::size_t incoming_count_ = 0;
  HugeArray<SpooledRow> parted_;
  std::array<std::size_t, kParts + 1> starts_{};  // in parted_
  File file_;
  std::uint64_t file_bytes_ = 0;
  std::array<std::vector<Extent>, kParts> extents_;
};

}  // namespace kith::index::internal
