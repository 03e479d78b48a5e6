// SPDX-License-Identifier: Apache-2.0
//
// Purpose: multi-index hashing as a faiss::IndexBinary of 256 bits: all codes within a radius,
// found by comparing a small part of them, and none missed.
//
// How: bands.h tells what is looked at and why that is enough, postings.h where it lies, and
// probe_walk.h how it is read. Identical codes are stored once. Where a scan of all codes is
// expected to be faster, that is for few codes or a wide radius, there is a scan.
//
// Private to the room, as is ScanIndex: a public header would show FAISS to the other rooms, which
// know HammingIndex alone.
//
// Thread-safety: as with FAISS's own, searches may run side by side but not beside add and reset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <faiss/IndexBinary.h>

#include "index/internal/bands.h"
#include "index/internal/code_blocks.h"
#include "index/internal/distinct.h"
#include "index/internal/huge_array.h"
#include "index/internal/join_kernel.h"
#include "index/internal/postings.h"
#include "index/internal/probe_choice.h"
#include "index/internal/scan_index.h"
#include "index/internal/scan_kernel.h"

namespace kith::index::internal {

// The defaults are what a segment uses; the rest is for tests and measurements.
struct MultiIndexHashOptions {
  int bands = 0;                      // 0: chosen from the number of codes; else BandPlan's limits
  std::size_t join_from = kJoinFrom;  // queries from which on a batch is joined
  bool never_scan = false;            // as far as the plan reaches
};

class MultiIndexHash final : public faiss::IndexBinary, public PairStream {
 public:
  MultiIndexHash(const JoinKernel& join, ScanKernel scan, MultiIndexHashOptions options = {});

  // Meant to be called once: a second call sorts everything anew. Less than 2^32 codes in all.
  // At 10 M codes 1.2 to 1.7 M a second a core (bench/SCORES.md).
  void add(idx_t n, const std::uint8_t* x) override;
  void reset() override;
  void reconstruct(idx_t key, std::uint8_t* recons) const override;
  // The k nearest, ties by position; padded with -1. Cheap while they lie within 31 bits.
  void search(idx_t n, const std::uint8_t* x, idx_t k, std::int32_t* distances, idx_t* labels,
              const faiss::SearchParameters* params = nullptr) const override;
  // FAISS's convention: distance < radius.
  void range_search(idx_t n, const std::uint8_t* x, int radius, faiss::RangeSearchResult* result,
                    const faiss::SearchParameters* params = nullptr) const override;

  // The larger the batch the less a query costs, up to about as many queries as codes.
  // Takes some 22 bytes of memory a query that is joined, and 4 a bucket of a band.
  void StreamPairs(std::span<const Code> queries, int radius_bits, PairSink sink) const override;

  [[nodiscard]] std::size_t Bytes() const;
  [[nodiscard]] int Bands() const;  // 0: all codes are scanned

 private:
  void Build(HugeArray<RawCode> rows);
  // As StreamPairs, but with positions of codes instead of rows.
  void StreamPositions(std::span<const Code> queries, int radius_bits, PairSink sink) const;
  void ScanPositions(std::span<const Code> queries, int radius_bits, PairSink sink) const;

  JoinKernel join_;
  ScanKernel scan_;
  MultiIndexHashOptions options_;

  HugeArray<RawCode> codes_;  // distinct ones, in the order of their first rows
  // Only where codes occur more than once: the rows of each code, and the code of each row.
  HugeArray<std::uint32_t> row_starts_;
  HugeArray<std::uint32_t> rows_;
  HugeArray<std::uint32_t> position_of_row_;

  std::unique_ptr<const BandPlan> plan_;  // null: too few codes
  Postings postings_;
  ProbeChoice choice_;
  CodeBlocks blocks_;  // all codes once more, if there is no plan
};

}  // namespace kith::index::internal
