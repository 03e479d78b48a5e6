// SPDX-License-Identifier: Apache-2.0
//
// The digest index in files, and the files: what a start finds in them, reads, removes and refuses,
// and what is done where they cannot be written.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "index/digest_index.h"
#include "index/internal/digest_manifest.h"
#include "index/internal/digest_run.h"
#include "tests/index/stored_digest_fixture.h"

namespace kith::index {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(StoredDigestTest, TellsWhatMustBeToldAgainAfterAnEndWithoutWarning) {
  const auto digest = [](int i) { return std::string(15, 'm') + static_cast<char>(i); };
  {
    const auto index = MustOpen(Options(1000));
    EXPECT_EQ(index->SavedChange(), 0U);
    MustAdd(*index, DigestKind::kMd5, {digest(1), digest(2)}, {1, 2});
    index->Reached(5);
    ASSERT_TRUE(index->Flush().ok());
    EXPECT_EQ(index->SavedChange(), 5U);
    MustAdd(*index, DigestKind::kMd5, {digest(3)}, {3});
    index->Withdraw(Entries{1});
    index->Reached(7);
    EXPECT_EQ(index->SavedChange(), 5U);
  }
  const auto index = MustOpen(Options(1000));
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->SavedChange(), 5U);
  // Changes 6 and 7 are told again, one of them twice.
  for (int again = 0; again < 2; ++again) MustAdd(*index, DigestKind::kMd5, {digest(3)}, {3});
  index->Withdraw(Entries{1});
  EXPECT_THAT(MustFind(*index, DigestKind::kMd5, {digest(1), digest(2), digest(3)}),
              ElementsAre(IsEmpty(), ElementsAre(2), ElementsAre(3)));
}

// Every run since the last start was read whole by the next: after a sweep, all there is.
TEST_F(StoredDigestTest, AStartReadsNoFileAgainThatDidNotChange) {
  {
    const auto index = MustOpen(Options(64));
    std::vector<std::string> digests;
    Entries entries;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      std::string& digest = digests.emplace_back(16, static_cast<char>(i));
      digest.front() = static_cast<char>(i / 7);
      entries.push_back(i);
    }
    MustAdd(*index, DigestKind::kMd5, digests, entries);  // deltas by the dozen, and their merges
    ASSERT_TRUE(index->Flush().ok());
    MustAdd(*index, DigestKind::kSha1, {std::string(20, 'a')}, {1});
    index->Save();  // by its end
  }
  std::uint64_t checked = 0;
  DigestIndexOptions options = Options();
  options.progress = [&](std::uint64_t done, std::uint64_t all) {
    EXPECT_LE(done, all);
    checked = done;
  };
  ASSERT_NE(MustOpen(options), nullptr);
  EXPECT_EQ(checked, 0U);
  const std::vector<std::string> runs = Files(".run");
  ASSERT_FALSE(runs.empty());
  ASSERT_EQ(::chmod(runs.front().c_str(), 0400), 0);  // its stamp changes
  ASSERT_NE(MustOpen(options), nullptr);
  EXPECT_GT(checked, 0U);
  checked = 0;
  ASSERT_NE(MustOpen(options), nullptr);
  EXPECT_EQ(checked, 0U);
}

// After an import of millions 240 runs were left, and searches looked at each for good.
TEST_F(StoredDigestTest, MergesThatTheLastOneWasNotGivenTimeForAreMadeUp) {
  std::mt19937_64 random(1);
  std::vector<std::string> digests;
  // A merge that is faster than the end of the process is none that was left: then on to the next.
  for (std::uint64_t run = 1; run < 200 && Files(".run").size() <= 3; ++run) {
    const auto index = MustOpen(Options(64));
    ASSERT_NE(index, nullptr);
    for (std::uint64_t entry = 0; entry < 64; ++entry) {
      digests.push_back(RandomDigest(DigestKind::kMd5, random));
      MustAdd(*index, DigestKind::kMd5, {digests.back()}, {digests.size()});
    }
    index->Reached(run);
    index->Save();
  }
  ASSERT_GT(Files(".run").size(), 3U) << "nothing is left to be made up";
  const auto index = MustOpen(Options(64));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (Files(".run").size() > 1 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(Files(".run").size(), 1U);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    EXPECT_THAT(MustFind(*index, DigestKind::kMd5, {digests[i]}).front(),
                ::testing::Contains(i + 1));
  }
}

