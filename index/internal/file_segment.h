// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/segment.h"
#include "index/segment.h"

namespace kith::index::internal {

// A segment in a file that is mapped and searched where it lies. Memory: one bit a code.
class FileSegment final : public Segment {
 public:
  // `entries` holds all entries of the file.
  FileSegment(std::unique_ptr<SegmentFile> file, const EntryRange& entries)
      : Segment(file->info().rows, entries), file_(std::move(file)) {}

  absl::Status Search(std::span<const Code> queries, int radius_bits,
                      LabelSink sink) const override;
  std::size_t Withdraw(std::span<const std::uint64_t> entries) override;
  absl::Status ForEachLiveRow(RowVisitor visit) const override;
  void BeginScrub() override { file_->BeginScrub(); }
  absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) override {
    return file_->Scrub(budget_bytes);
  }
  std::uint64_t FileBytes() const override { return file_->info().file_bytes; }
  std::uint64_t HotBytes() const override { return file_->info().hot_bytes; }
  std::size_t Bytes() const override { return tombstones().Bytes(); }

 private:
  std::unique_ptr<SegmentFile> file_;
};

}  // namespace kith::index::internal
