// SPDX-License-Identifier: Apache-2.0
//
// What a store keeps of its indexes for the next start, and that it never believes it wrongly.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "server/catalog/internal/fact_files.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;

class EngineKeepTest : public StoreTest {
 protected:
  EngineKeepTest() {
    KeepFrom(64);
    Reopen();
    AddSet("set");
  }
  // Entries first, first + 1, ...; every third one has a SHA-256 beside its code.
  void AddRun(std::uint64_t first, std::size_t count) {
    std::vector<v1::Entry> entries;
    for (std::uint64_t i = first; i < first + count; ++i) {
      entries.push_back(PdqEntry(Pdq(i), "ref " + std::to_string(i)));
      if (i % 3 == 0) entries.back().mutable_digests()->set_sha256(Bytes(32, i));
    }
    const auto added = Add("set", "", entries);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  void ExpectFound(std::uint64_t first, std::size_t count) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(i), 9))).total(), 1u) << i;
      if (i % 3 == 0) {
        EXPECT_EQ(MatchOne(DigestQuery(Sha256(Bytes(32, i)))).total(), 1u) << i;
      }
    }
    const auto verified = Verify();
    EXPECT_TRUE(verified.ok()) << verified.DebugString();
  }
  std::size_t Files(const std::string& prefix) {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(IndexDir())) {
      count += file.path().filename().string().rfind(prefix, 0) == 0 ? 1 : 0;
    }
    return count;
  }
};

TEST_F(EngineKeepTest, AStartReadsWhatIsKept) {
  AddRun(1, 300);
  AddRun(301, 10);
  AddRun(311, 200);
  Withdraw(5);
  Close();
  EXPECT_EQ(fs::status(IndexDir()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(Files("facts-"), 2u);
  EXPECT_GE(Files("segment-"), 1u);
  for (const auto& file : fs::directory_iterator(IndexDir())) {
    EXPECT_EQ(fs::status(file.path()).permissions(), fs::perms::owner_read | fs::perms::owner_write)
        << file.path();
  }
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(5))).total(), 0u);
  ExpectFound(6, 505);
  // What is there already is known to be there, by digest and by identity.
  AddRun(6, 20);
  EXPECT_EQ(Verify().entries(), 510u);
  // Nothing is written by a start that finds everything.
  const auto before = fs::last_write_time(IndexDir());
  Reopen();
  EXPECT_EQ(fs::last_write_time(IndexDir()), before);
}

TEST_F(EngineKeepTest, AStoreFromABackupDoesNotBelieveTheIndexOfItsFuture) {
  AddRun(1, 100);
  Close();
  fs::copy_file(DatabasePath(), Dir() + "/old.db");
  Reopen();
  AddRun(101, 100);
  Close();
  const auto put_back = [&] {
    Close();
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(DatabasePath() + suffix);
    fs::copy_file(Dir() + "/old.db", DatabasePath(), fs::copy_options::overwrite_existing);
    Reopen();
  };
  put_back();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(150))).total(), 0u);
  ExpectFound(1, 100);
  // Another future of the same length, with the index of the first one in its folder.
  AddRun(101, 100);
  Close();
  fs::copy(IndexDir(), Dir() + "/index of the first", fs::copy_options::recursive);
  put_back();
  AddRun(1001, 100);
  Close();
  fs::remove_all(IndexDir());
  fs::rename(Dir() + "/index of the first", IndexDir());
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(150))).total(), 0u);
  ExpectFound(1001, 100);
}

TEST_F(EngineKeepTest, ABackupLeavesTheIndexOut) {
  AddRun(1, 100);
  v1::BackupStoreRequest request;
  request.set_path(Dir() + "/backup");
  ASSERT_TRUE(engine().BackupStore(request).ok());
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(Dir() + "/backup")) {
    names.push_back(file.path().filename().string());
  }
  EXPECT_THAT(names, ::testing::ElementsAre("kith.db"));
}

TEST_F(EngineKeepTest, WhatCannotBeKeptIsServedAllTheSame) {
  Close();
  fs::remove_all(IndexDir());
  { std::ofstream(IndexDir()) << "in the way"; }
  Reopen();
  AddRun(1, 200);
  ExpectFound(1, 200);
  Reopen();
  ExpectFound(1, 200);
}

TEST(FactFilesTest, AreReadBackAndDamageIsRefused) {
  catalog::IndexFeed feed;
  for (std::uint64_t i = 0; i < 20; ++i) {
    feed.facts.push_back({.hash_set = 3,
                          .series = static_cast<std::uint32_t>(i),
                          .victim_identified = static_cast<std::uint8_t>(i % 3),
                          .ambiguous = i % 2 == 0});
    feed.digests[i % 4] += Bytes(i % 4 == 1 ? 20 : i % 4 == 2 ? 32 : 16, i);
    feed.digest_entries[i % 4].push_back(100 + i);
  }
  feed.dialects[3] = 5;
  const std::string bytes = catalog::FormatFacts(100, feed);
  const index::EntryRange range{.first_entry = 100, .last_entry = 119};
  const auto read = catalog::ParseFacts(range, bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->digests, feed.digests);
  EXPECT_EQ(read->digest_entries, feed.digest_entries);
  EXPECT_EQ(read->dialects, feed.dialects);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(read->facts[i].series, i);
    EXPECT_EQ(read->facts[i].victim_identified, i % 3);
    EXPECT_EQ(read->facts[i].ambiguous, i % 2 == 0);
  }
  EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFacts({1, 20}, bytes).status()));
  const catalog::FactList list{
      .mark = "1 2 3", .identity_seed = 77, .files = {{1, 5}, {9, 9}, {10, 40}}};
  const std::string list_bytes = catalog::FormatFactList(list);
  const auto read_list = catalog::ParseFactList(list_bytes);
  ASSERT_TRUE(read_list.ok()) << read_list.status();
  EXPECT_EQ(read_list->mark, list.mark);
  EXPECT_EQ(read_list->identity_seed, 77u);
  EXPECT_EQ(read_list->files, list.files);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFacts(range, bad).status())) << at;
    EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFacts(range, bytes.substr(0, at)).status())) << at;
  }
  for (std::size_t at = 0; at < list_bytes.size(); ++at) {
    std::string bad = list_bytes;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(catalog::ParseFactList(bad).status())) << at;
  }
}

}  // namespace
}  // namespace kith::server
