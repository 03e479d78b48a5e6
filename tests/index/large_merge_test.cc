// SPDX-License-Identifier: Apache-2.0
//
// What an index in files does when it is large, at sizes that a test can have: it is compact, large
// segments become one where nobody waits, and what no mark covers is merged too.
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "index/internal/engine.h"
#include "index/internal/segmented_index.h"
#include "index/segment.h"
#include "tests/index/segment_files.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

namespace fs = std::filesystem;
using internal::IndexLimits;
using std::chrono::milliseconds;

constexpr double kFastBytes = 70;
constexpr std::uint64_t kNever = std::uint64_t{1} << 40;

class LargeMergeTest : public SegmentFiles {
 protected:
  static constexpr std::size_t kLargeHeads = 16;
  // Fewer are scanned in either layout.
  static constexpr std::size_t kLeastCompactRows = 16384;

  void Open(std::uint64_t compact_from, milliseconds quiet = {},
            milliseconds patience = std::chrono::minutes(1)) {
    index_.reset();
    IndexLimits limits;
    limits.large_heads = kLargeHeads;
    limits.compact_from = compact_from;
    limits.least_compact_rows = kLeastCompactRows;
    limits.quiet = quiet;
    limits.patience = patience;
    auto made = internal::SegmentedIndex::Make(
        **internal::FindEngine("mih"), *ActiveSimdTarget(),
        {.engine = "mih", .head_codes = head_codes_, .folder = Path("index"), .owner = "owner"},
        limits);
    ASSERT_TRUE(made.ok()) << made.status();
    index_ = *std::move(made);
  }
  // As many heads, under no mark yet.
  void Add(RandomCodes& random, std::size_t heads) {
    for (std::size_t head = 0; head < heads; ++head) {
      const std::vector<Code> codes = random.Some(head_codes_);
      std::vector<Label> labels(codes.size());
      for (Label& label : labels) label.entry = ++last_entry_;
      ASSERT_TRUE(index_->Add(codes, labels).ok());
      truth_.Add(codes, labels);
    }
  }
  void Mark() { ASSERT_TRUE(index_->Reached(std::to_string(last_entry_)).ok()); }
  void ExpectWhole(RandomCodes& random) const {
    EXPECT_EQ(index_->Stats().codes, truth_.codes.size());
    std::vector<Code> queries;
    for (int i = 0; i < 30; ++i) {
      queries.push_back(random.Flip(truth_.codes[random.Below(truth_.codes.size())],
                                    static_cast<int>(random.Below(35))));
    }
    const auto results = MustSearch(*index_, queries, {.radius_bits = 31, .limit = 50});
    for (std::size_t i = 0; i < queries.size(); ++i) {
      ExpectSame(results[i], Expected(truth_.Ranked(queries[i]), 31, 50));
    }
  }
  // Once nothing is left to do, all is kept, and a start finds it under the last mark.
  void ExpectKept(RandomCodes& random) {
    index_->Settle();
    EXPECT_EQ(index_->Stats().kept, index_->Stats().segments);
    Open(kNever);
    EXPECT_EQ(index_->recovered().mark, std::to_string(last_entry_));
    ExpectWhole(random);
  }
  // Rows and hot bytes a code of the files, as they stand in the folder.
  [[nodiscard]] std::multimap<std::uint64_t, double> Files() const {
    std::multimap<std::uint64_t, double> files;
    for (const auto& entry : fs::directory_iterator(Path("index"))) {
      if (entry.path().extension() != ".codes") continue;
      const auto file = MustOpen(entry.path());
      if (file == nullptr) continue;
      const SegmentInfo& info = file->info();
      files.emplace(info.rows,
                    static_cast<double>(info.hot_bytes) / static_cast<double>(info.codes));
    }
    return files;
  }

  std::size_t head_codes_ = 64;
  std::unique_ptr<HammingIndex> index_;
  Truth truth_;
  std::uint64_t last_entry_ = 0;
};

