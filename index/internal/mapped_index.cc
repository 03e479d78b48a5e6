// SPDX-License-Identifier: Apache-2.0
#include "index/internal/mapped_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <faiss/impl/FaissAssert.h>

#include "index/internal/join_dispatch.h"
#include "index/internal/packed.h"
#include "index/internal/pair_search.h"
#include "index/internal/probe_walk.h"
#include "index/internal/segment_plan.h"
#include "index/internal/simd_dispatch.h"

namespace kith::index::internal {
namespace {

// In ten million rows that lie in memory, the rows of an entry are found in some 1.4 microseconds
// (entries ascending), and the label of a row is looked at in 12 nanoseconds. A cold file is read
// in order by the latter, and page by page by the former.
constexpr std::uint64_t kRowsPerBisection = 256;
// So far apart may entries be, for a bit each: a byte for each row.
constexpr std::uint64_t kBitsPerRow = 8;

LocateKernel LocateKernelOf(SimdTarget target) {
#if defined(__x86_64__)
  if (target != SimdTarget::kScalar && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("popcnt")) {
    return LocateBmi2;
  }
#endif
  (void)target;
  return LocateScalar;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MappedIndex>> MappedIndex::Open(const std::string& path,
                                                               const SegmentOpenOptions& options,
                                                               SimdTarget simd) {
  absl::StatusOr<std::unique_ptr<SegmentMap>> map = SegmentMap::Open(path, options);
  if (!map.ok()) return map.status();
  auto index = std::make_unique<MappedIndex>(*std::move(map), simd);
  if (options.never_scan) index->NeverScan();
  return index;
}

MappedIndex::MappedIndex(std::unique_ptr<SegmentMap> map, SimdTarget simd)
    : faiss::IndexBinary(kCodeBits),
      map_(std::move(map)),
      join_(JoinKernelOf(simd)),
      scan_(ScanKernelOf(simd)),
      locate_(LocateKernelOf(simd)) {
  const SegmentHeader& header = map_->header();
  ntotal = static_cast<idx_t>(header.rows);
  codes_ = map_->Data(SectionKind::kCodes);
  code_count_ = header.codes;
  if (header.cut.bands != 0) MakePostings();
  if (header.codes != header.rows) {
    rows_ = map_->Directory(SectionKind::kRowStarts, SectionKind::kRowSamples, 0, header.codes,
                            header.rows);
  }
}

void MappedIndex::MakePostings() {
  const SegmentHeader& header = map_->header();
  std::vector<MappedPostings::BandTables> bands(header.cut.bands);
  for (std::uint32_t band = 0; band < header.cut.bands; ++band) {
    bands[band].starts =
        reinterpret_cast<const std::uint32_t*>(map_->Data(SectionKind::kStarts, band));
    bands[band].sketches = map_->Data(SectionKind::kSketches, band);
    if (band == 0) continue;
    bands[band].tails = map_->Data(SectionKind::kPositions, band);
    bands[band].high_bits = reinterpret_cast<const std::uint64_t*>(
        bands[band].tails + header.cut.HighBitsAt(header.codes));
  }
  postings_ = MappedPostings(header.codes, header.cut, std::move(bands));
  plan_ = std::make_unique<const BandPlan>(ShapeOf(header.cut));
  choice_ = ProbeChoice(*plan_, header.codes);
}

void MappedIndex::add(idx_t n, const std::uint8_t* x) {
  (void)n;
  (void)x;
  FAISS_THROW_MSG("a segment file never changes; write another one");
}

void MappedIndex::reset() { FAISS_THROW_MSG("a segment file never changes; write another one"); }

MappedIndex::Run MappedIndex::RowsAt(std::uint64_t position) const {
  if (!HasRepeatedCodes()) return {.start = position, .count = 1};
  DirectoryLookup lookup{.directory = &rows_, .key = position, .start = 0, .count = 0};
  locate_(&lookup, 1);
  return {.start = lookup.start, .count = lookup.count};
}

std::uint64_t MappedIndex::PositionOf(std::uint64_t row) const {
  if (!HasRepeatedCodes()) return row;
  // The last position whose rows begin at or before the row.
  std::uint64_t first = 0;
  std::uint64_t last = code_count_ - 1;
  while (first < last) {
    const std::uint64_t middle = last - (last - first) / 2;
    if (RowsAt(middle).start <= row) {
      first = middle;
    } else {
      last = middle - 1;
    }
  }
  return first;
}

void MappedIndex::reconstruct(idx_t key, std::uint8_t* recons) const {
  std::memcpy(recons, codes_ + PositionOf(static_cast<std::uint64_t>(key)) * sizeof(Code),
              sizeof(Code));
}

std::uint64_t MappedIndex::EntryAt(std::uint64_t row) const {
  return map_->header().lowest_entry +
         PackedAt(map_->Data(SectionKind::kEntries), row, map_->header().entry_bits);
}

Label MappedIndex::LabelAt(std::uint64_t row) const {
  return {.entry = EntryAt(row),
          .view = static_cast<std::uint32_t>(
              PackedAt(map_->Data(SectionKind::kViews), row, map_->header().view_bits))};
}

std::vector<std::uint64_t> MappedIndex::RowsOf(std::uint64_t entry) const {
  const std::uint64_t count = map_->header().rows;
  const std::uint8_t* by_entry = map_->Data(SectionKind::kByEntry);
  const unsigned bits = map_->header().RowBits();
  // Held within the rows for the sake of files whose content is wrong.
  const auto row_at = [&](std::uint64_t at) {
    return std::min(PackedAt(by_entry, at, bits), count - 1);
  };
  std::uint64_t first = 0;
  for (std::uint64_t left = count; left > 0;) {
    const std::uint64_t half = left / 2;
    if (EntryAt(row_at(first + half)) < entry) {
      first += half + 1;
      left -= half + 1;
    } else {
      left = half;
    }
  }
  std::vector<std::uint64_t> rows;
  for (; first < count && EntryAt(row_at(first)) == entry; ++first) rows.push_back(row_at(first));
  return rows;
}

void MappedIndex::ForEachRowOf(std::span<const std::uint64_t> entries,
                               absl::FunctionRef<void(std::uint64_t)> visit) const {
  if (entries.empty()) return;
  const std::uint64_t count = map_->header().rows;
  const std::uint64_t lowest = entries.front();
  const std::uint64_t spread = entries.back() - lowest;
  if (entries.size() < count / kRowsPerBisection || spread / kBitsPerRow > count) {
    for (const std::uint64_t entry : entries) {
      for (const std::uint64_t row : RowsOf(entry)) visit(row);
    }
    return;
  }
  std::vector<bool> is_wanted(spread + 1);
  for (const std::uint64_t entry : entries) is_wanted[entry - lowest] = true;
  for (std::uint64_t row = 0; row < count; ++row) {
    // An entry below the lowest comes out as one that is far above.
    const std::uint64_t at = EntryAt(row) - lowest;
    if (at <= spread && is_wanted[at]) visit(row);
  }
}

void MappedIndex::search(idx_t n, const std::uint8_t* x, idx_t k, std::int32_t* distances,
                         idx_t* labels, const faiss::SearchParameters* params) const {
  FAISS_THROW_IF_NOT_MSG(params == nullptr, "a segment file has no search parameters");
  SearchNearest(*this, n, x, k, distances, labels);
}

void MappedIndex::range_search(idx_t n, const std::uint8_t* x, int radius,
                               faiss::RangeSearchResult* result,
                               const faiss::SearchParameters* params) const {
  FAISS_THROW_IF_NOT_MSG(params == nullptr, "a segment file has no search parameters");
  SearchRange(*this, n, x, radius, result);
}

void MappedIndex::StreamPairs(std::span<const Code> queries, int radius_bits, PairSink sink) const {
  if (queries.empty() || code_count_ == 0) return;
  if (!HasRepeatedCodes()) return StreamPositions(queries, radius_bits, sink);
  StreamPositions(queries, radius_bits,
                  [&](std::size_t query, std::size_t position, int distance_bits) {
                    const auto [start, count] = RowsAt(position);
                    for (std::uint64_t row = start; row < start + count; ++row) {
                      sink(query, row, distance_bits);
                    }
                  });
}

void MappedIndex::StreamPositions(std::span<const Code> queries, int radius_bits,
                                  PairSink sink) const {
  if (choice_.ScanIsFaster(code_count_, queries.size(), radius_bits)) {
    return ScanPlainCodes(codes_, code_count_, queries, radius_bits, scan_, sink);
  }
  ProbeWalk<MappedPostings> walk(*plan_, postings_, codes_, join_, radius_bits, queries, sink);
  walk.Search(choice_.IsJoined(queries.size()));
}

}  // namespace kith::index::internal
