// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "index/internal/bands.h"
#include "index/internal/distinct.h"
#include "index/internal/file_io.h"
#include "index/internal/huge_array.h"
#include "index/internal/section_writer.h"
#include "index/internal/segment_format.h"

namespace kith::index::internal {

// Writes the sections of the bands of a segment, one band after the other, from its codes: one pass
// over them that counts the keys, and one or more that each take as many keys as fit the memory.
// Beside these it holds 8 bytes a key and a quarter of a byte a code. Counters and items lie at
// random places: they are fetched some codes ahead, in huge pages.
class BandWriter {
 public:
  // All that is referred to must outlive the writer. The sections get their hashes. `goes_on` is
  // asked before each pass; an error of it ends the writing.
  BandWriter(const File& file, std::size_t memory_bytes, SegmentHeader& header,
             std::function<absl::Status()> goes_on);

  [[nodiscard]] absl::Status Write(std::uint32_t band);

 private:
  // Calls take(first, bits) for block after block of codes: what RingBits says of those from
  // `first` on.
  template <typename Take>
  absl::Status ForEachBlock(const Take& take);
  // Codes first..first + count - 1, 32 bytes each, until the next call. They are read, not mapped:
  // on a virtual machine each page that is mapped for the first time may cost more than its codes.
  // Where the memory takes all of them beside their items, they are read once for all bands.
  absl::StatusOr<const std::uint8_t*> CodesFrom(std::uint64_t first, std::size_t count);
  absl::Status CountKeys();
  absl::Status WriteStarts(std::uint32_t band);
  // The codes lie in the order of the first band.
  absl::Status WriteInOrder(BitWriter& sketches);
  // The keys from `first` on that have at most so many items, but at least one key: their end.
  [[nodiscard]] std::size_t EndOfPass(std::size_t first, std::uint64_t most_items) const;
  absl::Status WritePass(std::size_t first_key, std::size_t end_key, BitWriter& sketches,
                         BitWriter& tails);
  void AppendItem(std::size_t key, std::uint32_t item, std::uint64_t rest_and_position,
                  BitWriter& sketches, BitWriter& tails);
  [[nodiscard]] std::uint32_t RestOf(std::uint64_t bits) const { return band_.Rest(bits); }
  [[nodiscard]] std::uint32_t SketchOf(std::uint32_t rest) const {
    return (rest & 0xffff) >> (kSketchBits - header_.cut.sketch_bits);
  }

  const File& file_;
  std::uint64_t most_items_;  // or as many words of codes that are held
  SegmentHeader& header_;
  Band band_{};
  std::vector<std::uint8_t> codes_;  // of a block
  HugeArray<RawCode> all_codes_;     // empty: they are too many
  std::vector<std::uint64_t> bits_;  // of these codes
  HugeArray<std::uint32_t> starts_;  // of each key, and the end of the last
  HugeArray<std::uint32_t> next_;    // of a pass: where the next item of each key goes
  HugeArray<std::uint64_t> items_;   // of a pass: Band::Rest above the position
  std::vector<std::uint64_t> high_bits_;
  std::function<absl::Status()> goes_on_;
};

}  // namespace kith::index::internal
