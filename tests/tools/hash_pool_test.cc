// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/hash_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/scratch.h"
#include "tools/scan/evidence.h"

namespace kith::scan {
namespace {

using test::Scratch;

std::vector<HashedFile> Drain(HashPool& pool) {
  std::vector<HashedFile> all;
  while (true) {
    HashedFile hashed;
    const auto popped = pool.Pop(hashed, std::chrono::seconds(1));
    if (popped == HashPool::Popped::kEnd) return all;
    if (popped == HashPool::Popped::kFile) all.push_back(std::move(hashed));
  }
}

void PushTree(HashPool& pool, const std::string& root) {
  const auto summary =
      Walk(root, {}, [&pool](WalkedFile file) { return pool.Push(std::move(file)); });
  EXPECT_TRUE(summary.ok());
  pool.Close();
}

HashPoolOptions Threads(int threads) {
  HashPoolOptions options;
  options.threads = threads;
  options.window = 7;
  return options;
}

std::unique_ptr<HashPool::Cage> Cage() {
  auto cage = HashPool::Cage::Start({});
  EXPECT_TRUE(cage.ok()) << cage.status();
  return *std::move(cage);
}

TEST(HashPool, GivesBackEveryFileInOrderWhateverTheThreads) {
  const Scratch scratch;
  for (int i = 0; i < 200; ++i) {
    scratch.Write(std::to_string(1000 + i), std::string(static_cast<std::size_t>(i) * 997, 'x'));
  }
  for (const int threads : {1, 2, 5}) {
    HashPool pool(Threads(threads), Cage());
    std::jthread walker([&] { PushTree(pool, scratch.path()); });
    const std::vector<HashedFile> all = Drain(pool);
    ASSERT_EQ(all.size(), 200U);
    for (int i = 0; i < 200; ++i) {
      const HashedFile& one = all[static_cast<std::size_t>(i)];
      EXPECT_EQ(one.file.path, std::to_string(1000 + i));
      EXPECT_EQ(one.fingerprint.size_bytes, static_cast<std::uint64_t>(i) * 997);
    }
  }
}

TEST(HashPool, GivesAllNamesOfOneInodeTheSameFingerprint) {
  const Scratch scratch;
  scratch.Write("a", "the same bytes");
  for (int i = 0; i < 20; ++i) {
    std::filesystem::create_hard_link(scratch.At("a"), scratch.At("b" + std::to_string(i)));
  }
  scratch.Write("c", "other bytes");
  HashPool pool(Threads(3), Cage());
  std::jthread walker([&] { PushTree(pool, scratch.path()); });
  const std::vector<HashedFile> all = Drain(pool);
  ASSERT_EQ(all.size(), 22U);
  for (std::size_t i = 0; i < 21; ++i) {
    ASSERT_TRUE(all[i].fingerprint.digests.has_value());
    EXPECT_EQ(*all[i].fingerprint.digests, *all[0].fingerprint.digests);
  }
  // It was read once, and once only is the time told.
  EXPECT_EQ(
      std::count_if(all.begin(), all.begin() + 21,
                    [](const HashedFile& one) { return one.fingerprint.times.digest_ns > 0; }),
      1);
  EXPECT_NE(all[21].fingerprint.digests->sha256, all[0].fingerprint.digests->sha256);
}

// A program behind FUSE may give all its files one number: another file's fingerprint was told
// then.
TEST(HashPool, TrustsNoInodesOfOthers) {
  EXPECT_FALSE(InodesTellFilesApart(0x65735546));  // FUSE
  EXPECT_FALSE(InodesTellFilesApart(0x01021997));  // 9p
  EXPECT_FALSE(InodesTellFilesApart(0xFF534D42));  // CIFS
  EXPECT_FALSE(InodesTellFilesApart(static_cast<std::uint64_t>(
      static_cast<std::int64_t>(static_cast<std::int32_t>(0xFE534D42)))));  // SMB 2
  EXPECT_TRUE(InodesTellFilesApart(0xEF53));                                // ext4
  EXPECT_TRUE(InodesTellFilesApart(0x58465342));                            // XFS
  EXPECT_TRUE(InodesTellFilesApart(0x01021994));                            // tmpfs
}

// What became of one name between walk and reading was told of all names of its inode.
TEST(HashPool, AsksEachNameOfAnInodeUntilOneCanBeRead) {
  constexpr std::size_t kNames = 12;
  const std::vector<std::function<void(const std::string&)>> troubles = {
      [](const std::string& name) { std::filesystem::remove(name); },
      [](const std::string& name) {
        std::filesystem::remove(name);
        std::filesystem::create_symlink("elsewhere", name);
      },
      [](const std::string& name) {
        std::filesystem::remove(name);
        std::ofstream(name) << "something else";
      }};
  for (std::size_t trouble = 0; trouble < troubles.size(); ++trouble) {
    for (const int threads : {1, 3}) {
      SCOPED_TRACE(testing::Message() << "trouble " << trouble << ", threads " << threads);
      const Scratch scratch;
      scratch.Write("00", "the same bytes");
      for (std::size_t i = 1; i < kNames; ++i) {
        std::filesystem::create_hard_link(
            scratch.At("00"), scratch.At(i < 10 ? "0" + std::to_string(i) : std::to_string(i)));
      }
      std::vector<WalkedFile> walked;
      ASSERT_TRUE(Walk(scratch.path(), {}, [&walked](WalkedFile file) {
                    walked.push_back(std::move(file));
                    return true;
                  }).ok());
      ASSERT_EQ(walked.size(), kNames);
      for (const std::string name : {"00", "01", "05"}) troubles[trouble](scratch.At(name));
      HashPool pool(Threads(threads), Cage());
      std::jthread walker([&] {
        for (const WalkedFile& file : walked) pool.Push(file);
        pool.Close();
      });
      const std::vector<HashedFile> all = Drain(pool);
      ASSERT_EQ(all.size(), kNames);
      const hashing::Fingerprint& good = all[2].fingerprint;
      ASSERT_TRUE(good.digests.has_value()) << DispositionName(good.disposition);
      EXPECT_EQ(good.size_bytes, 14U);
      for (const std::size_t i : {3U, 4U, 6U, 11U}) {
        ASSERT_TRUE(all[i].fingerprint.digests.has_value()) << i;
        EXPECT_EQ(*all[i].fingerprint.digests, *good.digests) << i;
        EXPECT_EQ(all[i].file.kind, FileKind::kRegular) << i;
      }
      const hashing::Fingerprint& first = all[0].fingerprint;
      EXPECT_FALSE(first.digests.has_value() && *first.digests == *good.digests);
    }
  }
}

TEST(HashPool, AfterCancelTakesNothingAndEnds) {
  const Scratch scratch;
  for (int i = 0; i < 50; ++i) scratch.Write(std::to_string(100 + i), "x");
  HashPool pool(Threads(2), Cage());
  std::jthread walker([&] { PushTree(pool, scratch.path()); });
  HashedFile first;
  while (pool.Pop(first, std::chrono::seconds(1)) == HashPool::Popped::kNotYet) continue;
  pool.Cancel();
  const std::vector<HashedFile> rest = Drain(pool);
  EXPECT_EQ(first.file.path, "100");
  // What comes still follows the first without a gap.
  for (std::size_t i = 0; i < rest.size(); ++i) {
    EXPECT_EQ(rest[i].file.path, std::to_string(101 + i));
  }
  EXPECT_LE(rest.size(), 8U);
  EXPECT_FALSE(pool.Push(NamedFile(scratch.At("100"))));
}

// A stop waited for the end of the file that was being read, which took hours for one of a
// terabyte.
TEST(HashPool, AfterCancelALongFileIsGivenUp) {
  const Scratch scratch;
  scratch.Write("1", "x");
  std::filesystem::resize_file(scratch.Write("2", ""), std::uintmax_t{1} << 40);
  scratch.Write("3", "x");
  HashPool pool(Threads(2), Cage());
  std::jthread walker([&] { PushTree(pool, scratch.path()); });
  HashedFile first;
  while (pool.Pop(first, std::chrono::seconds(1)) == HashPool::Popped::kNotYet) continue;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  pool.Cancel();
  EXPECT_TRUE(Drain(pool).empty());
}

TEST(HashPool, TellsWhatIsNoFile) {
  const Scratch scratch;
  HashPool pool(Threads(1), Cage());
  WalkedFile fifo;
  fifo.path = "fifo";
  fifo.kind = FileKind::kNotRegular;
  fifo.detail = "named pipe";
  EXPECT_TRUE(pool.Push(fifo));
  EXPECT_TRUE(pool.Push(NamedFile(scratch.At("missing"))));
  EXPECT_TRUE(pool.Push(NamedFile(scratch.Write("empty", ""))));
  pool.Close();
  const std::vector<HashedFile> all = Drain(pool);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].fingerprint.disposition, hashing::Disposition::kNotRegular);
  EXPECT_EQ(all[0].fingerprint.detail, "named pipe");
  EXPECT_EQ(all[1].fingerprint.disposition, hashing::Disposition::kVanished);
  EXPECT_EQ(all[2].fingerprint.disposition, hashing::Disposition::kEmpty);
}

