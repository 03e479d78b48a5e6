// SPDX-License-Identifier: Apache-2.0
//
// Many entries withdrawn at once, as a start does with all that ever were: the same becomes silent
// as one by one.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/index/segment_files.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using Numbers = std::vector<std::uint64_t>;

class WithdrawManyTest : public SegmentFiles {
 protected:
  // Entries with none, one or several rows each, as far apart as told; some codes are repeated.
  Truth Rows(std::size_t entries, std::uint64_t first, std::uint64_t step, RandomCodes& random) {
    Truth truth;
    for (std::size_t i = 0; i < entries; ++i) {
      for (std::uint32_t view = 0; view < random.Below(4); ++view) {
        const bool is_copy = !truth.codes.empty() && random.Below(5) == 0;
        truth.codes.push_back(is_copy ? truth.codes[random.Below(truth.codes.size())]
                                      : random.Next());
        truth.labels.push_back({.entry = first + i * step, .view = view});
      }
    }
    return truth;
  }
};

TEST_F(WithdrawManyTest, AFileTellsEachRowOfManyEntriesOnce) {
  RandomCodes random(930);
  // Entries that fill their range; some below 2^64; and some too far apart for a bit each.
  struct Case {
    std::uint64_t first;
    std::uint64_t step;
  };
  for (const Case& at : {Case{1, 1}, Case{UINT64_MAX - 4000, 1}, Case{7, std::uint64_t{1} << 40}}) {
    const Truth truth = Rows(4000, at.first, at.step, random);
    MustBuild(Path(), truth.codes, truth.labels);
    const auto file = MustOpen(Path());
    ASSERT_NE(file, nullptr);
    for (const std::size_t share : {1, 2, 30, 3000}) {
      std::set<std::uint64_t> wanted;
      for (std::uint64_t i = 0; i < 4000; ++i) {
        if (random.Below(share) == 0) wanted.insert(at.first + i * at.step);
      }
      wanted.insert(at.first + 4000 * at.step);  // is not there
      const Numbers entries(wanted.begin(), wanted.end());
      Numbers expected;
      for (const std::uint64_t entry : entries) {
        for (const std::uint64_t row : file->RowsOf(entry)) expected.push_back(row);
      }
      Numbers told;
      file->ForEachRowOf(entries, [&](std::uint64_t row) { told.push_back(row); });
      std::sort(expected.begin(), expected.end());
      std::sort(told.begin(), told.end());
      EXPECT_EQ(told, expected) << at.first << ", one in " << share;
    }
    std::size_t none = 0;
    file->ForEachRowOf({}, [&](std::uint64_t) { ++none; });
    EXPECT_EQ(none, 0u);
  }
}

TEST_F(WithdrawManyTest, AnIndexSilencesAsManyAndTheSame) {
  for (const char* engine : {"mih", "scan"}) {
    for (const bool in_files : {true, false}) {
      SCOPED_TRACE(std::string(engine) + (in_files ? " in files" : " in memory"));
      RandomCodes random(931);
      auto made = HammingIndex::Create({.engine = engine,
                                        .head_codes = 64,
                                        .folder = in_files ? Path(engine) : "",
                                        .owner = "owner"});
      ASSERT_TRUE(made.ok()) << made.status();
      HammingIndex& index = **made;
      Truth all;
      // Loads of all sizes, so that there are several segments, a head, and merges behind.
      for (std::uint64_t first = 1; first < 6000; first += 150) {
        const Truth some = Rows(150, first, 1, random);
        for (std::size_t at = 0; at < some.codes.size();) {
          std::size_t end = std::min(some.codes.size(), at + 1 + random.Below(200));
          // Of an entry all at once.
          while (end < some.codes.size() && some.labels[end].entry == some.labels[end - 1].entry) {
            ++end;
          }
          const std::vector<Code> codes(some.codes.begin() + static_cast<std::ptrdiff_t>(at),
                                        some.codes.begin() + static_cast<std::ptrdiff_t>(end));
          const std::vector<Label> labels(some.labels.begin() + static_cast<std::ptrdiff_t>(at),
                                          some.labels.begin() + static_cast<std::ptrdiff_t>(end));
          ASSERT_TRUE(index.Add(codes, labels).ok());
          all.Add(codes, labels);
          at = end;
        }
      }
      // In no order, some twice, some of nobody.
      Numbers gone;
      for (int i = 0; i < 3000; ++i) gone.push_back(1 + random.Below(7000));
      const auto silenced = index.Withdraw(gone);
      ASSERT_TRUE(silenced.ok()) << silenced.status();
      Truth truth = all;
      EXPECT_EQ(*silenced, truth.Withdraw(gone));
      const std::vector<Code> queries(all.codes.begin(), all.codes.begin() + 60);
      for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(index.Stats().codes, truth.codes.size());
        const auto results = MustSearch(index, queries, {.radius_bits = 0, .limit = 50});
        for (std::size_t i = 0; i < queries.size(); ++i) {
          ExpectSame(results[i], Expected(truth.Ranked(queries[i]), 0, 50));
        }
        index.Settle();
      }
    }
  }
}

}  // namespace
}  // namespace kith::index
