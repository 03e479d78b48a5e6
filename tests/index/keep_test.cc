// SPDX-License-Identifier: Apache-2.0
//
// An index that is kept in a folder: after every end, however untidy, it and its owner's replay
// from the mark give the plain answer.
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <thread>

#include "index/internal/manifest.h"
#include "index/simd.h"
#include "tests/index/forced_simd.h"
#include "tests/index/keep_owner.h"

namespace kith::index {
namespace {

using ::testing::HasSubstr;

// Each start forces another target: what one has written, another has to search.
TEST_P(KeepTest, EqualsTheTruthAfterEveryEnd) {
  RandomCodes random(900);
  const std::span<const SimdTarget> targets = SupportedSimdTargets();
  std::size_t starts = 0;
  std::optional<ForcedSimd> forced;
  const auto force_next = [&] {
    forced.emplace(std::string(SimdTargetName(targets[starts++ % targets.size()])));
  };
  force_next();
  Owner owner(GetParam(), index_dir_, 8 + random.Below(60));
  owner.Open();
  for (int step = 0; step < 120; ++step) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", step " + std::to_string(step));
    // Starts, and so targets, come whatever the seed.
    const std::size_t kind = step % 40 == 39 ? 18 : random.Below(20);
    if (kind < 12) {
      owner.Add(random, 1 + random.Below(random.Below(8) == 0 ? 200 : 12));
    } else if (kind < 16) {
      if (owner.last_entry() > 0) owner.Withdraw(1 + random.Below(owner.last_entry()));
    } else if (kind == 16) {
      owner.index().Settle();
    } else if (kind == 17) {
      // Not between the checking and the reading of a merge.
      owner.index().Settle();
      DamageOne(SegmentFiles(index_dir_), random);
      // To the end of the round, or the next one would begin behind what was found.
      for (absl::StatusOr<bool> done = false; !done.ok() || !*done;) {
        done = owner.index().Scrub(1 + random.Below(5000));
        owner.RestoreMissing();
      }
    } else {
      owner.Close();
      const std::vector<fs::path> files = SegmentFiles(index_dir_);
      if (!files.empty() && random.Below(2) == 0) {
        const fs::path& victim = files[random.Below(files.size())];
        if (random.Below(2) == 0) {
          fs::remove(victim);
        } else {
          std::string bytes = Contents(victim);
          bytes[random.Below(bytes.size())] ^= 1;
          // Within one tick of the file system's clock it would pass for what was verified.
          std::this_thread::sleep_for(std::chrono::milliseconds(30));
          Overwrite(victim, bytes);
        }
      }
      if (random.Below(8) == 0) fs::remove(index_dir_ + "/manifest");
      if (random.Below(10) == 0) fs::remove_all(index_dir_);
      force_next();
      owner.Open();
    }
    if (HasFatalFailure()) return;
    owner.ExpectWhole(random);
  }
  EXPECT_GE(starts, targets.size());
}

TEST_P(KeepTest, ATidyEndLeavesLittleToReplay) {
  RandomCodes random(901);
  Owner owner(GetParam(), index_dir_, 64);
  owner.Open();
  for (int i = 0; i < 100; ++i) owner.Add(random, 20);
  owner.Close();
  EXPECT_EQ(fs::status(index_dir_).permissions(), fs::perms::owner_all);
  for (const fs::path& path : SegmentFiles(index_dir_)) {
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_LE(owner.replayed(), 64u);  // half a head of codes; an entry has 1.5 on average
  owner.index().Settle();
  const HammingIndexStats stats = owner.index().Stats();
  EXPECT_EQ(stats.kept, stats.segments);
  EXPECT_EQ(stats.trouble, "");
  EXPECT_EQ(SegmentFiles(index_dir_).size(), stats.segments);  // nothing is left lying about
  owner.ExpectWhole(random);
}

TEST_P(KeepTest, AFirstOpeningTellsHowFarItIs) {
  RandomCodes random(914);
  Owner owner(GetParam(), index_dir_, 64);
  owner.Open();
  for (int i = 0; i < 30; ++i) owner.Add(random, 50);
  owner.index().Settle();
  owner.Close();
  std::uint64_t all_bytes = 0;
  const std::vector<fs::path> files = SegmentFiles(index_dir_);
  for (const fs::path& path : files) {
    all_bytes += fs::file_size(path);
    fs::remove(path.string() + ".verified");  // as in a folder that was copied
  }
  std::vector<std::uint64_t> told;
  const auto open = [&] {
    told.clear();
    const auto made = HammingIndex::Create({.engine = GetParam(),
                                            .head_codes = 64,
                                            .folder = index_dir_,
                                            .owner = "owner",
                                            .progress = [&](std::uint64_t done, std::uint64_t all) {
                                              EXPECT_EQ(all, all_bytes);
                                              told.push_back(done);
                                            }});
    ASSERT_TRUE(made.ok()) << made.status();
  };
  open();
  EXPECT_GE(told.size(), files.size());
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), all_bytes);
  open();
  EXPECT_THAT(told, ::testing::IsEmpty()) << "what was checked is checked again";
}