hashing::Fingerprint Picture(bool usable, bool coincide) {
  hashing::Fingerprint fingerprint;
  fingerprint.disposition = hashing::Disposition::kHashed;
  hashing::ViewFingerprint view;
  view.dialects_coincide = coincide;
  for (const auto dialect : {hashing::Dialect::kFull, hashing::Dialect::kCli512}) {
    hashing::DialectHashes hashes;
    hashes.dialect = dialect;
    hashes.quality = 100;
    hashes.usable = usable;
    hashes.orientations = true;
    for (std::size_t i = 0; i < hashing::kOrientationCount; ++i) {
      hashes.codes[i].fill(static_cast<std::uint8_t>(i));
    }
    view.hashes.push_back(hashes);
  }
  fingerprint.views.push_back(view);
  return fingerprint;
}

TEST(Evidence, AsksEveryOrientationOfEveryDialectOnce) {
  EXPECT_EQ(ToQuery(Picture(true, false)).codes_size(), 16);
  EXPECT_EQ(ToQuery(Picture(true, true)).codes_size(), 8);
  const v1::Fingerprint query = ToQuery(Picture(true, true));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(query.codes(i).orientation(), static_cast<v1::Orientation>(i + 1));
    EXPECT_EQ(query.codes(i).pdq(), std::string(32, static_cast<char>(i)));
  }
}