TEST_F(LargeMergeTest, WhatNoMarkCoversIsMergedAmongItself) {
  RandomCodes random(1);
  Open(kNever);
  Add(random, 3);
  Mark();
  index_->Settle();
  Add(random, 200);
  index_->Settle();
  EXPECT_LT(index_->Stats().segments, 40u);
  ExpectWhole(random);
  // A copy of the folder, as a kill leaves it, holds what was marked and nothing else.
  fs::copy(Path("index"), Path("copy"));
  const auto copy = HammingIndex::Create(
      {.engine = "mih", .head_codes = head_codes_, .folder = Path("copy"), .owner = "owner"});
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ((*copy)->recovered().mark, std::to_string(3 * head_codes_));
  EXPECT_EQ((*copy)->Stats().codes, 3 * head_codes_);
  // From the next mark on, all of it.
  Mark();
  ExpectKept(random);
}

TEST_F(LargeMergeTest, AMarkThatComesWhileItMergesCoversWhatIsMade) {
  RandomCodes random(2);
  Open(kNever);
  for (int round = 0; round < 12; ++round) {
    Add(random, 3 + random.Below(20));
    Mark();
  }
  ExpectKept(random);
}

TEST_F(LargeMergeTest, ALargeIndexIsCompactAndOfFewSegments) {
  RandomCodes random(3);
  constexpr std::size_t kHeads = 80;
  head_codes_ = 2048;
  const std::size_t large_rows = kLargeHeads * head_codes_;
  Open(kHeads / 2 * head_codes_);
  for (std::size_t head = 0; head < kHeads; head += 5) {
    Add(random, 5);
    Mark();
    if (head != kHeads / 4) continue;
    // It is small yet.
    index_->Settle();
    const auto files = Files();
    EXPECT_LE(files.rbegin()->first, large_rows);
    EXPECT_GE(files.rbegin()->first, kLeastCompactRows);
    EXPECT_GT(files.rbegin()->second, kFastBytes);
  }
  index_->Settle();
  ExpectWhole(random);
  const auto files = Files();
  EXPECT_EQ(files.size(), index_->Stats().segments);
  EXPECT_GT(files.rbegin()->first, large_rows);
  EXPECT_LE(files.rbegin()->first, kHeads / 2 * head_codes_);
  for (const auto& [rows, hot_bytes] : files) {
    if (rows >= kLeastCompactRows) {
      EXPECT_LE(hot_bytes, kFastBytes) << rows;
    }
  }
  EXPECT_LE(std::distance(files.lower_bound(large_rows / 2), files.end()), 5);
  Open(kHeads / 2 * head_codes_);
  ExpectWhole(random);
}

// Neither a clock that began hours ago nor an index that did is a reason to begin at once.
TEST_F(LargeMergeTest, ItWaitsForQuietOrForAsLongAsItsPatience) {
  constexpr std::size_t kLarge = 8;
  for (const milliseconds patience : {milliseconds(60'000), milliseconds(1'000)}) {
    SCOPED_TRACE(patience.count());
    index_.reset();
    fs::remove_all(Path("index"));
    RandomCodes random(5);
    truth_ = {};
    last_entry_ = 0;
    Open(0, std::chrono::hours(1), patience);
    std::this_thread::sleep_for(milliseconds(1'100));
    const auto begun = std::chrono::steady_clock::now();
    Add(random, kLarge * kLargeHeads);
    Mark();
    // As many as nothing large was made of, at least.
    std::size_t segments = index_->Stats().segments;
    while (std::chrono::steady_clock::now() - begun < milliseconds(500)) {
      EXPECT_GE(segments, kLarge);
      std::this_thread::sleep_for(milliseconds(10));
      segments = index_->Stats().segments;
    }
    if (patience > std::chrono::seconds(10)) Open(0);
    index_->Settle();
    EXPECT_LT(index_->Stats().segments, kLarge);
    ExpectWhole(random);
  }
}

TEST_F(LargeMergeTest, SegmentsOfASmallerIndexAreWrittenAgain) {
  RandomCodes random(4);
  head_codes_ = 2048;
  Open(kNever);
  for (int i = 0; i < 5; ++i) {
    Add(random, 5);
    Mark();
  }
  index_->Settle();
  EXPECT_GT(Files().rbegin()->second, kFastBytes);
  Open(20 * head_codes_);
  index_->Settle();
  const auto files = Files();
  EXPECT_GE(files.rbegin()->first, kLeastCompactRows);
  EXPECT_LE(files.rbegin()->second, kFastBytes);
  ExpectWhole(random);
}

}  // namespace
}  // namespace kith::index