TEST_P(KeepTest, ADamagedSegmentIsNamedAndMadeAgain) {
  RandomCodes random(902);
  Owner owner(GetParam(), index_dir_, 64);
  owner.Open();
  for (int i = 0; i < 30; ++i) owner.Add(random, 50);
  owner.Close();
  const fs::path victim = SegmentFiles(index_dir_).front();
  std::string bytes = Contents(victim);
  bytes[bytes.size() / 2] ^= 4;
  Overwrite(victim, bytes);
  owner.Open();
  ASSERT_EQ(owner.index().recovered().problems.size(), 1u);
  EXPECT_THAT(owner.index().recovered().problems[0],
              ::testing::AllOf(HasSubstr(victim.string()), HasSubstr("section")));
  owner.ExpectWhole(random);
  owner.Close();
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_THAT(owner.index().recovered().missing, ::testing::IsEmpty());
  owner.ExpectWhole(random);
}

TEST_P(KeepTest, ADirectoryOfAnotherOwnerIsEmptied) {
  RandomCodes random(903);
  Owner owner(GetParam(), index_dir_, 8);
  owner.Open();
  owner.Add(random, 100);
  owner.Close();
  const auto other = HammingIndex::Create(
      {.engine = GetParam(), .head_codes = 8, .folder = index_dir_, .owner = "another"});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ((*other)->Stats().codes, 0u);
  EXPECT_EQ((*other)->recovered().mark, "");
  EXPECT_THAT((*other)->recovered().problems, ::testing::ElementsAre(HasSubstr("another owner")));
  EXPECT_TRUE(SegmentFiles(index_dir_).empty());
}

TEST_P(KeepTest, WhatCannotBeKeptIsToldAndFound) {
  RandomCodes random(904);
  Overwrite(index_dir_, "a file stands in the way");
  Owner owner(GetParam(), index_dir_, 8);
  owner.Open();
  EXPECT_EQ(owner.index().recovered().problems.size(), 1u);
  owner.Add(random, 100);
  owner.index().Settle();
  EXPECT_NE(owner.index().Stats().trouble, "");
  owner.ExpectWhole(random);
}

TEST_P(KeepTest, ClearForgetsEverything) {
  RandomCodes random(905);
  Owner owner(GetParam(), index_dir_, 8);
  owner.Open();
  owner.Add(random, 300);
  ASSERT_TRUE(owner.index().Clear().ok());
  EXPECT_EQ(owner.index().Stats().codes, 0u);
  EXPECT_TRUE(SegmentFiles(index_dir_).empty());
  owner.Close();
  owner.Open();
  EXPECT_EQ(owner.replayed(), owner.last_entry());
  owner.ExpectWhole(random);
}

// However little is told at once, and whether or not a mark follows.
TEST_P(KeepTest, AnEntryIsNeverDividedOverTwoSegments) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RandomCodes random(seed);
    const std::string directory = index_dir_ + std::to_string(seed);
    Owner owner(GetParam(), directory, 8);
    owner.Open();
    for (int i = 0; i < 24; ++i) owner.AddUnmarked(random, 1);
    owner.Mark();
    owner.Close();
    owner.Open();
    ASSERT_THAT(owner.index().recovered().problems, ::testing::IsEmpty()) << "seed " << seed;
    owner.ExpectWhole(random);
  }
}

TEST_P(KeepTest, WhatWasDeletedIsMadeAgainUnderAnotherName) {
  RandomCodes random(913);
  Owner owner(GetParam(), index_dir_, 64);
  owner.Open();
  for (int i = 0; i < 30; ++i) owner.Add(random, 50);
  owner.Close();
  for (const auto& file : fs::directory_iterator(index_dir_)) {
    if (file.path().filename() != "manifest") fs::remove(file.path());
  }
  for (int round = 0; round < 2; ++round) {
    owner.Open();
    EXPECT_EQ(owner.index().recovered().problems.empty(), round == 1) << round;
    owner.ExpectWhole(random);
    owner.Close();
  }
}

INSTANTIATE_TEST_SUITE_P(All, KeepTest, ::testing::Values("scan", "mih"),
                         [](const auto& test) { return std::string(test.param); });

TEST(ManifestTest, IsReadBackAndDamageIsRefused) {
  const internal::Manifest manifest{
      .owner = std::string("a\0b", 3),
      .mark = "17 of 18",
      .touched = "18 of 18",
      .segments = {
          {.file = "segment-1.codes", .rows = 3, .first_entry = 1, .last_entry = 2, .hash = 77},
          {.file = "segment-12.codes",
           .rows = 9,
           .first_entry = 5,
           .last_entry = 40,
           .hash = ~std::uint64_t{0}}}};
  const std::string text = internal::FormatManifest(manifest);
  const auto read = internal::ParseManifest(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, manifest);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string bad = text;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(internal::ParseManifest(bad).status())) << "byte " << at;
    EXPECT_TRUE(absl::IsDataLoss(internal::ParseManifest(text.substr(0, at)).status()))
        << "length " << at;
  }
}

}  // namespace
}  // namespace kith::index
