// SPDX-License-Identifier: Apache-2.0
//
// Purpose: an open segment file as a faiss::IndexBinary of 256 bits, exact for every radius; what
// HammingIndex can put in the place of a segment in memory.
//
// Rows are numbered in the order of the codes. Thread-safety: everything const may be called by any
// number of threads. It cannot be added to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <faiss/IndexBinary.h>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "index/internal/bands.h"
#include "index/internal/join_kernel.h"
#include "index/internal/mapped_postings.h"
#include "index/internal/probe_choice.h"
#include "index/internal/scan_index.h"
#include "index/internal/scan_kernel.h"
#include "index/internal/segment_map.h"
#include "index/segment.h"
#include "index/simd.h"

namespace kith::index::internal {

class MappedIndex final : public faiss::IndexBinary, public PairStream {
 public:
  // Errors: as SegmentFile::Open.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MappedIndex>> Open(
      const std::string& path, const SegmentOpenOptions& options, SimdTarget simd);

  MappedIndex(std::unique_ptr<SegmentMap> map, SimdTarget simd);

  // Throws: a segment never changes.
  void add(idx_t n, const std::uint8_t* x) override;
  void reset() override;
  void reconstruct(idx_t key, std::uint8_t* recons) const override;
  void search(idx_t n, const std::uint8_t* x, idx_t k, std::int32_t* distances, idx_t* labels,
              const faiss::SearchParameters* params = nullptr) const override;
  void range_search(idx_t n, const std::uint8_t* x, int radius, faiss::RangeSearchResult* result,
                    const faiss::SearchParameters* params = nullptr) const override;

  void StreamPairs(std::span<const Code> queries, int radius_bits, PairSink sink) const override;

  [[nodiscard]] const SegmentInfo& info() const { return map_->info(); }
  [[nodiscard]] Label LabelAt(std::uint64_t row) const;
  // Calls visit(row, code, label) for all rows in their order.
  template <typename Visit>
  void ForEachRow(Visit visit) const;
  [[nodiscard]] std::vector<std::uint64_t> RowsOf(std::uint64_t entry) const;
  // As SegmentFile::ForEachRowOf.
  void ForEachRowOf(std::span<const std::uint64_t> entries,
                    absl::FunctionRef<void(std::uint64_t)> visit) const;
  void BeginScrub() { map_->BeginScrub(); }
  [[nodiscard]] absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) {
    return map_->Scrub(budget_bytes);
  }

  // For tests and measurements: probe as far as the bands reach, even where a scan is faster, and
  // join batches from so many queries on.
  void NeverScan(std::size_t join_from = kJoinFrom) {
    choice_.NeverScan();
    choice_.JoinFrom(join_from);
  }

 private:
  struct Run {
    std::uint64_t start;
    std::uint64_t count;
  };
  [[nodiscard]] bool HasRepeatedCodes() const { return rows_.words != nullptr; }
  [[nodiscard]] Run RowsAt(std::uint64_t position) const;
  [[nodiscard]] std::uint64_t PositionOf(std::uint64_t row) const;
  [[nodiscard]] std::uint64_t EntryAt(std::uint64_t row) const;
  void StreamPositions(std::span<const Code> queries, int radius_bits, PairSink sink) const;

  void MakePostings();

  std::unique_ptr<SegmentMap> map_;
  std::unique_ptr<const BandPlan> plan_;  // null: too few codes
  JoinKernel join_;
  ScanKernel scan_;
  LocateKernel locate_;
  const std::uint8_t* codes_ = nullptr;
  std::uint64_t code_count_ = 0;
  MappedPostings postings_;
  ProbeChoice choice_;
  DirectoryView rows_;  // of the codes; empty if each has one row
};

template <typename Visit>
void MappedIndex::ForEachRow(Visit visit) const {
  for (std::uint64_t position = 0; position < code_count_; ++position) {
    Code code;
    __builtin_memcpy(code.data(), codes_ + position * sizeof(Code), sizeof(Code));
    const auto [start, count] = RowsAt(position);
    for (std::uint64_t row = start; row < start + count; ++row) {
      if (!visit(row, code, LabelAt(row))) return;
    }
  }
}

}  // namespace kith::index::internal
