// SPDX-License-Identifier: Apache-2.0
//
// What the catalog tells of its entries, in memory and in files that take its place.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "server/catalog/entry_table.h"
#include "server/catalog/internal/fact_files.h"
#include "server/catalog/internal/pieces.h"
#include "tests/server/engine_import_fixture.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;

class EngineFactsTest : public EngineImportTest {
 protected:
  EngineFactsTest() {
    KeepFrom(64);
    Reopen();
    AddSet("set");
  }
  // With the MD5 of the numbers first, first + 1, and so on.
  static std::vector<v1::Entry> Md5Entries(std::uint64_t first, std::size_t count) {
    std::vector<v1::Entry> entries;
    entries.reserve(count);
    for (std::uint64_t i = first; i < first + count; ++i) {
      v1::Digests digests;
      digests.set_md5(Bytes(16, i));
      entries.push_back(DigestEntry(digests));
    }
    return entries;
  }
  std::size_t Files(const std::string& prefix) const {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(IndexDir())) {
      count += file.path().filename().string().rfind(prefix, 0) == 0 ? 1 : 0;
    }
    return count;
  }
};

// Many blocks of facts, so that what is kept of them is more than the last one.
TEST_F(EngineFactsTest, FactsOfManyEntriesAreMapped) {
  constexpr std::uint64_t kEntries = 70'000;
  AddSeries("s");
  AddSet("other");
  for (std::uint64_t first = 0; first < kEntries; first += 35'000) {
    const std::vector<v1::Entry> entries = Md5Entries(first, 35'000);
    ASSERT_TRUE(Add(first == 0 ? "set" : "other", first == 0 ? "s" : "", entries).ok());
  }
  Withdraw(66'000);
  v1::MoveEntriesRequest move;
  move.set_series("s");
  move.add_entry_ids(69'000);
  ASSERT_TRUE(engine().MoveEntries(move).ok());
  const auto expect = [&](std::uint64_t more) {
    const auto verified = Verify();
    EXPECT_TRUE(verified.ok()) << verified.DebugString();
    EXPECT_EQ(MatchIds(DigestQuery(Md5(Bytes(16, 65'999)))), std::vector<std::uint64_t>());
    EXPECT_EQ(MatchIds(DigestQuery(Md5(Bytes(16, 68'999)))), std::vector<std::uint64_t>{69'000});
    v1::GetSeriesRequest which;
    which.set_code("s");
    const auto series = engine().GetSeries(which);
    ASSERT_TRUE(series.ok());
    EXPECT_EQ(series->entries(), 35'001u);
    const auto sets = engine().ListHashSets({});
    ASSERT_TRUE(sets.ok());
    EXPECT_EQ(sets->hash_sets(0).entries() + sets->hash_sets(1).entries(), kEntries - 1 + more);
  };
  expect(0);
  Reopen();
  EXPECT_EQ(Files("facts-"), 2u);
  expect(0);
  // Entries that go on in a block that is mapped.
  ASSERT_TRUE(Add("set", "", Md5Entries(kEntries, 100)).ok());
  Reopen();
  expect(100);
}

// A batch so long that the index is told of it from the tables, block by block, which searches look
// at meanwhile.
TEST_F(EngineFactsTest, ALongBatchIsLeftToFilesWhileItIsSearched) {
  constexpr std::uint64_t kEntries = catalog::kFeedEntries + 1000;
  AddSeries("s");
  ASSERT_TRUE(Add("set", "s", Md5Entries(0, 100)).ok());
  std::atomic<bool> done{false};
  std::uint64_t searches = 0;
  std::thread reader([&] {
    for (; !done; ++searches) {
      const std::uint64_t i = searches % 100;
      EXPECT_EQ(MatchIds(DigestQuery(Md5(Bytes(16, i)))), std::vector<std::uint64_t>{i + 1});
    }
  });
  constexpr std::uint64_t kAtOnce = 40'000;
  const std::string id = Begin("set");
  std::uint64_t batches = 0;
  for (std::uint64_t first = 100; first < kEntries; first += kAtOnce) {
    const std::uint64_t count = std::min(kAtOnce, kEntries - first);
    EXPECT_TRUE(Send(id, batches++, Md5Entries(first, count)).ok());
  }
  const auto committed = Commit(id, batches);
  done = true;
  reader.join();
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_GT(searches, 0U);
  EXPECT_EQ(Files("facts-"), kEntries / catalog::EntryTable::kBlockEntries + 1);
  Withdraw(5);
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(MatchIds(DigestQuery(Md5(Bytes(16, 4)))), std::vector<std::uint64_t>());
    EXPECT_EQ(MatchIds(DigestQuery(Md5(Bytes(16, kEntries - 1)))),
              std::vector<std::uint64_t>{kEntries});
    const auto verified = Verify();
    EXPECT_TRUE(verified.ok()) << verified.DebugString();
    EXPECT_EQ(verified.entries(), kEntries);
    Reopen();
  }
}

TEST(FactFilesTest, ListAndHeadAreReadBackAndDamageIsRefused) {
  constexpr std::uint64_t kBlock = catalog::EntryTable::kBlockEntries;
  const catalog::FactList list{
      .mark = "1 2 3",
      .files = {{.block = 0, .serial = 7, .end = kBlock, .stamp = {1, 2, 3}},
                {.block = 1, .serial = 1, .end = kBlock + 5, .stamp = {4, 5, 6}}}};
  const std::string list_bytes = catalog::FormatFactList(list);
  const auto read_list = catalog::ParseFactList(list_bytes);
  ASSERT_TRUE(read_list.ok()) << read_list.status();
  EXPECT_EQ(read_list->mark, list.mark);
  EXPECT_EQ(read_list->files, list.files);
  const catalog::FactHead head{.block = 1,
                               .end = kBlock + 5,
                               .words_hash = 99,
                               .summary = {.sets = {{3, {2, 1}}, {4, {3, 7}}}, .series = {{9, 4}}}};
  const std::string bytes = catalog::FormatFactHead(head);
  const auto read = catalog::ParseFactHead(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->end, head.end);
  EXPECT_EQ(read->words_hash, 99u);
  EXPECT_EQ(read->summary.sets, head.summary.sets);
  EXPECT_EQ(read->summary.series, head.summary.series);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFactHead(bad).status())) << at;
    EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFactHead(bytes.substr(0, at)).status())) << at;
  }
  for (std::size_t at = 0; at < list_bytes.size(); ++at) {
    std::string bad = list_bytes;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFactList(bad).status())) << at;
  }
}

// What is made again was put into the pages of the file that cannot be read.
TEST(EntryTableTest, ABlockOfAFileThatIsGoneIsReplaced) {
  TempDir dir;
  const std::string path = dir.path() + "/words";
  { std::ofstream(path) << std::string(catalog::EntryTable::kBlockBytes, '\0'); }
  catalog::EntryTable table;
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  ASSERT_TRUE(table.Map(fd, 0, 1000));
  ASSERT_EQ(::ftruncate(fd, 0), 0);  // its pages have no file behind them: to touch them kills
  ::close(fd);
  std::vector<catalog::EntryFacts> facts(999);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    facts[i] = {.hash_set = 7, .series = static_cast<std::uint32_t>(i + 1), .withdrawn = i == 8};
  }
  EXPECT_FALSE(table.Replace(0, std::span(facts).first(998)));
  EXPECT_FALSE(table.Replace(1, facts));
  ASSERT_TRUE(table.Replace(0, facts));
  EXPECT_EQ(table.Size(), 1000u);
  EXPECT_EQ(table.Get(999).series, 999u);
  EXPECT_TRUE(table.Get(9).withdrawn);
  EXPECT_FALSE(table.Get(10).withdrawn);
  table.Withdraw(10);
  EXPECT_TRUE(table.Get(10).withdrawn);
  ASSERT_TRUE(table.Append({.hash_set = 1}));
  EXPECT_EQ(table.Get(1000).hash_set, 1u);
}

// The memory of an import of any size would grow with it.
TEST(EntryTableTest, AFullBlockIsLeftToItsFile) {
  constexpr std::uint64_t kBlock = catalog::EntryTable::kBlockEntries;
  catalog::EntryTable table;
  for (std::uint64_t entry = 1; entry < kBlock + 2; ++entry) {
    ASSERT_TRUE(table.Append({.hash_set = static_cast<std::uint32_t>(entry % 1000)}));
  }
  TempDir dir;
  const std::string path = dir.path() + "/words";
  const auto words = table.WordsOfBlock(0);
  {
    std::ofstream(path).write(reinterpret_cast<char*>(words.get()),
                              catalog::EntryTable::kBlockBytes);
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_FALSE(table.LeaveToFile(1, fd, 0)) << "it is not full";
  ASSERT_TRUE(table.LeaveToFile(0, fd, 0));
  for (std::uint64_t entry = 1; entry < kBlock + 2; ++entry) {
    ASSERT_EQ(table.Get(entry).hash_set, entry % 1000) << entry;
  }
  table.SetSeries(70, 9);
  EXPECT_EQ(table.Get(70).series, 9u);
  // It is the file's words that are read.
  constexpr std::uint64_t kAt = 40000;
  ASSERT_EQ(::pwrite(fd, &words[1], sizeof(words[1]), kAt * sizeof(words[1])),
            static_cast<ssize_t>(sizeof(words[1])));
  EXPECT_EQ(table.Get(kAt).hash_set, 1u);
  // A file does not tell what is withdrawn.
  table.Withdraw(70);
  EXPECT_FALSE(table.LeaveToFile(0, fd, 0));
  EXPECT_TRUE(table.Get(70).withdrawn);
  ::close(fd);
}

}  // namespace
}  // namespace kith::server
