// SPDX-License-Identifier: Apache-2.0
//
// What came last grows in memory, in one segment, until it is ripe, or quiet, or the end.
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "index/internal/engine.h"
#include "index/internal/segmented_index.h"
#include "tests/index/keep_owner.h"

namespace kith::index {
namespace {

using internal::IndexLimits;
using std::chrono::milliseconds;

constexpr std::size_t kHeadCodes = 256;
// Some 49 codes: three of them are half a head, and none is a load that becomes a file at once.
constexpr std::size_t kEntries = 40;

class YoungTest : public ::testing::Test {
 protected:
  void Open(const IndexLimits& limits) {
    owner_ = std::make_unique<Owner>("mih", index_dir_, kHeadCodes);
    owner_->MakeBy([limits](const HammingIndexOptions& options) {
      return internal::SegmentedIndex::Make(**internal::FindEngine("mih"), *ActiveSimdTarget(),
                                            options, limits);
    });
    owner_->Open();
  }
  [[nodiscard]] HammingIndexStats Stats() const { return owner_->index().Stats(); }
  // An entry each, marked; without the owner's knowledge.
  void AddCodes(std::span<const Code> codes) {
    std::vector<Label> labels(codes.size());
    for (Label& label : labels) label.entry = ++last_;
    ASSERT_TRUE(owner_->index().Add(codes, labels).ok());
    ASSERT_TRUE(owner_->index().Reached(std::to_string(last_)).ok());
  }
  // At most so long that a busy machine does not count.
  static bool WaitUntil(const std::function<bool()>& done) {
    const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < last) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    return done();
  }

