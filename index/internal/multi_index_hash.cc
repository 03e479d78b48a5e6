// SPDX-License-Identifier: Apache-2.0
#include "index/internal/multi_index_hash.h"

#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <faiss/impl/FaissAssert.h>

#include "index/internal/distinct.h"
#include "index/internal/pair_search.h"
#include "index/internal/probe_walk.h"

namespace kith::index::internal {
MultiIndexHash::MultiIndexHash(const JoinKernel& join, ScanKernel scan,
                               MultiIndexHashOptions options)
    : faiss::IndexBinary(kCodeBits), join_(join), scan_(scan), options_(options) {}

void MultiIndexHash::add(idx_t n, const std::uint8_t* x) {
  const auto before = static_cast<std::size_t>(ntotal);
  const std::size_t after = before + static_cast<std::size_t>(n);
  FAISS_THROW_IF_NOT_MSG(after < std::numeric_limits<std::uint32_t>::max(),
                         "multi-index hashing holds less than 2^32 codes in a segment");
  HugeArray<RawCode> rows(after);
  for (std::size_t row = 0; row < before; ++row) {
    reconstruct(static_cast<idx_t>(row), reinterpret_cast<std::uint8_t*>(&rows[row]));
  }
  if (n > 0) std::memcpy(&rows[before], x, static_cast<std::size_t>(n) * sizeof(RawCode));
  Build(std::move(rows));
  ntotal += n;
}

void MultiIndexHash::reset() {
  Build({});
  ntotal = 0;
}

void MultiIndexHash::Build(HugeArray<RawCode> rows) {
  plan_.reset();
  postings_ = Postings();
  choice_ = ProbeChoice();
  blocks_.Clear();
  Distinct distinct = FindDistinct(std::move(rows));
  codes_ = std::move(distinct.codes);
  row_starts_ = std::move(distinct.row_starts);
  rows_ = std::move(distinct.rows);
  position_of_row_ = std::move(distinct.position_of_row);
  const int bands = options_.bands != 0 ? options_.bands : FastestBands(codes_.size());
  if (bands == 0) {
    std::vector<Code> codes(codes_.size());
    if (!codes.empty()) std::memcpy(codes.data(), codes_.data(), codes.size() * sizeof(Code));
    blocks_.Append(codes);
    return;
  }
  plan_ = std::make_unique<const BandPlan>(
      BandShape{.bands = bands, .extra_bits = Postings::ExtraBits(codes_.size())});
  postings_ = Postings(*plan_, {codes_.data(), codes_.size()});
  choice_ = ProbeChoice(*plan_, codes_.size());
  if (options_.never_scan) choice_.NeverScan();
  choice_.JoinFrom(options_.join_from);
}

void MultiIndexHash::reconstruct(idx_t key, std::uint8_t* recons) const {
  const auto row = static_cast<std::size_t>(key);
  const std::size_t position = position_of_row_.size() == 0 ? row : position_of_row_[row];
  std::memcpy(recons, BytesOf(codes_[position]), sizeof(RawCode));
}

void MultiIndexHash::StreamPairs(std::span<const Code> queries, int radius_bits,
                                 PairSink sink) const {
  if (queries.empty() || codes_.size() == 0) return;
  if (row_starts_.size() == 0) return StreamPositions(queries, radius_bits, sink);
  StreamPositions(queries, radius_bits,
                  [&](std::size_t query, std::size_t position, int distance_bits) {
                    const std::uint32_t end = row_starts_[position + 1];
                    for (std::uint32_t at = row_starts_[position]; at < end; ++at) {
                      sink(query, rows_[at], distance_bits);
                    }
                  });
}

void MultiIndexHash::StreamPositions(std::span<const Code> queries, int radius_bits,
                                     PairSink sink) const {
  if (choice_.ScanIsFaster(codes_.size(), queries.size(), radius_bits)) {
    return ScanPositions(queries, radius_bits, sink);
  }
  ProbeWalk<Postings> walk(*plan_, postings_, BytesOf(*codes_.data()), join_, radius_bits, queries,
                           sink);
  walk.Search(choice_.IsJoined(queries.size()));
}

void MultiIndexHash::ScanPositions(std::span<const Code> queries, int radius_bits,
                                   PairSink sink) const {
  if (blocks_.size() == codes_.size()) return blocks_.Scan(queries, radius_bits, scan_, sink);
  // The codes lie one by one, as a probe needs them.
  ScanPlainCodes(BytesOf(*codes_.data()), codes_.size(), queries, radius_bits, scan_, sink);
}

void MultiIndexHash::range_search(idx_t n, const std::uint8_t* x, int radius,
                                  faiss::RangeSearchResult* result,
                                  const faiss::SearchParameters* params) const {
  FAISS_THROW_IF_NOT_MSG(params == nullptr, "multi-index hashing has no search parameters");
  SearchRange(*this, n, x, radius, result);
}

void MultiIndexHash::search(idx_t n, const std::uint8_t* x, idx_t k, std::int32_t* distances,
                            idx_t* labels, const faiss::SearchParameters* params) const {
  FAISS_THROW_IF_NOT_MSG(params == nullptr, "multi-index hashing has no search parameters");
  SearchNearest(*this, n, x, k, distances, labels);
}

int MultiIndexHash::Bands() const {
  return plan_ == nullptr ? 0 : static_cast<int>(plan_->bands().size());
}

std::size_t MultiIndexHash::Bytes() const {
  return codes_.Bytes() + row_starts_.Bytes() + rows_.Bytes() + position_of_row_.Bytes() +
         postings_.Bytes() + blocks_.Bytes();
}

}  // namespace kith::index::internal
