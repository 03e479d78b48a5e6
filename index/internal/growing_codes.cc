// SPDX-License-Identifier: Apache-2.0
#include "index/internal/growing_codes.h"

#include <algorithm>
#include <cstring>

#include "index/internal/join_dispatch.h"
#include "index/internal/probe_walk.h"
#include "index/internal/simd_dispatch.h"

namespace kith::index::internal {
namespace {

// One in so many rows may be scanned, and some in any case.
constexpr std::size_t kScannedShare = 32;
constexpr std::size_t kLeastScanned = 4096;
// So many codes ahead their buckets are fetched: each has one in every band.
constexpr std::size_t kCodesAhead = 2;

}  // namespace

GrowingCodes::GrowingCodes(std::size_t capacity, SimdTarget simd, bool never_scan)
    : capacity_(capacity),
      join_(JoinKernelOf(simd)),
      scan_(ScanKernelOf(simd)),
      plan_(GrowingPostings::ShapeFor(capacity)),
      choice_(plan_, capacity),
      postings_(plan_, capacity, join_.reads_exactly),
      codes_(capacity),
      entries_of_(capacity),
      views_(capacity),
      tombstones_(std::make_shared<Tombstones>(capacity)),
      scanned_(std::max(capacity, kLanes)) {
  if (never_scan) choice_.NeverScan();
}

bool GrowingCodes::IsCrowded() const {
  return scanned_.size() > std::max(kLeastScanned, capacity_ / kScannedShare);
}

void GrowingCodes::Append(std::span<const Code> codes, std::span<const Label> labels) {
  for (std::size_t at = 0; at < codes.size(); ++at) {
    if (at + kCodesAhead < codes.size()) postings_.FetchFor(codes[at + kCodesAhead].data());
    const std::size_t row = size_;
    const Label& label = labels[at];
    std::memcpy(&codes_[row], codes[at].data(), sizeof(RawCode));
    entries_of_[row] = label.entry;
    views_[row] = label.view;
    ascends_ = ascends_ && (row == 0 || label.entry >= entries_of_[row - 1]);
    entries_ = row == 0 ? EntryRange{label.entry, label.entry}
                        : EntryRange{std::min(entries_.first_entry, label.entry),
                                     std::max(entries_.last_entry, label.entry)};
    if (!postings_.Add(codes[at].data(), static_cast<std::uint32_t>(row))) {
      const Label place{.entry = row, .view = 0};
      scanned_.Append(codes.subspan(at, 1), std::span(&place, 1));
    }
    ++size_;
  }
}

std::size_t GrowingCodes::Withdraw(std::span<const std::uint64_t> entries) {
  const std::span<const std::uint64_t> of_rows(entries_of_.data(), size_);
  if (ascends_) return WithdrawAscending(of_rows, entries, *tombstones_);
  std::size_t silenced = 0;
  for (std::size_t row = 0; row < size_; ++row) {
    if (!std::binary_search(entries.begin(), entries.end(), of_rows[row])) continue;
    if (tombstones_->Withdraw(row)) ++silenced;
  }
  return silenced;
}

Rows GrowingCodes::LiveRows() const {
  Rows rows;
  rows.codes.reserve(size_);
  rows.labels.reserve(size_);
  for (std::size_t row = 0; row < size_; ++row) {
    if (!tombstones_->IsWithdrawn(row)) rows.Add(CodeAt(row), LabelAt(row));
  }
  return rows;
}

void GrowingCodes::StreamPairs(std::span<const Code> queries, int radius_bits, std::size_t rows,
                               PairSink sink) const {
  if (queries.empty() || rows == 0) return;
  if (choice_.ScanIsFaster(rows, queries.size(), radius_bits)) {
    return ScanPlainCodes(BytesOf(*codes_.data()), rows, queries, radius_bits, scan_, sink);
  }
  // What is added meanwhile is seen in some buckets and not in others.
  const auto known = [&](std::size_t query, std::size_t row, int distance_bits) {
    if (row < rows) sink(query, row, distance_bits);
  };
  scanned_.Search(queries, radius_bits, scan_,
                  [&](std::size_t query, const Label& place, int distance_bits) {
                    known(query, place.entry, distance_bits);
                  });
  ProbeWalk<GrowingPostings> walk(plan_, postings_, BytesOf(*codes_.data()), join_, radius_bits,
                                  queries, known);
  walk.Search(choice_.IsJoined(queries.size()));
}

Code GrowingCodes::CodeAt(std::size_t row) const {
  Code code;
  std::memcpy(code.data(), &codes_[row], sizeof(code));
  return code;
}

std::size_t GrowingCodes::Bytes() const {
  return postings_.Bytes() + codes_.Bytes() + entries_of_.Bytes() + views_.Bytes() +
         tombstones_->Bytes() + scanned_.Bytes();
}

}  // namespace kith::index::internal
