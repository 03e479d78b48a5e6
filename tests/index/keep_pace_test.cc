// SPDX-License-Identifier: Apache-2.0
//
// What is kept is kept up to date, and what was merged goes from the disk, also where a merge is
// always due.
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <system_error>

#include "tests/index/keep_owner.h"

namespace kith::index {
namespace {

// Counts what comes into a folder under a name, and misses none of it.
class Arrivals {
 public:
  explicit Arrivals(const std::string& folder) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(inotify_add_watch(fd_, folder.c_str(), IN_MOVED_TO), 0);
  }
  ~Arrivals() { close(fd_); }
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  std::size_t Of(std::string_view name) const {
    std::size_t count = 0;
    std::array<char, 65536> events{};
    for (ssize_t got = 0; (got = read(fd_, events.data(), events.size())) > 0;) {
      for (ssize_t at = 0; at < got;) {
        inotify_event event{};
        std::memcpy(&event, &events[static_cast<std::size_t>(at)], sizeof(event));
        const char* const told = &events[static_cast<std::size_t>(at)] + sizeof(event);
        if (event.len > 0 && name == told) ++count;
        at += static_cast<ssize_t>(sizeof(event) + event.len);
      }
    }
    return count;
  }

 private:
  int fd_;
};

// The manifest came when nothing was left to be merged: under sustained additions never.
TEST_P(MappedTest, MergesOneBehindTheOtherAreKeptOnTheWay) {
  RandomCodes random(921);
  Owner owner(GetParam(), index_dir_);
  owner.Open();
  for (int i = 0; i < 3; ++i) owner.Add(random, 50);
  owner.index().Settle();
  // Nothing is merged while something is missing, so that much is to be merged afterwards.
  const absl::Status found =
      owner.ScrubSpoilt(SegmentFiles(index_dir_).front(), std::uint64_t{1} << 20);
  ASSERT_TRUE(absl::IsDataLoss(found)) << found;
  for (int i = 0; i < 1500; ++i) owner.Add(random, 12);
  ASSERT_GE(owner.index().Stats().segments, 1300u);
  const Arrivals arrivals(index_dir_);
  owner.RestoreMissing();
  owner.index().Settle();
  EXPECT_LT(owner.index().Stats().segments, 40u);
  EXPECT_GE(arrivals.Of("manifest"), 4u);
  EXPECT_EQ(SegmentFiles(index_dir_).size(), owner.index().Stats().segments);
  owner.ExpectWhole(random);
  owner.Close();
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_LE(owner.replayed(), 12u);
  owner.ExpectWhole(random);
}

// What a kill leaves while merges are behind: a manifest may be of an older mark than its index,
// and must then name all that this mark covers.
TEST_P(KeepTest, WhatAKillLeavesHoldsAllUpToItsMark) {
  RandomCodes random(922);
  std::string folder = index_dir_;
  Owner owner(GetParam(), folder, 64);
  owner.Open();
  for (int copies = 0; copies < 6; ++copies) {
    // Small ones through the head, whose segments lie in memory at first, and now and then a load.
    for (int i = 0; i < 150; ++i) {
      owner.Add(random, 3 + random.Below(i % 20 == 0 ? 100 : 25));
      if (i % 10 == 0) owner.Withdraw(1 + random.Below(owner.last_entry()));
    }
    const std::string copy = folder_.path() + "/copy" + std::to_string(copies);
    // Files are removed meanwhile: only a copy that is one moment's counts.
    std::error_code error = std::make_error_code(std::errc::no_such_file_or_directory);
    std::string manifest;
    while (error || manifest != Contents(folder + "/manifest")) {
      fs::remove_all(copy);
      manifest = Contents(folder + "/manifest");
      fs::copy(folder, copy, fs::copy_options::recursive, error);
    }
    owner.Close();
    folder = copy;
    owner.MoveTo(folder);
    owner.Open();
    EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
    owner.ExpectWhole(random);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MappedTest, ::testing::Values("mih"),
                         [](const auto& test) { return std::string(test.param); });
INSTANTIATE_TEST_SUITE_P(All, KeepTest, ::testing::Values("mih", "scan"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace kith::index
