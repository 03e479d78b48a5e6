// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/growing_codes.h"
#include "index/internal/segment.h"

namespace kith::index::internal {

// The rows that GrowingCodes held when this was made: as the others, it never changes. When more
// are added, another one takes its place.
class GrowingSegment final : public Segment {
 public:
  // Of at least one row.
  explicit GrowingSegment(std::shared_ptr<GrowingCodes> codes)
      : Segment(codes->size(), codes->entries(), codes->tombstones()), codes_(std::move(codes)) {}

  absl::Status Search(std::span<const Code> queries, int radius_bits,
                      LabelSink sink) const override;
  std::size_t Withdraw(std::span<const std::uint64_t> entries) override {
    return codes_->Withdraw(Within(entries));
  }
  absl::Status ForEachLiveRow(RowVisitor visit) const override;
  absl::StatusOr<bool> Scrub(std::uint64_t /*budget_bytes*/) override { return true; }
  std::size_t Bytes() const override { return codes_->Bytes(); }
  std::size_t RowsOfMemory() const override { return codes_->capacity(); }
  std::shared_ptr<const void> Shared() const override { return codes_; }

  // For the thread that adds.
  [[nodiscard]] const std::shared_ptr<GrowingCodes>& codes() const { return codes_; }

 private:
  std::shared_ptr<GrowingCodes> codes_;
};

}  // namespace kith::index::internal