TEST_F(StoredDigestTest, RemovesWhatIsLeftOfAnInterruptedMerge) {
  {
    const auto index = MustOpen(Options());
    MustAdd(*index, DigestKind::kMd5, {std::string(16, 'a')}, {1});
    ASSERT_TRUE(index->Flush().ok());
  }
  std::ofstream(folder_ + "/digests-99.run.tmp") << "half";
  std::ofstream(folder_ + "/digests-98.run") << "merged";
  std::ofstream(folder_ + "/mine.txt") << "of somebody else";
  const auto index = MustOpen(Options());
  EXPECT_EQ(Files(".run").size(), 1U);
  EXPECT_THAT(Files(".tmp"), IsEmpty());
  EXPECT_EQ(Files("mine.txt").size(), 1U);
}

// Every byte changed, and cut off at lengths that are a few bytes apart: refused with the name of
// the file, and never a crash.
TEST_F(StoredDigestTest, RefusesEveryDamagedByteAndTruncations) {
  std::mt19937_64 random(11);
  {
    const auto index = MustOpen(Options(100000));
    std::vector<std::string> digests;
    Entries entries;
    for (std::uint64_t i = 0; i < 200; ++i) {
      digests.push_back(RandomDigest(DigestKind::kMd5, random));
      entries.push_back(i);
    }
    MustAdd(*index, DigestKind::kMd5, digests, entries);
    index->Withdraw(Entries{3, 4});
    ASSERT_TRUE(index->Flush().ok());
  }
  const std::string run = Files(".run").front();
  for (const std::string& path : {run, folder_ + "/digests.manifest"}) {
    std::ifstream file(path, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    const auto expect_refused = [&](const std::string& what, bool by_all) {
      const absl::Status status = by_all        ? DigestIndex::Open(Options()).status()
                                  : path == run ? internal::DigestRun::Open(path, true).status()
                                                : internal::ReadManifest(folder_).status();
      ASSERT_FALSE(status.ok()) << path << ": " << what;
      ASSERT_THAT(std::string(status.message()), HasSubstr(path));
    };
    for (std::size_t at = 0; at < whole.size(); ++at) {
      const char flipped = static_cast<char>(whole[at] ^ (1 << random() % 8));
      ASSERT_EQ(::pwrite(fd, &flipped, 1, static_cast<off_t>(at)), 1);
      expect_refused("byte " + std::to_string(at), at % 1000 == 0);
      ASSERT_EQ(::pwrite(fd, &whole[at], 1, static_cast<off_t>(at)), 1);
    }
    for (std::size_t size = 0; size < whole.size(); size += 1 + random() % 8) {
      ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(size)), 0);
      expect_refused("length " + std::to_string(size), size % 1000 == 0);
      ASSERT_EQ(::pwrite(fd, whole.data(), whole.size(), 0), static_cast<ssize_t>(whole.size()));
    }
    ::close(fd);
  }
  ASSERT_NE(MustOpen(Options()), nullptr);
  std::filesystem::remove(run);
  const auto missing = DigestIndex::Open(Options());
  EXPECT_TRUE(absl::IsDataLoss(missing.status())) << missing.status();
  DigestIndexOptions anew = Options();
  anew.start_anew = true;
  const auto index = MustOpen(anew);
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->SavedChange(), 0U);
}

TEST_F(StoredDigestTest, RefusesOptionsThatTheFilesDoNotFit) {
  {
    const auto index = MustOpen(Options());
    MustAdd(*index, DigestKind::kSha256, {std::string(32, 'a')}, {1});
    ASSERT_TRUE(index->Flush().ok());
  }
  DigestIndexOptions options = Options();
  options.confirm = [](DigestKind, std::span<const std::string_view> digests,
                       std::span<const std::uint64_t>) {
    return std::vector<bool>(digests.size(), true);
  };
  EXPECT_TRUE(absl::IsFailedPrecondition(DigestIndex::Open(options).status()));
  options.start_anew = true;
  EXPECT_TRUE(DigestIndex::Open(options).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(DigestIndex::Open({}).status()));
}

TEST_F(StoredDigestTest, TellsThatFilesCannotBeWrittenAndGoesOnInMemory) {
  const auto index = MustOpen(Options(10));
  std::filesystem::remove_all(folder_);
  std::vector<std::string> digests;
  Entries entries;
  for (std::uint64_t i = 0; i < 200; ++i) {
    digests.push_back(std::string(15, 'z') + static_cast<char>(i));
    entries.push_back(i);
  }
  MustAdd(*index, DigestKind::kMd5, digests, entries);
  EXPECT_FALSE(index->Flush().ok());
  EXPECT_FALSE(index->Stats().files.ok());
  const std::vector<Entries> found = MustFind(*index, DigestKind::kMd5, digests);
  for (std::uint64_t i = 0; i < 200; ++i) ASSERT_THAT(found[i], ElementsAre(i));
  std::filesystem::create_directory(folder_);
  EXPECT_TRUE(index->Flush().ok());
  EXPECT_TRUE(index->Stats().files.ok());
  EXPECT_EQ(index->Stats().digests, 200U);
}

}  // namespace
}  // namespace kith::index
