// SPDX-License-Identifier: Apache-2.0
#include "index/internal/code_blocks.h"

#include <algorithm>
#include <cstring>

namespace kith::index::internal {
namespace {

// 128 KiB of first halves: they and the queries fit the second-level cache of every processor that
// has a vector target.
constexpr std::size_t kGroupsInCache = 1024;

struct EmitContext {
  PairSink sink;
  std::size_t first_query;
  std::size_t first_row;
};

void Emit(void* context, std::size_t query, std::size_t row, std::uint32_t distance_bits) {
  const auto& to = *static_cast<const EmitContext*>(context);
  to.sink(to.first_query + query, to.first_row + row, static_cast<int>(distance_bits));
}

std::vector<std::uint64_t> WordsOf(std::span<const Code> queries) {
  std::vector<std::uint64_t> words(4 * queries.size());
  if (!queries.empty()) std::memcpy(words.data(), queries.data(), queries.size_bytes());
  return words;
}

}  // namespace

void StoreCode(const std::uint8_t* code, std::size_t lane, HalfGroup& first, HalfGroup& second) {
  std::uint64_t words[4];
  std::memcpy(words, code, sizeof(words));
  first.words[0][lane] = words[0];
  first.words[1][lane] = words[1];
  second.words[0][lane] = words[2];
  second.words[1][lane] = words[3];
}

Code LoadCode(std::size_t lane, const HalfGroup& first, const HalfGroup& second) {
  const std::uint64_t words[4] = {first.words[0][lane], first.words[1][lane], second.words[0][lane],
                                  second.words[1][lane]};
  Code code;
  std::memcpy(code.data(), words, sizeof(words));
  return code;
}

void ScanGroups(const HalfGroup* first, const HalfGroup* second, std::size_t rows,
                std::span<const Code> queries, int radius_bits, ScanKernel kernel, PairSink sink) {
  const std::vector<std::uint64_t> words = WordsOf(queries);
  const std::size_t groups = (rows + kLanes - 1) / kLanes;
  for (std::size_t group = 0; group < groups; group += kGroupsInCache) {
    const std::size_t first_row = group * kLanes;
    const std::size_t count = std::min(kGroupsInCache, groups - group);
    const std::size_t count_rows = std::min(count * kLanes, rows - first_row);
    for (std::size_t query = 0; query < queries.size(); query += kTileWidth) {
      EmitContext context{sink, query, first_row};
      const ScanTile tile{.first = first + group,
                          .second = second + group,
                          .groups = count,
                          .rows = count_rows,
                          .queries = words.data() + 4 * query,
                          .query_count = std::min(kTileWidth, queries.size() - query),
                          .radius_bits = static_cast<std::uint32_t>(radius_bits)};
      kernel(tile, &Emit, &context);
    }
  }
}

void CodeBlocks::Append(std::span<const Code> codes) {
  const std::size_t groups = (rows_ + codes.size() + kLanes - 1) / kLanes;
  // Lanes beyond the last code stay zero; the kernels do not report them.
  first_.resize(groups);
  second_.resize(groups);
  for (const Code& code : codes) {
    StoreCode(code.data(), rows_ % kLanes, first_[rows_ / kLanes], second_[rows_ / kLanes]);
    ++rows_;
  }
}

void CodeBlocks::Clear() {
  rows_ = 0;
  first_.clear();
  second_.clear();
}

Code CodeBlocks::At(std::size_t row) const {
  return LoadCode(row % kLanes, first_[row / kLanes], second_[row / kLanes]);
}

std::size_t CodeBlocks::Bytes() const {
  return (first_.capacity() + second_.capacity()) * sizeof(HalfGroup);
}

void CodeBlocks::Scan(std::span<const Code> queries, int radius_bits, ScanKernel kernel,
                      PairSink sink) const {
  ScanGroups(first_.data(), second_.data(), rows_, queries, radius_bits, kernel, sink);
}

void ScanPlainCodes(const std::uint8_t* codes, std::size_t count, std::span<const Code> queries,
                    int radius_bits, ScanKernel kernel, PairSink sink) {
  constexpr std::size_t kGroups = 512;  // turned round at once
  std::vector<HalfGroup> first(kGroups);
  std::vector<HalfGroup> second(kGroups);
  for (std::size_t begin = 0; begin < count; begin += kGroups * kLanes) {
    const std::size_t rows = std::min(kGroups * kLanes, count - begin);
    for (std::size_t at = 0; at < rows; ++at) {
      StoreCode(codes + (begin + at) * sizeof(Code), at % kLanes, first[at / kLanes],
                second[at / kLanes]);
    }
    ScanGroups(first.data(), second.data(), rows, queries, radius_bits, kernel,
               [&](std::size_t query, std::size_t row, int distance_bits) {
                 sink(query, begin + row, distance_bits);
               });
  }
}

}  // namespace kith::index::internal
