// SPDX-License-Identifier: Apache-2.0
//
// An index that is searched in its files: damage, a full disk and faults of the moment.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>

#include "tests/index/keep_owner.h"

namespace {
std::string lost;  // the end of the path of a file that the disk does not give
}  // namespace

// In the place of the system's.
extern "C" ssize_t pread(int file, void* bytes, size_t count, off_t offset) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const bool is_known = !lost.empty() && readlink(link.c_str(), path.data(), path.size() - 1) > 0;
  if (is_known && std::string(path.data()).ends_with(lost)) {
    errno = EIO;
    return -1;
  }
  return syscall(SYS_pread64, file, bytes, count, offset);
}

namespace kith::index {
namespace {

using ::testing::HasSubstr;

// What is kept is sound: it is not thrown away because it cannot be opened now.
TEST_P(MappedTest, AFaultOfTheMomentIsAnErrorAndDeletesNothing) {
  RandomCodes random(914);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  owner.Close();
  const std::vector<fs::path> files = SegmentFiles(index_dir_);
  ASSERT_GE(files.size(), 2U);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(lowest, 0);
  close(lowest);
  for (const rlim_t more : {0U, 1U}) {
    const rlimit few{.rlim_cur = static_cast<rlim_t>(lowest) + more, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto refused = HammingIndex::Create(
        {.engine = GetParam(), .head_codes = 64, .folder = index_dir_, .owner = "owner"});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(refused.ok()) << more;
    EXPECT_EQ(SegmentFiles(index_dir_), files) << more;
  }
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_EQ(owner.replayed(), 0U);
  owner.ExpectWhole(random);
}

// It kept the index from being opened ever again.
TEST_P(MappedTest, AManifestThatTheDiskDoesNotGiveIsMadeAnew) {
  RandomCodes random(915);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  owner.Close();
  lost = "/manifest";
  owner.Open();
  lost.clear();
  EXPECT_THAT(owner.index().recovered().problems,
              ::testing::ElementsAre(HasSubstr(index_dir_ + "/manifest: the disk")));
  EXPECT_EQ(owner.replayed(), owner.last_entry());
  owner.ExpectWhole(random);
  owner.index().Settle();
  owner.Close();
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_EQ(owner.replayed(), 0U);
  owner.ExpectWhole(random);
}

TEST_P(MappedTest, NeedsLittleMemory) {
  RandomCodes random(907);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  const HammingIndexStats stats = owner.index().Stats();
  EXPECT_LT(stats.bytes, 4u * stats.codes + 64u * 100u);
}

TEST_P(MappedTest, DamageUnderARunningIndexIsFoundAndNeverAnsweredWithLess) {
  RandomCodes random(908);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  owner.Withdraw(7);
  // A merge that is behind would take the victim away, or find the damage before the round does.
  owner.index().Settle();
  const fs::path victim = SegmentFiles(index_dir_).front();
  const absl::Status found = owner.ScrubSpoilt(victim, 3000);
  ASSERT_TRUE(absl::IsDataLoss(found)) << found;
  EXPECT_THAT(owner.index().Stats().damage, HasSubstr(victim.string()));
  EXPECT_TRUE(absl::IsUnavailable(owner.index().Search(random.Some(1), {}).status()));
  owner.RestoreMissing();
  owner.ExpectWhole(random);
  owner.index().Settle();
  EXPECT_FALSE(fs::exists(victim));
  owner.Close();
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  owner.ExpectWhole(random);
}

TEST_P(MappedTest, AMergeDoesNotCopyDamage) {
  RandomCodes random(909);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  for (const fs::path& victim : SegmentFiles(index_dir_)) FlipByte(victim, 5000);
  // Until all of them are to become one; on a busy machine the merges would else fall so far behind
  // the additions that they come to the files of the victims too late.
  for (int i = 0; i < 200 && owner.index().Missing().empty(); ++i) {
    owner.Add(random, 50);
    owner.index().Settle();
  }
  EXPECT_FALSE(owner.index().Missing().empty());
  EXPECT_TRUE(absl::IsUnavailable(owner.index().Search(random.Some(1), {}).status()));
  owner.RestoreMissing();
  // Those that no merge has come to.
  for (absl::StatusOr<bool> done = false; !done.ok() || !*done;) {
    done = owner.index().Scrub(std::uint64_t{1} << 30);
    owner.RestoreMissing();
  }
  owner.ExpectWhole(random);
}

// What no mark covers yet is not covered by the old mark because it was damaged and restored.
TEST_P(MappedTest, WhatIsRestoredBehindTheMarkStaysBehindIt) {
  RandomCodes random(911);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  const std::set<fs::path> marked_files = [&] {
    const std::vector<fs::path> files = SegmentFiles(index_dir_);
    return std::set<fs::path>(files.begin(), files.end());
  }();
  owner.AddUnmarked(random, 400);  // so many that they are a file at once
  for (const fs::path& path : SegmentFiles(index_dir_)) {
    if (!marked_files.contains(path)) FlipByte(path, fs::file_size(path) / 2);
  }
  for (absl::StatusOr<bool> done = false; !done.ok() || !*done;) {
    done = owner.index().Scrub(std::uint64_t{1} << 30);
    owner.RestoreMissing();
  }
  owner.index().Settle();
  EXPECT_FALSE(owner.index().Stats().damage.empty());
  // As a kill would leave it.
  const std::string copy = folder_.path() + "/copy";
  fs::copy(index_dir_, copy, fs::copy_options::recursive);
  owner.ExpectWhole(random);
  owner.Close();
  owner.MoveTo(copy);
  owner.Open();
  owner.ExpectWhole(random);
}

TEST_P(MappedTest, AFullDiskIsToldAndNothingIsLost) {
  RandomCodes random(910);
  Owner owner(GetParam(), index_dir_, 64);
  Fill(owner, random);
  const std::vector<fs::path> before = SegmentFiles(index_dir_);
  // No file may become longer than this: what a full disk is to a writer.
  struct sigaction old {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, &old);
  rlimit unlimited{};
  getrlimit(RLIMIT_FSIZE, &unlimited);
  rlimit limit = unlimited;
  limit.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int i = 0; i < 30; ++i) owner.Add(random, 50);
  owner.index().Settle();
  const std::string trouble = owner.index().Stats().trouble;
  owner.ExpectWhole(random);
  setrlimit(RLIMIT_FSIZE, &unlimited);
  sigaction(SIGXFSZ, &old, nullptr);
  EXPECT_THAT(trouble, HasSubstr(index_dir_));
  EXPECT_EQ(SegmentFiles(index_dir_), before);
  // With room again, what comes brings everything into files.
  owner.Add(random, 50);
  owner.Add(random, 50);
  owner.index().Settle();
  EXPECT_EQ(owner.index().Stats().trouble, "");
  EXPECT_EQ(owner.index().Stats().kept, owner.index().Stats().segments);
  owner.ExpectWhole(random);
}

INSTANTIATE_TEST_SUITE_P(All, MappedTest, ::testing::Values("mih"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace kith::index
