// SPDX-License-Identifier: Apache-2.0
//
// The plain answer that every engine is compared with, and seeded codes to ask about.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "index/hamming_index.h"

namespace kith::index {

// KITH_TEST_SEED repeats or varies a run; printed, so that a failure can be repeated.
inline std::uint64_t TestSeed() {
  static const std::uint64_t seed = [] {
    const char* text = std::getenv("KITH_TEST_SEED");
    const std::uint64_t value = text == nullptr ? 20261123 : std::strtoull(text, nullptr, 10);
    std::cout << "KITH_TEST_SEED=" << value << std::endl;
    return value;
  }();
  return seed;
}

class RandomCodes {
 public:
  explicit RandomCodes(std::uint64_t salt) : random_(TestSeed() * 1000003 + salt) {}

  std::size_t Below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  Code Next() {
    Code code;
    for (std::uint8_t& byte : code) byte = static_cast<std::uint8_t>(random_());
    return code;
  }
  std::vector<Code> Some(std::size_t count) {
    std::vector<Code> codes(count);
    for (Code& code : codes) code = Next();
    return codes;
  }
  // The code with exactly `bits` different bits flipped.
  Code Flip(Code code, int bits) {
    std::set<std::size_t> places;
    while (places.size() < static_cast<std::size_t>(bits)) places.insert(Below(kCodeBits));
    for (const std::size_t place : places)
      code[place / 8] ^= static_cast<std::uint8_t>(1u << place % 8);
    return code;
  }

 private:
  std::mt19937_64 random_;
};

// Some codes are near others, some are the same, and some differ in few neighbouring bits only.
inline std::vector<Code> ClusteredCodes(std::size_t count, RandomCodes& random) {
  std::vector<Code> codes = random.Some(count);
  for (std::size_t row = 1; row < count; ++row) {
    const Code& other = codes[random.Below(row)];
    switch (random.Below(4)) {
      case 0:
        codes[row] = other;
        break;
      case 1:
        codes[row] = random.Flip(other, static_cast<int>(random.Below(70)));
        break;
      case 2:
        codes[row] = other;
        codes[row][random.Below(32)] = static_cast<std::uint8_t>(random.Below(256));
        break;
      default:
        break;
    }
  }
  return codes;
}

inline int PlainDistance(const Code& a, const Code& b) {
  int distance = 0;
  for (std::size_t byte = 0; byte < a.size(); ++byte) {
    for (int differing = a[byte] ^ b[byte]; differing != 0; differing &= differing - 1) ++distance;
  }
  return distance;
}

struct Truth {
  std::vector<Code> codes;
  std::vector<Label> labels;

  void Add(std::span<const Code> more_codes, std::span<const Label> more_labels) {
    codes.insert(codes.end(), more_codes.begin(), more_codes.end());
    labels.insert(labels.end(), more_labels.begin(), more_labels.end());
  }
  std::uint64_t Withdraw(std::span<const std::uint64_t> entries) {
    const std::set<std::uint64_t> gone(entries.begin(), entries.end());
    Truth left;
    for (std::size_t row = 0; row < codes.size(); ++row) {
      if (gone.contains(labels[row].entry)) continue;
      left.codes.push_back(codes[row]);
      left.labels.push_back(labels[row]);
    }
    const std::uint64_t silenced = codes.size() - left.codes.size();
    *this = std::move(left);
    return silenced;
  }
  // All rows as hits, in order; a radius cuts off the front of it.
  std::vector<Hit> Ranked(const Code& query) const {
    std::vector<Hit> hits;
    for (std::size_t row = 0; row < codes.size(); ++row) {
      hits.push_back(
          Hit{.distance_bits = static_cast<std::uint16_t>(PlainDistance(query, codes[row])),
              .label = labels[row]});
    }
    std::sort(hits.begin(), hits.end());
    return hits;
  }
};

// What a search of this radius and limit has to answer.
inline SearchResult Expected(const std::vector<Hit>& ranked, int radius_bits, std::size_t limit) {
  SearchResult result;
  for (const Hit& hit : ranked) {
    if (hit.distance_bits > radius_bits) break;
    ++result.total;
    if (result.hits.size() < limit) result.hits.push_back(hit);
  }
  result.truncated = result.total > result.hits.size();
  return result;
}

inline void ExpectSame(const SearchResult& got, const SearchResult& want) {
  EXPECT_EQ(got.total, want.total);
  EXPECT_EQ(got.truncated, want.truncated);
  EXPECT_TRUE(got.hits == want.hits)
      << "hits differ: got " << got.hits.size() << ", want " << want.hits.size();
}

inline std::unique_ptr<HammingIndex> MakeIndex(const std::string& engine,
                                               std::size_t head_codes = 65536) {
  absl::StatusOr<std::unique_ptr<HammingIndex>> made =
      HammingIndex::Create({.engine = engine, .head_codes = head_codes});
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : nullptr;
}

inline std::vector<SearchResult> MustSearch(const HammingIndex& index,
                                            std::span<const Code> queries,
                                            const SearchOptions& options) {
  absl::StatusOr<std::vector<SearchResult>> results = index.Search(queries, options);
  EXPECT_TRUE(results.ok()) << results.status();
  if (!results.ok()) return std::vector<SearchResult>(queries.size());
  EXPECT_EQ(results->size(), queries.size());
  return *std::move(results);
}

inline int MaxRadius(const std::string& engine) {
  return engine == "faiss-multihash" ? 31 : kCodeBits;
}

// Entry numbers from 1 on, each with views 0, 1, 2.
inline std::vector<Label> LabelsFrom(std::uint64_t first, std::size_t count) {
  std::vector<Label> labels(count);
  for (std::size_t row = 0; row < count; ++row) {
    labels[row] = {.entry = first + row / 3, .view = static_cast<std::uint32_t>(row % 3)};
  }
  return labels;
}

}  // namespace kith::index
