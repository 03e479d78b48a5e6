// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/file_io.h"
#include "index/internal/row_spool.h"
#include "index/internal/section_writer.h"
#include "index/internal/segment_format.h"
#include "index/internal/segment_map.h"
#include "index/segment.h"

namespace kith::index::internal {

// Writes the file of a segment from spooled rows, section by section:
//   1. the rows, part by part in the order of their codes: labels and distinct codes;
//   2. what the order of the codes gives: the rows of the codes;
//   3. the rows by entry, and for each band the codes by key (BandWriter): passes over what 1
//   wrote,
//      each of which takes as many keys as fit the memory.
// The memory does not grow with the rows but for 4 bytes a key of a band, a quarter of a byte a
// code, and where codes occur more than once a quarter of a byte a row.
class SegmentBuilder {
 public:
  // All that is referred to must outlive the builder. `cut` is for tests: otherwise it is chosen.
  SegmentBuilder(const File& file, RowSpool& rows, const SegmentBuildOptions& options,
                 std::optional<SegmentCut> cut = std::nullopt);

  // All but the rename. The file must be empty.
  [[nodiscard]] absl::StatusOr<SegmentInfo> Build();

 private:
  // How many items have keys that begin with some bits: so that a pass takes what fits.
  struct Histogram {
    unsigned key_bits = 0;
    std::vector<std::uint64_t> parts;

    explicit Histogram(unsigned bits);
    [[nodiscard]] unsigned PartBits() const { return key_bits < 12 ? key_bits : 12; }
    [[nodiscard]] std::size_t PartOf(std::uint64_t key) const {
      return static_cast<std::size_t>(PartBits() == 0 ? 0 : key >> (key_bits - PartBits()));
    }
    // The end of the parts from `first` on that have at most so many items, but at least one part.
    [[nodiscard]] std::size_t EndOfPass(std::size_t first, std::uint64_t most_items) const;
  };
  class RowRuns;

  absl::Status WriteRows();
  absl::Status WriteRowRuns(const RowRuns& runs);
  absl::Status WriteByEntry();
  absl::Status WriteBands();
  [[nodiscard]] const std::uint8_t* Written(SectionKind kind) const;
  // Tells where the build is; Cancelled when it is to end there.
  [[nodiscard]] absl::Status Tell(std::string_view phase, std::uint64_t done,
                                  std::uint64_t total) const;

  const File& file_;
  RowSpool& rows_;
  const SegmentBuildOptions& options_;
  std::optional<SegmentCut> cut_;
  SegmentHeader header_;
  Mapping written_;  // labels and codes
};

}  // namespace kith::index::internal
