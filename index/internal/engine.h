// SPDX-License-Identifier: Apache-2.0
//
// What a segment can be made of, by name.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <faiss/IndexBinary.h>

#include "absl/status/statusor.h"
#include "index/internal/scan_index.h"
#include "index/simd.h"

namespace kith::index::internal {

struct Engine {
  std::string_view name;
  int max_radius_bits;  // inclusive; up to it the engine misses nothing
  // An empty index of 256-bit codes; its rows are numbered in the order of adding, and it can
  // reconstruct them.
  // `bands` is for engines that have them; 0 leaves the choice to the engine.
  std::unique_ptr<faiss::IndexBinary> (*make)(SimdTarget simd, int bands);
  // How many queries of a batch go to it together: what bounds the memory of a search, and what a
  // large batch can gain.
  std::size_t queries_at_once;
  // Memory that it holds, as near as can be told.
  std::size_t (*bytes)(const faiss::IndexBinary& index);
  bool has_bands = false;
  // Of an index with a folder: segments are searched in their files, not in memory.
  bool maps_files = false;
};

[[nodiscard]] std::span<const Engine> Engines();

// Errors: InvalidArgument for an unknown name; the message lists the known ones.
[[nodiscard]] absl::StatusOr<const Engine*> FindEngine(std::string_view name);

// All pairs within `radius_bits` (inclusive). Throws what FAISS throws.
void SearchEngine(const faiss::IndexBinary& index, std::span<const Code> queries, int radius_bits,
                  PairSink sink);

// Adds codes to an empty index. Throws what FAISS throws.
void FillEngine(faiss::IndexBinary& index, std::span<const Code> codes);

}  // namespace kith::index::internal
