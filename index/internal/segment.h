// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <faiss/IndexBinary.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "index/internal/engine.h"
#include "index/internal/rows.h"
#include "index/internal/tombstones.h"

namespace kith::index::internal {

// Codes that never change, in an index of one engine; only their tombstones do. Rows lie in the
// order of their entries, so that the codes of an entry are found by bisection.
// Any number of threads may search while one withdraws.
class Segment {
 public:
  // Use Build, which brings the rows into order. `index` holds one code a label.
  Segment(std::unique_ptr<faiss::IndexBinary> index, std::size_t index_bytes,
          std::span<const Label> labels);

  // Errors: ResourceExhausted when memory ran out, Internal with FAISS's words otherwise.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<Segment>> Build(const Engine& engine,
                                                                      SimdTarget simd, int bands,
                                                                      Rows rows);

  [[nodiscard]] absl::Status Search(std::span<const Code> queries, int radius_bits,
                                    LabelSink sink) const;
  std::size_t Withdraw(std::uint64_t entry);

  // Appends what is not withdrawn. Errors: as Build.
  [[nodiscard]] absl::Status AppendLiveRows(Rows& rows) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  // The range of its entries; of a segment that is not empty.
  [[nodiscard]] std::uint64_t first_entry() const { return entries_.front(); }
  [[nodiscard]] std::uint64_t last_entry() const { return entries_.back(); }
  [[nodiscard]] std::size_t WithdrawnCount() const { return tombstones_.Count(); }
  [[nodiscard]] std::size_t Bytes() const { return bytes_; }

 private:
  std::unique_ptr<faiss::IndexBinary> index_;
  // Apart from each other, as a Label has four bytes of padding.
  std::vector<std::uint64_t> entries_;
  std::vector<std::uint32_t> views_;
  Tombstones tombstones_;
  std::size_t bytes_ = 0;
};

}  // namespace kith::index::internal
