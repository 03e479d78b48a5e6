// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <faiss/IndexBinary.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/engine.h"
#include "index/internal/huge_array.h"
#include "index/internal/segment.h"

namespace kith::index::internal {

// A segment in an index of one engine. Rows lie in the order of their entries, so that the codes of
// an entry are found by bisection.
class MemorySegment final : public Segment {
 public:
  // Use Build, which brings the rows into order. `index` holds one code a label.
  MemorySegment(std::unique_ptr<faiss::IndexBinary> index, std::size_t index_bytes,
                std::span<const Label> labels);

  // Of at least one row. Errors: ResourceExhausted when memory ran out, Internal with FAISS's words
  // otherwise.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<Segment>> Build(const Engine& engine,
                                                                      SimdTarget simd, int bands,
                                                                      Rows rows);

  absl::Status Search(std::span<const Code> queries, int radius_bits,
                      LabelSink sink) const override;
  std::size_t Withdraw(std::span<const std::uint64_t> entries) override;
  absl::Status ForEachLiveRow(RowVisitor visit) const override;
  absl::StatusOr<bool> Scrub(std::uint64_t /*budget_bytes*/) override { return true; }
  std::size_t Bytes() const override { return bytes_; }

 private:
  std::unique_ptr<faiss::IndexBinary> index_;
  // Apart from each other, as a Label has four bytes of padding.
  HugeArray<std::uint64_t> entries_;
  HugeArray<std::uint32_t> views_;
  std::size_t bytes_ = 0;
};

}  // namespace kith::index::internal
