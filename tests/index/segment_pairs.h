// SPDX-License-Identifier: Apache-2.0
//
// What a segment file tells, pair by pair, and what it has to tell.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "index/internal/mapped_index.h"
#include "index/simd.h"
#include "tests/index/truth.h"

namespace kith::index {

using internal::MappedIndex;

// For NeverScan.
inline constexpr std::size_t kAlwaysJoin = 1;
inline constexpr std::size_t kNeverJoin = std::numeric_limits<std::size_t>::max();

using Pair = std::tuple<std::size_t, Label, int>;

inline std::vector<Pair> TruePairs(const Truth& truth, const std::vector<Code>& queries) {
  std::vector<Pair> pairs;
  for (std::size_t query = 0; query < queries.size(); ++query) {
    for (std::size_t row = 0; row < truth.codes.size(); ++row) {
      pairs.emplace_back(query, truth.labels[row], PlainDistance(queries[query], truth.codes[row]));
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

inline std::vector<Pair> Within(const std::vector<Pair>& pairs, int radius) {
  std::vector<Pair> within;
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(within),
               [&](const Pair& pair) { return std::get<2>(pair) <= radius; });
  return within;
}

inline std::vector<Pair> Found(const MappedIndex& index, const std::vector<Code>& queries,
                               int radius) {
  std::vector<Pair> pairs;
  index.StreamPairs(queries, radius, [&](std::size_t query, std::size_t row, int distance) {
    pairs.emplace_back(query, index.LabelAt(row), distance);
  });
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

inline std::unique_ptr<MappedIndex> OpenIndex(const std::string& path, SimdTarget simd) {
  absl::StatusOr<std::unique_ptr<MappedIndex>> index = MappedIndex::Open(path, {}, simd);
  EXPECT_TRUE(index.ok()) << index.status();
  return index.ok() ? *std::move(index) : nullptr;
}

}  // namespace kith::index
