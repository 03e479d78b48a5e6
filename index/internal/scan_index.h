// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <faiss/IndexBinary.h>

#include "index/internal/code_blocks.h"

namespace kith::index::internal {

// What our own engines offer besides FAISS's functions: pairs are told one by one, so that a batch
// with very many hits needs no memory for all of them, and the radius is inclusive.
class PairStream {
 public:
  virtual ~PairStream() = default;
  virtual void StreamPairs(std::span<const Code> queries, int radius_bits, PairSink sink) const = 0;
};

// The plain scan as a faiss::IndexBinary of 256 bits: exact for every radius, 32 bytes a code.
// As with FAISS's own, searches may run side by side but not beside add and reset.
class ScanIndex final : public faiss::IndexBinary, public PairStream {
 public:
  explicit ScanIndex(ScanKernel kernel);

  void add(idx_t n, const std::uint8_t* x) override;
  void reset() override;
  void reconstruct(idx_t key, std::uint8_t* recons) const override;
  // The k nearest, ties by position; padded with -1.
  void search(idx_t n, const std::uint8_t* x, idx_t k, std::int32_t* distances, idx_t* labels,
              const faiss::SearchParameters* params = nullptr) const override;
  // FAISS's convention: distance < radius.
  void range_search(idx_t n, const std::uint8_t* x, int radius, faiss::RangeSearchResult* result,
                    const faiss::SearchParameters* params = nullptr) const override;

  void StreamPairs(std::span<const Code> queries, int radius_bits, PairSink sink) const override;

  [[nodiscard]] std::size_t Bytes() const { return blocks_.Bytes(); }

 private:
  ScanKernel kernel_;
  CodeBlocks blocks_;
};

}  // namespace kith::index::internal
