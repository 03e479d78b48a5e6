// SPDX-License-Identifier: Apache-2.0
//
// Many threads search while others add and withdraw and the index merges. Run under
// ThreadSanitizer by the preset `tsan`.
#include <array>
#include <atomic>
#include <thread>

#include "tests/index/truth.h"

namespace kith::index {
namespace {

constexpr std::size_t kEntries = 20000;  // one code each
constexpr std::size_t kLag = 1000;       // entries that live at a time
constexpr std::size_t kBatch = 20;

class ThreadsTest : public ::testing::TestWithParam<const char*> {};

// Entry e is added at step e and withdrawn at step e + kLag. What a searching thread knew to be in
// before it asked, and not to be going, it must find; what it knew to be out it must not.
TEST_P(ThreadsTest, SearchesSeeWhatWasDoneBeforeThem) {
  RandomCodes random(1);
  const std::vector<Code> codes = random.Some(kEntries);
  const auto index = MakeIndex(GetParam(), 256);
  std::atomic<std::size_t> added{0};      // entries below are in
  std::atomic<std::size_t> leaving{0};    // entries below are out or going
  std::atomic<std::size_t> withdrawn{0};  // entries below are out
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> searches{0};

  const auto search = [&](std::uint64_t salt) {
    RandomCodes own(salt);
    while (!done.load()) {
      const std::size_t out = withdrawn.load();
      const std::size_t in = added.load();
      std::vector<std::size_t> rows;
      std::vector<Code> queries;
      for (int i = 0; i < 5; ++i) {
        rows.push_back(own.Below(kEntries));
        queries.push_back(own.Flip(codes[rows.back()], static_cast<int>(own.Below(32))));
      }
      const std::vector<SearchResult> results = MustSearch(*index, queries, {});
      const std::size_t going = leaving.load();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] < out) {
          EXPECT_EQ(results[i].total, 0u) << "withdrawn row " << rows[i] << " spoke";
        } else if (rows[i] < in && rows[i] >= going) {
          ASSERT_EQ(results[i].total, 1u) << "row " << rows[i] << " was missed";
          EXPECT_EQ(results[i].hits[0].label.entry, rows[i]);
        } else {
          EXPECT_LE(results[i].total, 1u);
        }
      }
      searches.fetch_add(1);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t salt = 10; salt < 13; ++salt) threads.emplace_back(search, salt);

  for (std::size_t row = 0; row < kEntries; row += kBatch) {
    std::vector<Label> labels(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) labels[i].entry = row + i;
    ASSERT_TRUE(index->Add(std::span(codes).subspan(row, kBatch), labels).ok());
    added.store(row + kBatch);
    if (row < kLag) continue;
    std::vector<std::uint64_t> gone(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) gone[i] = row - kLag + i;
    leaving.store(row - kLag + kBatch);
    EXPECT_EQ(*index->Withdraw(gone), kBatch);
    withdrawn.store(row - kLag + kBatch);
    EXPECT_EQ(index->Stats().engine, GetParam());
  }
  while (searches.load() < 50) std::this_thread::yield();
  done.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(index->Stats().codes, kLag);
}

// Two threads add, one withdraws what they added a while ago, two search; heads are tiny, so that
// merges and the rewriting of withdrawn codes run all the time.
TEST_P(ThreadsTest, MergesLoseNothingAndBringNothingBack) {
  constexpr std::size_t kRows = 6000;  // of each adding thread; one code an entry
  constexpr std::size_t kAdders = 2;
  RandomCodes random(2);
  const std::vector<Code> codes = random.Some(kAdders * kRows);
  const auto index = MakeIndex(GetParam(), 8);
  std::array<std::atomic<std::size_t>, kAdders> added{};  // entries below are in
  std::atomic<bool> done{false};
  // Of each adder's entries the odd ones are withdrawn once they are 500 old.
  const auto is_going = [](std::size_t row) { return row % 2 == 1; };

  std::vector<std::thread> writers;
  for (std::size_t adder = 0; adder < kAdders; ++adder) {
    writers.emplace_back([&, adder] {
      RandomCodes own(100 + adder);
      for (std::size_t row = 0; row < kRows;) {
        const std::size_t count = std::min(1 + own.Below(40), kRows - row);
        std::vector<Label> labels(count);
        for (std::size_t i = 0; i < count; ++i) labels[i].entry = adder * kRows + row + i;
        EXPECT_TRUE(index->Add(std::span(codes).subspan(adder * kRows + row, count), labels).ok());
        row += count;
        added[adder].store(row);
      }
    });
  }
  writers.emplace_back([&] {
    std::array<std::size_t, kAdders> next = {1, 1};
    while (next[0] < kRows || next[1] < kRows) {
      for (std::size_t adder = 0; adder < kAdders; ++adder) {
        const std::size_t in = added[adder].load();
        std::vector<std::uint64_t> entries;
        while (next[adder] < kRows && (in == kRows || next[adder] + 500 < in)) {
          entries.push_back(adder * kRows + next[adder]);
          next[adder] += 2;
        }
        EXPECT_EQ(*index->Withdraw(entries), entries.size());
      }
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> readers;
  for (std::uint64_t salt = 20; salt < 22; ++salt) {
    readers.emplace_back([&, salt] {
      RandomCodes own(salt);
      while (!done.load()) {
        const std::size_t adder = own.Below(kAdders);
        const std::size_t row = own.Below(kRows);
        const bool was_in = row < added[adder].load();
        const std::vector<Code> query = {codes[adder * kRows + row]};
        const SearchResult result = MustSearch(*index, query, {})[0];
        EXPECT_LE(result.total, 1u);
        if (was_in && !is_going(row)) {
          EXPECT_EQ(result.total, 1u) << "row " << row << " is missed";
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  index->Settle();
  EXPECT_EQ(index->Stats().codes, kAdders * kRows / 2);
  const std::vector<SearchResult> results = MustSearch(*index, codes, {});
  for (std::size_t row = 0; row < codes.size(); ++row) {
    EXPECT_EQ(results[row].total, is_going(row % kRows) ? 0u : 1u) << "row " << row;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ThreadsTest,
                         ::testing::Values("scan", "mih", "faiss-flat", "faiss-multihash"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kith::index
