// SPDX-License-Identifier: Apache-2.0
//
// Codes in the word-sliced order of the kernels, and the walk of a kernel over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "index/hamming_index.h"
#include "index/internal/scan_kernel.h"

namespace kith::index::internal {

// Told of each pair within the radius; row by row and query by query in no promised order.
using PairSink = absl::FunctionRef<void(std::size_t query, std::size_t row, int distance_bits)>;

// Puts a code into its lane of a group, and reads it back.
void StoreCode(const std::uint8_t* code, std::size_t lane, HalfGroup& first, HalfGroup& second);
[[nodiscard]] Code LoadCode(std::size_t lane, const HalfGroup& first, const HalfGroup& second);

// Finds all pairs of `queries` and the first `rows` codes of the groups within `radius_bits`.
// The codes are walked in pieces that stay in the cache while all queries pass over them.
void ScanGroups(const HalfGroup* first, const HalfGroup* second, std::size_t rows,
                std::span<const Code> queries, int radius_bits, ScanKernel kernel, PairSink sink);

// The same for `count` codes that lie one behind the other, 32 bytes each.
void ScanPlainCodes(const std::uint8_t* codes, std::size_t count, std::span<const Code> queries,
                    int radius_bits, ScanKernel kernel, PairSink sink);

// A growing list of codes. Not safe to append to while another thread scans.
class CodeBlocks {
 public:
  void Append(std::span<const Code> codes);
  void Clear();
  [[nodiscard]] std::size_t size() const { return rows_; }
  [[nodiscard]] Code At(std::size_t row) const;
  [[nodiscard]] std::size_t Bytes() const;
  void Scan(std::span<const Code> queries, int radius_bits, ScanKernel kernel, PairSink sink) const;

 private:
  std::size_t rows_ = 0;
  std::vector<HalfGroup> first_;
  std::vector<HalfGroup> second_;
};

}  // namespace kith::index::internal
