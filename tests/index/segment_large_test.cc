// SPDX-License-Identifier: Apache-2.0
//
// Segment files that are worth huge pages: mapped elsewhere and read in another way than small
// ones, found to be the same.
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "index/internal/huge_pages.h"
#include "index/internal/segment_map.h"
#include "tests/index/segment_files.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20;

class SegmentLargeTest : public SegmentFiles {};

TEST_F(SegmentLargeTest, IsMappedWhereAHugePageCanBegin) {
  using internal::File;
  using internal::kHugePagesFrom;
  using internal::Mapping;
  for (const std::uint64_t bytes : {kHugePagesFrom, kHugePagesFrom + 1, kHugePagesFrom + 4097}) {
    const std::string path = Path(std::to_string(bytes));
    const auto file = File::Create(path);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(ftruncate(file->fd(), static_cast<off_t>(bytes)), 0);
    ASSERT_EQ(pwrite(file->fd(), "z", 1, static_cast<off_t>(bytes - 1)), 1);
    // Side by side, and each again where one was.
    for (int round = 0; round < 3; ++round) {
      const auto one = Mapping::Map(*file, bytes);
      const auto other = Mapping::Map(*file, bytes);
      ASSERT_TRUE(one.ok() && other.ok()) << one.status() << other.status();
      for (const Mapping* mapping : {&*one, &*other}) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mapping->bytes().data()) % kHugePage, 0u);
        ASSERT_EQ(mapping->bytes().size(), bytes);
        EXPECT_EQ(mapping->bytes().front(), 0);
        EXPECT_EQ(mapping->bytes().back(), 'z');
      }
    }
  }
}

TEST_F(SegmentLargeTest, FindsEachNeighbourAndItsOwnDamage) {
  RandomCodes random(40);
  const std::vector<Code> codes = random.Some(560000);
  const std::vector<Label> labels = LabelsFrom(1, codes.size());
  MustBuild(Path(), codes, labels, {});
  ASSERT_GE(std::filesystem::file_size(Path()), internal::kHugePagesFrom);
  const auto file = MustOpen(Path());
  ASSERT_NE(file, nullptr);
  std::vector<Code> queries;
  for (std::size_t at = 0; at < 200; ++at) {
    queries.push_back(random.Flip(codes[at * 2777], static_cast<int>(at % 33)));
  }
  const auto results = file->Search(queries);
  ASSERT_TRUE(results.ok()) << results.status();
  for (std::size_t at = 0; at < queries.size(); ++at) {
    // Random codes are 80 bits and more from each other.
    ASSERT_EQ((*results)[at].total, at % 33 <= 31 ? 1u : 0u) << at;
    if (at % 33 > 31) continue;
    EXPECT_EQ((*results)[at].hits.front().label, labels[at * 2777]);
    EXPECT_EQ((*results)[at].hits.front().distance_bits, at % 33);
  }
  RotByte(Path(), std::filesystem::file_size(Path()) / 2);
  absl::StatusOr<bool> scrubbed = false;
  while (scrubbed.ok() && !*scrubbed) scrubbed = file->Scrub(std::uint64_t{8} << 20);
  EXPECT_TRUE(absl::IsDataLoss(scrubbed.status())) << scrubbed.status();
}

}  // namespace
}  // namespace kith::index
