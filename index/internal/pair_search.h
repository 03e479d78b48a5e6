// SPDX-License-Identifier: Apache-2.0
//
// The two searches of faiss::IndexBinary in terms of a PairStream.
#pragma once

#include <cstdint>
#include <vector>

#include <faiss/IndexBinary.h>
#include <faiss/impl/AuxIndexStructures.h>

#include "index/internal/scan_index.h"

namespace kith::index::internal {

// `n` codes as FAISS hands them over.
[[nodiscard]] std::vector<Code> CodesOf(faiss::IndexBinary::idx_t n, const std::uint8_t* x);

// The k nearest, ties by row; padded with -1. Cheap while they lie within a small radius.
void SearchNearest(const PairStream& stream, faiss::IndexBinary::idx_t n, const std::uint8_t* x,
                   faiss::IndexBinary::idx_t k, std::int32_t* distances,
                   faiss::IndexBinary::idx_t* rows);

// FAISS's convention: distance < radius.
void SearchRange(const PairStream& stream, faiss::IndexBinary::idx_t n, const std::uint8_t* x,
                 int radius, faiss::RangeSearchResult* result);

}  // namespace kith::index::internal
