// SPDX-License-Identifier: Apache-2.0
#include "index/internal/memory_segment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "index/internal/guarded.h"

namespace kith::index::internal {
namespace {

void SortByLabel(Rows& rows) {
  if (std::is_sorted(rows.labels.begin(), rows.labels.end())) return;
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows.labels[a] < rows.labels[b]; });
  Rows sorted;
  sorted.codes.reserve(rows.size());
  sorted.labels.reserve(rows.size());
  for (const std::size_t row : order) sorted.Add(rows.codes[row], rows.labels[row]);
  rows = std::move(sorted);
}

}  // namespace

MemorySegment::MemorySegment(std::unique_ptr<faiss::IndexBinary> index, std::size_t index_bytes,
                             std::span<const Label> labels)
    : Segment(labels.size(), {labels.front().entry, labels.back().entry}),
      index_(std::move(index)),
      entries_(labels.size()),
      views_(labels.size()) {
  for (std::size_t row = 0; row < labels.size(); ++row) {
    entries_[row] = labels[row].entry;
    views_[row] = labels[row].view;
  }
  bytes_ = index_bytes + entries_.Bytes() + views_.Bytes() + tombstones().Bytes();
}

absl::StatusOr<std::shared_ptr<Segment>> MemorySegment::Build(const Engine& engine, SimdTarget simd,
                                                              int bands, Rows rows) {
  std::shared_ptr<Segment> segment;
  const absl::Status status = Guarded("building", "a segment", [&] {
    SortByLabel(rows);
    std::unique_ptr<faiss::IndexBinary> index = engine.make(simd, bands);
    FillEngine(*index, rows.codes);
    const std::size_t index_bytes = engine.bytes(*index);
    segment = std::make_shared<MemorySegment>(std::move(index), index_bytes, rows.labels);
  });
  if (!status.ok()) return status;
  return segment;
}

absl::Status MemorySegment::Search(std::span<const Code> queries, int radius_bits,
                                   LabelSink sink) const {
  return Guarded("searching", "a segment", [&] {
    SearchEngine(*index_, queries, radius_bits,
                 [&](std::size_t query, std::size_t row, int distance_bits) {
                   if (tombstones().IsWithdrawn(row)) return;
                   sink(query, Label{.entry = entries_[row], .view = views_[row]}, distance_bits);
                 });
  });
}

std::size_t MemorySegment::Withdraw(std::span<const std::uint64_t> entries) {
  return WithdrawAscending({entries_.data(), entries_.size()}, Within(entries), tombstones());
}

absl::Status MemorySegment::ForEachLiveRow(RowVisitor visit) const {
  return Guarded("reading", "a segment", [&] {
    for (std::size_t row = 0; row < size(); ++row) {
      if (tombstones().IsWithdrawn(row)) continue;
      Code code;
      index_->reconstruct(static_cast<faiss::IndexBinary::idx_t>(row), code.data());
      if (!visit(code, Label{.entry = entries_[row], .view = views_[row]})) return;
    }
  });
}

}  // namespace kith::index::internal
