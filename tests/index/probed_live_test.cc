// SPDX-License-Identifier: Apache-2.0
//
// What live_test.cc and keep_test.cc do, where segments are probed: those of so few codes have no
// bands of their own accord, or are scanned in spite of them, as that is faster.
#include <string>
#include <vector>

#include "index/internal/engine.h"
#include "index/internal/join_dispatch.h"
#include "index/internal/mapped_index.h"
#include "index/internal/multi_index_hash.h"
#include "index/internal/segmented_index.h"
#include "index/internal/simd_dispatch.h"
#include "index/segment.h"
#include "index/simd.h"
#include "tests/index/forced_simd.h"
#include "tests/index/interleaved.h"
#include "tests/index/keep_owner.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using internal::Engine;
using internal::MultiIndexHash;
using ::testing::ElementsAre;

// As many reach to 63 bits, and have keys of some ten bits: tables of few bytes.
constexpr int kBands = 24;
constexpr std::size_t kHeadCodes = 8;
constexpr std::size_t kMostBits = 63;

template <std::size_t kJoinFrom>
std::unique_ptr<faiss::IndexBinary> MakeProbed(SimdTarget simd, int bands) {
  return std::make_unique<MultiIndexHash>(
      internal::JoinKernelOf(simd), internal::ScanKernelOf(simd),
      internal::MultiIndexHashOptions{.bands = bands, .join_from = kJoinFrom, .never_scan = true});
}

// mih that never scans; with `joins` it takes each batch for a large one.
const Engine& Probed(bool joins) {
  const auto made_by = [](auto make) {
    Engine engine = **internal::FindEngine("mih");
    engine.make = make;
    return engine;
  };
  static const Engine each = made_by(&MakeProbed<internal::kJoinFrom>);
  static const Engine joined = made_by(&MakeProbed<1>);
  return joins ? joined : each;
}

absl::StatusOr<std::unique_ptr<HammingIndex>> Make(const Engine& engine, bool never_scan,
                                                   HammingIndexOptions options) {
  options.engine = "mih";
  options.head_codes = kHeadCodes;
  options.bands = kBands;
  internal::IndexLimits limits;
  limits.never_scan = never_scan;
  return internal::SegmentedIndex::Make(engine, *ActiveSimdTarget(), options, limits);
}

// In which order a search meets two codes of a segment: the first of them (entry 1) differs from
// the query in four bits of the first band's key, the second (entry 2) in none. A scan meets them
// as they lie, and a probe the second, which is in the bucket of the first band, before the first.
std::vector<std::uint64_t> OrderOfMeeting(HammingIndex& index) {
  RandomCodes random(1);
  std::vector<Code> codes = random.Some(64);
  codes[1][0] |= 0xF0;
  codes[0] = codes[1];
  codes[0][0] &= 0x0F;
  std::vector<Label> labels(codes.size());
  for (std::size_t row = 0; row < labels.size(); ++row) labels[row].entry = row + 1;
  EXPECT_TRUE(index.Add(codes, labels).ok());
  EXPECT_EQ(index.Stats().segments, 1u);
  std::vector<std::uint64_t> met;
  MustSearch(index, {&codes[1], 1},
             {.radius_bits = 31, .keep = [&met](std::size_t, const Label& label, int) {
                met.push_back(label.entry);
                return true;
              }});
  return met;
}

// Without this the tests below might look at scans.
TEST(ProbedLiveTest, SmallSegmentsAreProbedHere) {
  const Engine& mih = **internal::FindEngine("mih");
  EXPECT_THAT(OrderOfMeeting(**Make(mih, false, {})), ElementsAre(1, 2)) << "that is a scan";
  for (const bool joins : {false, true}) {
    EXPECT_THAT(OrderOfMeeting(**Make(Probed(joins), false, {})), ElementsAre(2, 1)) << joins;
  }
  for (const bool never_scan : {false, true}) {
    const Folder folder;
    const auto index = Make(mih, never_scan, {.folder = folder.path(), .owner = "owner"});
    ASSERT_TRUE(index.ok()) << index.status();
    EXPECT_THAT(OrderOfMeeting(**index), never_scan ? ElementsAre(2, 1) : ElementsAre(1, 2));
    EXPECT_GT((*index)->Stats().mapped_bytes, 0u);
  }
}

TEST(ProbedLiveTest, InterleavedInMemoryEqualsTheTruthOnEachTarget) {
  for (const SimdTarget target : SupportedSimdTargets()) {
    const ForcedSimd forced{std::string(SimdTargetName(target))};
    for (const bool joins : {false, true}) {
      SCOPED_TRACE(std::string(SimdTargetName(target)) + (joins ? ", joined" : ", each by itself"));
      RandomCodes random(100 + 10 * static_cast<std::uint64_t>(target) + (joins ? 1 : 0));
      const auto index = Make(Probed(joins), false, {});
      ASSERT_TRUE(index.ok()) << index.status();
      ExpectTheTruthInterleaved(**index, random, kMostBits);
      if (HasFatalFailure()) return;
    }
  }
}

// Each call asks at least so many queries.
void ExpectTheTruthInFiles(std::size_t least_queries) {
  const Folder folder;
  const std::string directory = folder.path() + "/index";
  RandomCodes random(200 + least_queries);
  Owner owner("mih", directory, kHeadCodes);
  // What is not in a file yet is probed, too.
  owner.MakeBy(
      [](const HammingIndexOptions& options) { return Make(Probed(false), true, options); });
  owner.Open();
  owner.Add(random, 20);
  for (int step = 0; step < 60 && !testing::Test::HasFatalFailure(); ++step) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", step " + std::to_string(step));
    if (random.Below(3) != 0) {
      owner.Add(random, random.Below(30));
    } else {
      for (std::size_t i = random.Below(5); i > 0; --i) {
        owner.Withdraw(1 + random.Below(owner.last_entry()));
      }
    }
    if (random.Below(10) == 0) owner.index().Settle();
    if (random.Below(10) == 0) {
      owner.Close();
      owner.Open();
    }
    owner.ExpectWhole(random, least_queries);
  }
  owner.index().Settle();
  owner.ExpectWhole(random, least_queries);
  const std::vector<fs::path> files = SegmentFiles(directory);
  EXPECT_FALSE(files.empty());
  for (const fs::path& path : files) {
    const auto file = SegmentFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->info().bands, kBands);
  }
}

TEST(ProbedLiveTest, InterleavedInFilesEqualsTheTruth) { ExpectTheTruthInFiles(1); }

TEST(ProbedLiveTest, InterleavedInFilesAndJoinedEqualsTheTruth) {
  constexpr std::size_t kJoinFrom = internal::kJoinFrom;
  ASSERT_GE((*internal::FindEngine("mih"))->queries_at_once, kJoinFrom);
  ExpectTheTruthInFiles(kJoinFrom);
}

}  // namespace
}  // namespace kith::index
