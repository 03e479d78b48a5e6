// SPDX-License-Identifier: Apache-2.0
#include "index/internal/growing_segment.h"

#include "index/internal/guarded.h"

namespace kith::index::internal {

absl::Status GrowingSegment::Search(std::span<const Code> queries, int radius_bits,
                                    LabelSink sink) const {
  return Guarded("searching", "a segment", [&] {
    codes_->StreamPairs(queries, radius_bits, size(),
                        [&](std::size_t query, std::size_t row, int distance_bits) {
                          if (tombstones().IsWithdrawn(row)) return;
                          sink(query, codes_->LabelAt(row), distance_bits);
                        });
  });
}

absl::Status GrowingSegment::ForEachLiveRow(RowVisitor visit) const {
  return Guarded("reading", "a segment", [&] {
    for (std::size_t row = 0; row < size(); ++row) {
      if (tombstones().IsWithdrawn(row)) continue;
      if (!visit(codes_->CodeAt(row), codes_->LabelAt(row))) return;
    }
  });
}

}  // namespace kith::index::internal
