// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "index/internal/bands.h"
#include "index/internal/file_io.h"
#include "index/internal/huge_array.h"

namespace kith::index::internal {

// A row on its way into a segment.
struct SpooledRow {
  RingCode code;
  std::uint64_t entry;
  std::uint32_t view;
  std::uint32_t unused;  // zero: the row goes to a file as it lies

  friend bool operator<(const SpooledRow& a, const SpooledRow& b) {
    // Word by word: two arrays are compared by a call of memcmp, and the first word nearly always
    // tells.
    for (std::size_t word = 0; word < a.code.size(); ++word) {
      if (a.code[word] != b.code[word]) return a.code[word] < b.code[word];
    }
    return a.entry != b.entry ? a.entry < b.entry : a.view < b.view;
  }
};
static_assert(sizeof(SpooledRow) == 48);

// Takes rows in any order and gives them back in order, a part at a time. What does not fit the
// memory goes to a file without a name, in runs of one part each: written and read in long pieces.
class RowSpool {
 public:
  // Rows go to parts by the first byte of their codes; a part that does not fit the memory, by the
  // first byte in which its rows differ, and so on.
  static constexpr std::size_t kParts = 256;

  // Half of the memory is for rows that come in, half for bringing them into parts.
  RowSpool(std::string directory, std::size_t memory_bytes);

  // Errors: ResourceExhausted when the disk is full, Unavailable with the system's words.
  [[nodiscard]] absl::Status Add(std::span<const Code> codes, std::span<const Label> labels);
  [[nodiscard]] absl::Status EndOfRows();

  // The rows of the next part, sorted, at most most_rows() of them; none when there are no more.
  // The room of a part on the disk is given back. Each byte of a code, entry and view that has to
  // tell rows apart costs reading them twice and writing them once.
  [[nodiscard]] absl::Status NextPart(std::vector<SpooledRow>& rows);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::size_t most_rows() const { return most_rows_; }
  [[nodiscard]] std::uint64_t LowestEntry() const { return lowest_entry_; }
  [[nodiscard]] std::uint64_t HighestEntry() const { return highest_entry_; }
  [[nodiscard]] std::uint32_t HighestView() const { return highest_view_; }

 private:
  struct Extent {
    std::uint64_t offset;
    std::uint64_t rows;
  };
  // Of rows on the disk.
  struct Part {
    std::vector<Extent> extents;
    std::uint64_t rows = 0;
  };
  using Parts = std::array<Part, kParts>;

  // Of what came in, by a byte of the rows.
  void SortIntoParts(unsigned byte);
  // Likewise, and appends them on the disk.
  [[nodiscard]] absl::Status Spill(unsigned byte, Parts& parts);
  void Push(Parts& parts);
  // Calls visit(rows) for pieces of a part that fit the memory.
  template <typename Visit>
  [[nodiscard]] absl::Status ReadPieces(const Part& part, Visit visit);
  [[nodiscard]] absl::Status Read(const Extent& extent, SpooledRow* rows) const;
  void GiveBack(const Extent& extent) const;
  // The first byte in which its rows differ.
  [[nodiscard]] absl::StatusOr<unsigned> FirstByteThatDiffers(const Part& part);
  [[nodiscard]] absl::Status Split(const Part& part, unsigned byte);
  [[nodiscard]] absl::Status TakeWhole(const Part& part, std::vector<SpooledRow>& rows) const;

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
  std::size_t next_in_memory_ = 0;                // of the parts, where nothing is on the disk
  File file_;
  std::uint64_t file_bytes_ = 0;
  Parts spilled_;            // while rows come in
  std::vector<Part> ahead_;  // then: what is to be given back, the next one last
};

}  // namespace kith::index::internal