TEST(Evidence, ASmallPictureMeetsEntriesOfBothDialects) {
  const v1::Fingerprint small = ToQuery(Picture(true, true));
  for (const v1::Code& code : small.codes()) {
    EXPECT_EQ(code.dialect(), v1::DIALECT_UNSPECIFIED);
  }
  const v1::Fingerprint large = ToQuery(Picture(true, false));
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(large.codes(i).dialect(), i < 8 ? v1::DIALECT_FULL : v1::DIALECT_CLI512);
  }
}

TEST(Evidence, SendsNoCodeThatIsNoise) {
  EXPECT_EQ(ToQuery(Picture(false, false)).codes_size(), 0);
  EXPECT_EQ(ToEntry(Picture(false, false)).codes_size(), 0);
}

TEST(Evidence, KeepsOneCodeOfAnEntry) {
  const v1::Fingerprint entry = ToEntry(Picture(true, false));
  ASSERT_EQ(entry.codes_size(), 1);
  EXPECT_EQ(entry.codes(0).dialect(), v1::DIALECT_FULL);
  EXPECT_EQ(entry.codes(0).orientation(), v1::ORIENTATION_ORIGINAL);
}

TEST(Evidence, HasAWordForEveryDisposition) {
  for (int i = 0; i < hashing::kDispositionCount; ++i) {
    const auto disposition = static_cast<hashing::Disposition>(i);
    std::string name = v1::Disposition_Name(ToProto(disposition));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(name, "disposition_" + std::string(hashing::DispositionName(disposition)));
  }
}

}  // namespace
}  // namespace kith::scan
