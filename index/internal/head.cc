// SPDX-License-Identifier: Apache-2.0
#include "index/internal/head.h"

#include <algorithm>

namespace kith::index::internal {

Head::Head(std::size_t capacity)
    : capacity_(capacity),
      codes_(std::make_unique_for_overwrite<Code[]>(capacity)),
      labels_(std::make_unique_for_overwrite<Place[]>(capacity)),
      first_(std::make_unique_for_overwrite<HalfGroup[]>(capacity / kLanes)),
      second_(std::make_unique_for_overwrite<HalfGroup[]>(capacity / kLanes)),
      tombstones_(capacity) {}

void Head::Append(std::span<const Code> codes, std::span<const Label> labels) {
  const std::size_t before = size_.load(std::memory_order_relaxed);
  const std::size_t after = before + codes.size();
  std::copy(codes.begin(), codes.end(), codes_.get() + before);
  std::transform(labels.begin(), labels.end(), labels_.get() + before, [](const Label& label) {
    return Place{.entry = label.entry, .view = label.view};
  });
  for (std::size_t group = before / kLanes; group < after / kLanes; ++group) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      StoreCode(codes_[group * kLanes + lane].data(), lane, first_[group], second_[group]);
    }
  }
  size_.store(after, std::memory_order_release);
}

std::size_t Head::Withdraw(std::span<const std::uint64_t> entries) {
  std::size_t silenced = 0;
  const std::size_t rows = size();
  for (std::size_t row = 0; row < rows; ++row) {
    const bool is_meant = std::binary_search(entries.begin(), entries.end(), labels_[row].entry);
    if (is_meant && tombstones_.Withdraw(row)) ++silenced;
  }
  return silenced;
}

void Head::Search(std::span<const Code> queries, int radius_bits, ScanKernel kernel,
                  LabelSink sink) const {
  const auto report = [&](std::size_t query, std::size_t row, int distance_bits) {
    if (!tombstones_.IsWithdrawn(row)) sink(query, LabelOf(row), distance_bits);
  };
  const std::size_t rows = size();
  const std::size_t grouped = rows / kLanes * kLanes;
  ScanGroups(first_.get(), second_.get(), grouped, queries, radius_bits, kernel, report);
  for (std::size_t row = grouped; row < rows; ++row) {
    for (std::size_t query = 0; query < queries.size(); ++query) {
      const int distance_bits = HammingDistance(codes_[row], queries[query]);
      if (distance_bits <= radius_bits) report(query, row, distance_bits);
    }
  }
}

Rows Head::LiveRows() const {
  Rows live;
  const std::size_t rows = size();
  for (std::size_t row = 0; row < rows; ++row) {
    if (!tombstones_.IsWithdrawn(row)) live.Add(codes_[row], LabelOf(row));
  }
  return live;
}

std::size_t Head::Bytes() const {
  return size() * (2 * sizeof(Code) + sizeof(Label)) + tombstones_.Bytes();
}

}  // namespace kith::index::internal
