// SPDX-License-Identifier: Apache-2.0
//
// Additions, withdrawals and searches in one seeded order, against the plain answer. Heads of few
// codes make the index merge all the while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/index/truth.h"

namespace kith::index {

// At a radius of 0 to `most_bits`.
inline void ExpectSameAnswers(const HammingIndex& index, const Truth& truth, RandomCodes& random,
                              std::size_t most_bits) {
  std::vector<Code> queries = random.Some(1);
  for (int i = 0; i < 4 && !truth.codes.empty(); ++i) {
    queries.push_back(random.Flip(truth.codes[random.Below(truth.codes.size())],
                                  static_cast<int>(random.Below(68))));
  }
  const int radius_bits = static_cast<int>(random.Below(most_bits + 1));
  SCOPED_TRACE("radius " + std::to_string(radius_bits));
  const std::vector<SearchResult> results =
      MustSearch(index, queries, {.radius_bits = radius_bits, .limit = 20});
  for (std::size_t i = 0; i < queries.size(); ++i) {
    ExpectSame(results[i], Expected(truth.Ranked(queries[i]), radius_bits, 20));
  }
}

// Additions and withdrawals in one seeded order, and after each of them some queries.
inline void ExpectTheTruthInterleaved(HammingIndex& index, RandomCodes& random,
                                      std::size_t most_bits) {
  Truth truth;
  std::uint64_t next_entry = 1;
  for (int step = 0; step < 150; ++step) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", step " + std::to_string(step));
    if (random.Below(3) != 0) {
      std::vector<Code> codes = random.Some(random.Below(random.Below(10) == 0 ? 200 : 20));
      std::vector<Label> labels = LabelsFrom(next_entry, codes.size());
      next_entry += codes.size() / 3 + 1;
      // Now and then codes that are there already, and an entry that may have been withdrawn.
      if (!codes.empty() && !truth.codes.empty()) {
        codes[0] = truth.codes[random.Below(truth.codes.size())];
        labels.back().entry = 1 + random.Below(next_entry);
      }
      ASSERT_TRUE(index.Add(codes, labels).ok());
      truth.Add(codes, labels);
    } else {
      std::vector<std::uint64_t> entries = {next_entry + 1000};  // never existed
      for (std::size_t i = random.Below(12); i > 0; --i) {
        entries.push_back(1 + random.Below(next_entry));
      }
      entries.push_back(entries.back());  // named twice
      const absl::StatusOr<std::uint64_t> silenced = index.Withdraw(entries);
      ASSERT_TRUE(silenced.ok()) << silenced.status();
      EXPECT_EQ(*silenced, truth.Withdraw(entries));
    }
    ASSERT_EQ(index.Stats().codes, truth.codes.size());
    ExpectSameAnswers(index, truth, random, most_bits);
  }
}

}  // namespace kith::index
