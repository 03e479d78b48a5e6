// SPDX-License-Identifier: Apache-2.0
#include "index/internal/file_segment.h"

namespace kith::index::internal {

absl::Status FileSegment::Search(std::span<const Code> queries, int radius_bits,
                                 LabelSink sink) const {
  return file_->SearchRows(queries, radius_bits,
                           [&](std::size_t query, std::uint64_t row, int distance_bits) {
                             if (tombstones().IsWithdrawn(row)) return;
                             sink(query, file_->LabelAt(row), distance_bits);
                           });
}

std::size_t FileSegment::Withdraw(std::span<const std::uint64_t> entries) {
  std::size_t silenced = 0;
  file_->ForEachRowOf(Within(entries), [&](std::uint64_t row) {
    if (tombstones().Withdraw(row)) ++silenced;
  });
  return silenced;
}

absl::Status FileSegment::ForEachLiveRow(RowVisitor visit) const {
  file_->ForEachRow([&](std::uint64_t row, const Code& code, const Label& label) {
    return tombstones().IsWithdrawn(row) || visit(code, label);
  });
  return absl::OkStatus();
}

}  // namespace kith::index::internal