  const Folder folder_;
  const std::string index_dir_ = folder_.path() + "/index";
  std::unique_ptr<Owner> owner_;
  std::uint64_t last_ = 0;  // entry of AddCodes
};

// So that files come of few codes.
IndexLimits NeverQuiet() {
  IndexLimits limits;
  limits.ripe_heads = 4;
  limits.quiet = std::chrono::hours(1);
  return limits;
}

// Each half of a head was a file of its own: a search passed over eight and more of them.
TEST_F(YoungTest, OneIsThereHoweverManyCame) {
  RandomCodes random(TestSeed());
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  IndexLimits limits = NeverQuiet();
  limits.ripe_heads = 260;  // its memory is for a quarter of these at first
  Open(limits);
  for (int i = 1; i <= 400; ++i) {
    owner_->Add(random, kEntries);
    owner_->Withdraw(1 + random.Below(owner_->last_entry()));
    const HammingIndexStats stats = Stats();
    ASSERT_EQ(stats.kept, 0u);
    ASSERT_LE(stats.segments, 1u) << "after " << i;
    if (i % 50 == 0) owner_->ExpectWhole(random);
  }
  owner_->index().Settle();
  EXPECT_EQ(Stats().kept, Stats().segments);
  owner_->ExpectWhole(random);
}

TEST_F(YoungTest, NoFileIsMadeOfWhatIsNotRipe) {
  RandomCodes random(931);
  Open(NeverQuiet());
  // Two heads, of four.
  for (int i = 0; i < 10; ++i) owner_->Add(random, kEntries);
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(Stats().kept, 0u);
  EXPECT_GT(Stats().segments, 0u);
  EXPECT_THAT(SegmentFiles(index_dir_), ::testing::IsEmpty());
  owner_->ExpectWhole(random);
  // The end keeps it all the same.
  owner_->Close();
  owner_->Open();
  EXPECT_GT(Stats().kept, 0u);
  EXPECT_LE(owner_->replayed(), kHeadCodes / 2);
  owner_->ExpectWhole(random);
}

TEST_F(YoungTest, WhatIsRipeBecomesAFileAndIsNamedBesideWhatIsYoung) {
  RandomCodes random(932);
  Open(NeverQuiet());
  for (int i = 0; i < 60 && Stats().kept == 0; ++i) {
    owner_->Add(random, kEntries);
    std::this_thread::sleep_for(milliseconds(20));  // so that little comes behind the first file
  }
  ASSERT_TRUE(WaitUntil([&] { return Stats().kept == 1; }));
  const auto has_manifest = [&] { return fs::exists(index_dir_ + "/manifest"); };
  ASSERT_TRUE(WaitUntil(has_manifest)) << "it waits for what came since";
  for (int i = 0; i < 6; ++i) owner_->Add(random, kEntries);
  EXPECT_EQ(Stats().kept, 1u);
  EXPECT_GT(Stats().segments, 1u);
  // As a kill would leave it.
  const std::string copy = folder_.path() + "/copy";
  fs::copy(index_dir_, copy);
  owner_->Close();
  owner_->MoveTo(copy);
  owner_->Open();
  EXPECT_THAT(owner_->index().recovered().problems, ::testing::IsEmpty());
  EXPECT_GT(owner_->last_entry() - owner_->replayed(), kHeadCodes);
  owner_->ExpectWhole(random);
}

TEST_F(YoungTest, WhatNothingFollowsIsKept) {
  RandomCodes random(933);
  IndexLimits limits;
  limits.ripe_heads = 4;
  limits.quiet = milliseconds(200);
  Open(limits);
  for (int i = 0; i < 4; ++i) owner_->Add(random, kEntries);
  ASSERT_GT(Stats().segments, 0u);
  EXPECT_TRUE(WaitUntil([&] { return Stats().kept > 0 && Stats().kept == Stats().segments; }));
  owner_->ExpectWhole(random);
}

TEST_F(YoungTest, WhatALoadFollowsIsKept) {
  RandomCodes random(934);
  Open(NeverQuiet());
  for (int i = 0; i < 4; ++i) owner_->Add(random, kEntries);
  ASSERT_EQ(Stats().kept, 0u);
  owner_->Add(random, 400);
  EXPECT_TRUE(WaitUntil([&] { return Stats().kept == Stats().segments; }));
  owner_->ExpectWhole(random);
}

// What was missing came back behind what had become one around it: the next start refused all of
// it as out of order, and an entry could be found twice.
TEST_F(YoungTest, NothingBecomesOneAcrossWhatIsMissing) {
  RandomCodes random(935);
  Open(NeverQuiet());
  owner_->Add(random, 400);
  owner_->index().Settle();
  ASSERT_EQ(SegmentFiles(index_dir_).size(), 1u);
  const fs::path first = SegmentFiles(index_dir_).front();
  ASSERT_TRUE(absl::IsDataLoss(owner_->ScrubSpoilt(first, std::uint64_t{1} << 20)));
  // Nothing is written while something is missing but loads.
  for (int i = 0; i < 4; ++i) owner_->Add(random, kEntries);
  owner_->Add(random, 400);
  for (const fs::path& load : SegmentFiles(index_dir_)) {
    if (load == first) continue;
    ASSERT_TRUE(absl::IsDataLoss(owner_->ScrubSpoilt(load, std::uint64_t{1} << 20)));
  }
  ASSERT_EQ(owner_->index().Missing().size(), 2u);
  for (int i = 0; i < 4; ++i) owner_->Add(random, kEntries);
  owner_->RestoreMissing();
  owner_->ExpectWhole(random);
  owner_->Close();
  owner_->Open();
  EXPECT_THAT(owner_->index().recovered().problems, ::testing::IsEmpty());
  EXPECT_LE(owner_->replayed(), kHeadCodes / 2);
  owner_->ExpectWhole(random);
}

// Where files are not written as fast as codes come, the thread that adds helps.
TEST_F(YoungTest, MemoryIsBoundedHoweverFastCodesCome) {
  RandomCodes random(TestSeed() + 2);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  Open(NeverQuiet());
  std::uint64_t bytes_of_one = 0;
  std::uint64_t most_bytes = 0;
  for (int i = 0; i < 600; ++i) {
    AddCodes(random.Some(100));
    const HammingIndexStats stats = Stats();
    if (bytes_of_one == 0 && stats.segments == 1) bytes_of_one = stats.bytes;
    most_bytes = std::max(most_bytes, stats.bytes);
  }
  // Some are ripe, of two a file is being made, and one grows: in so small an index all are of the
  // same size. Without help there would be up to sixty.
  EXPECT_LE(most_bytes, 7 * bytes_of_one);
  EXPECT_EQ(Stats().codes, last_);
}

// Where a mark comes behind several additions, what grows may not be what it was at the mark
// before.
TEST_F(YoungTest, WhatAKillLeavesIsNamedUnderARightMark) {
  RandomCodes random(TestSeed() + 3);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  IndexLimits limits = NeverQuiet();
  limits.ripe_heads = 2;
  Open(limits);
  int copies = 0;
  for (int round = 1; round <= 12; ++round) {
    for (int i = 0; i < 12; ++i) {
      owner_->AddUnmarked(random, random.Below(i % 4 == 0 ? 200 : kEntries));
      if (random.Below(3) == 0) owner_->Mark();
    }
    // So much without a mark that it is ripe, and time for a file to be made of it.
    for (int i = 0; i < 16; ++i) owner_->AddUnmarked(random, kEntries);
    std::this_thread::sleep_for(milliseconds(20));
    // As a kill would leave it.
    const std::string copy = folder_.path() + "/copy" + std::to_string(round);
    const std::string named = Contents(index_dir_ + "/manifest");
    std::error_code gone;  // a file that a merge replaced meanwhile
    fs::copy(index_dir_, copy, gone);
    // Only a copy that is one moment's counts.
    if (gone || named != Contents(copy + "/manifest") ||
        named != Contents(index_dir_ + "/manifest")) {
      continue;
    }
    ++copies;
    owner_->Close();
    owner_->MoveTo(copy);
    owner_->Open();
    EXPECT_THAT(owner_->index().recovered().problems, ::testing::IsEmpty());
    owner_->ExpectWhole(random);
    owner_->Close();
    owner_->MoveTo(index_dir_);
    owner_->Open();
    owner_->ExpectWhole(random);
  }
  EXPECT_GT(copies, 0);
}

// Many copies of a few codes crowd their buckets: hardly more segments come of it, and not one a
// seal.
TEST_F(YoungTest, CopiesGrowAsWell) {
  RandomCodes random(TestSeed() + 4);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  IndexLimits limits = NeverQuiet();
  limits.ripe_heads = 400;
  Open(limits);
  const std::vector<Code> some = random.Some(3);
  for (int i = 0; i < 300; ++i) {
    std::vector<Code> codes = random.Some(60);
    for (std::size_t k = 0; k < 40; ++k) codes[k] = some[random.Below(some.size())];
    AddCodes(codes);
    ASSERT_LE(Stats().segments, 4u) << i;
    const std::vector<std::uint64_t> gone = {last_ - 59, last_ - 1};  // a copy, and another code
    ASSERT_EQ(*owner_->index().Withdraw(gone), 2u);
  }
  std::uint64_t found = 0;
  for (const SearchResult& result : MustSearch(owner_->index(), some, {})) found += result.total;
  EXPECT_EQ(found, 300u * 39u);
  EXPECT_EQ(Stats().codes, 300u * 58u);
}

TEST_F(YoungTest, WhatIsWithdrawnStaysSoAsTheyBecomeOne) {
  RandomCodes random(TestSeed() + 1);
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  Open(NeverQuiet());
  for (int i = 0; i < 80; ++i) {
    owner_->Add(random, 10 + random.Below(50));
    for (int k = 0; k < 4; ++k) owner_->Withdraw(1 + random.Below(owner_->last_entry()));
    if (i % 10 == 0) owner_->ExpectWhole(random);
  }
  // And where nothing is left of what becomes one.
  const std::uint64_t before = owner_->last_entry();
  for (int i = 0; i < 9; ++i) owner_->Add(random, kEntries);
  for (std::uint64_t entry = before + 1; entry <= owner_->last_entry(); ++entry) {
    owner_->Withdraw(entry);
  }
  for (int i = 0; i < 8; ++i) owner_->Add(random, kEntries);
  owner_->ExpectWhole(random);
}

}  // namespace
}  // namespace kith::index
