// SPDX-License-Identifier: Apache-2.0
//
// What a store keeps of its indexes for the next start, and that it never believes it wrongly.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "server/catalog/internal/fact_files.h"
#include "server/catalog/internal/pieces.h"
#include "tests/faults/flip_byte.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;
using faults::FlipByte;

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
  EXPECT_EQ(Files("facts-"), 1u);
  EXPECT_GE(Files("segment-"), 1u);
  EXPECT_TRUE(fs::exists(IndexDir() + "/digests/digests.manifest"));
  for (const auto& file : fs::recursive_directory_iterator(IndexDir())) {
    const auto wanted = fs::is_directory(file) ? fs::perms::owner_all
                                               : fs::perms::owner_read | fs::perms::owner_write;
    EXPECT_EQ(fs::status(file.path()).permissions(), wanted) << file.path();
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

// What a start says while it takes long: of which part it speaks, and how far that is.
TEST_F(EngineKeepTest, AStartTellsHowFarItIs) {
  AddRun(1, 300);
  Close();
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> last;
  const auto start = [&] {
    last.clear();
    EngineOptions options{.store_dir = StoreDir(), .keep_from = 64, .progress = {}};
    options.progress = [&](const std::string& what, std::uint64_t done, std::uint64_t total) {
      EXPECT_GE(done, last[what].first) << what;
      last[what] = {done, total};
    };
    const auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
  };
  // Another disk: each file is compared with its checksums once.
  fs::rename(IndexDir(), Dir() + "/moved");
  fs::copy(Dir() + "/moved", IndexDir(), fs::copy_options::recursive);
  start();
  for (const char* what : {"codes", "digests", "identities"}) {
    EXPECT_GT(last[what].second, 0u) << what;
    EXPECT_EQ(last[what].first, last[what].second) << what;
  }
  EXPECT_FALSE(last.contains("index"));
  start();
  EXPECT_TRUE(last.empty());
  // No index: all is read from the catalog.
  fs::remove_all(IndexDir());
  start();
  ASSERT_TRUE(last.contains("index"));
  EXPECT_EQ(last["index"], std::pair(std::uint64_t{300}, std::uint64_t{300}));
  // A damaged segment: its codes are made again, of which nothing was said.
  start();
  for (const auto& file : fs::directory_iterator(IndexDir())) {
    if (file.path().extension() == ".codes") FlipByte(file.path(), file.file_size() / 2);
  }
  start();
  EXPECT_GT(last["missing codes"].second, 0u);
  EXPECT_EQ(last["missing codes"].first, last["missing codes"].second);
}

// Pieces of 2^18 entries were more files than those of which one is named that a disk does not
// give.
TEST(PiecesTest, WhatIsMissingComesBackInFewPieces) {
  using Ranges = std::vector<index::EntryRange>;
  EXPECT_EQ(catalog::PieceEntries(Ranges{}), catalog::kFeedEntries);
  EXPECT_EQ(catalog::PieceEntries(Ranges{{1, 1000}}), catalog::kFeedEntries);
  for (const std::uint64_t entries : {std::uint64_t{330'000'000}, std::uint64_t{1} << 32}) {
    const Ranges halves = {{1, entries / 2}, {entries / 2 + 1, entries}};
    EXPECT_EQ(catalog::EntriesIn(halves), entries);
    const std::uint64_t piece = catalog::PieceEntries(halves);
    std::uint64_t pieces = 0;
    for (const index::EntryRange& half : halves) {
      pieces += (catalog::EntriesIn({&half, 1}) + piece - 1) / piece;
    }
    EXPECT_LE(pieces, 130u);
  }
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

// What is in the index folder, by path.
std::vector<fs::path> AllFiles(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// An index that is read again from the tables, and is cut off near the end.
TEST_F(EngineKeepTest, ARebuildThatIsCutOffGoesOnWhereItWas) {
  for (std::uint64_t first = 1; first <= 1500; first += 300) AddRun(first, 300);
  Close();
  fs::remove_all(IndexDir());
  const auto contents = [](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string sound = contents(DatabasePath());
  std::string damaged = sound;
  const std::string word = "ref 1450";
  std::size_t found = 0;
  for (std::size_t at = damaged.find(word); at != std::string::npos; at = damaged.find(word, at)) {
    damaged[at + word.size() - 1] = 'x';
    ++found;
  }
  ASSERT_GT(found, 0u);
  const auto write = [&](const std::string& bytes) {
    std::ofstream(DatabasePath(), std::ios::binary | std::ios::trunc) << bytes;
  };
  write(damaged);
  const auto opened = Engine::Open({.store_dir = StoreDir(), .keep_from = 64, .progress = {}});
  ASSERT_TRUE(absl::IsDataLoss(opened.status())) << opened.status();
  // The batches before the damaged one are there, and nothing of it.
  std::ifstream manifest(IndexDir() + "/manifest");
  std::uint64_t last_entry = 0;
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream words(line);
    std::string kind;
    std::string file;
    std::uint64_t rows = 0;
    std::uint64_t first_entry = 0;
    words >> kind;
    if (kind == "segment") words >> file >> rows >> first_entry >> last_entry;
  }
  EXPECT_EQ(last_entry, 1200u);
  write(sound);
  Reopen();
  ExpectFound(1, 1500);
  EXPECT_TRUE(Alarms().empty());
}

TEST_F(EngineKeepTest, AnyFileMayBeDeletedOrDamaged) {
  AddRun(1, 400);
  AddRun(401, 300);
  Withdraw(7);
  Close();
  const std::vector<fs::path> files = AllFiles(IndexDir());
  EXPECT_GE(files.size(), 8u);  // manifest, segment, its mark, facts and their list, digests
  const std::string kept = Dir() + "/kept";
  fs::copy(IndexDir(), kept, fs::copy_options::recursive);
  for (const fs::path& file : files) {
    for (const bool removes : {true, false}) {
      SCOPED_TRACE(file.string() + (removes ? " is removed" : " is damaged"));
      Close();
      fs::remove_all(IndexDir());
      fs::copy(kept, IndexDir(), fs::copy_options::recursive);
      if (removes) {
        fs::remove(file);
      } else {
        std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
        const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
        bytes.seekg(middle);
        const int byte = bytes.get();
        bytes.seekp(middle);
        bytes.put(static_cast<char>(byte ^ 4));
      }
      Reopen();
      EXPECT_EQ(MatchOne(PdqQuery(Pdq(7))).total(), 0u);
      ExpectFound(30, 30);
      ExpectFound(670, 20);
      AddRun(30, 30);
      EXPECT_EQ(Verify().entries(), 700u);
      // And what was made again is taken.
      Reopen();
      ExpectFound(30, 10);
    }
  }
}

TEST_F(EngineKeepTest, AWithdrawalOfAnotherFutureSilencesNothing) {
  AddRun(1, 300);
  Close();
  fs::copy_file(DatabasePath(), Dir() + "/old.db");
  Reopen();
  Withdraw(9);
  AddRun(301, 300);  // so that the files hold the withdrawal
  Close();
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(DatabasePath() + suffix);
  fs::copy_file(Dir() + "/old.db", DatabasePath(), fs::copy_options::overwrite_existing);
  Reopen();
  EXPECT_EQ(MatchOne(DigestQuery(Sha256(Bytes(32, 9)))).total(), 1u);
  EXPECT_EQ(MatchOne(DigestQuery(Sha256(Bytes(32, 303)))).total(), 0u);
  ExpectFound(1, 20);
}

// A merge leaves out what was withdrawn; the mark stays, as no entry came.
TEST_F(EngineKeepTest, AWithdrawalOfAnotherFutureLeavesNothingOut) {
  AddRun(1, 300);
  Close();
  fs::copy_file(DatabasePath(), Dir() + "/old.db");
  Reopen();
  for (std::uint64_t entry = 1; entry <= 250; ++entry) Withdraw(entry);
  Close();
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(DatabasePath() + suffix);
  fs::copy_file(Dir() + "/old.db", DatabasePath(), fs::copy_options::overwrite_existing);
  Reopen();
  ExpectFound(1, 300);
}

// One file of each kind of which all bytes are read again: what mends one may do away with others.
std::vector<fs::path> OneOfEach(const std::string& folder) {
  std::map<std::string, fs::path> files;
  for (const fs::path& file : AllFiles(folder)) {
    const bool has_facts = file.filename().string().rfind("facts-", 0) == 0;
    if (file.extension() != ".codes" && file.extension() != ".run" && !has_facts) continue;
    files.emplace(file.parent_path().string() + (has_facts ? "facts" : ""), file);
  }
  std::vector<fs::path> each;
  for (const auto& [kind, file] : files) each.push_back(file);
  return each;
}

TEST_F(EngineKeepTest, VerifyFindsWhatTheDiskLostAndMendsIt) {
  AddRun(1, 400);
  Reopen();
  ASSERT_EQ(OneOfEach(IndexDir()).size(), 4u);
  for (std::size_t kind = 0; kind < 4; ++kind) {
    WaitForMerges();
    const fs::path file = OneOfEach(IndexDir())[kind];
    const std::string name = file.filename().string();
    SCOPED_TRACE(name);
    // Of facts: the words, and not the page before them.
    FlipByte(file, name.rfind("facts-", 0) == 0 ? 5000 : fs::file_size(file) / 2);
    const auto verified = Verify();
    EXPECT_FALSE(verified.ok());
    ASSERT_EQ(verified.problems_size(), 1) << verified.DebugString();
    EXPECT_THAT(verified.problems(0), ::testing::HasSubstr(name));
    ExpectFound(1, 60);
  }
  Withdraw(3);
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(3))).total(), 0u);
  ExpectFound(4, 60);
}

TEST_F(EngineKeepTest, ARunningStoreFindsWhatTheDiskLostByItself) {
  ScrubEvery(1);
  AddRun(1, 400);
  Reopen();
  std::size_t alarms = 0;
  for (std::size_t kind = 0; kind < 4; ++kind) {
    WaitForMerges();
    const fs::path file = OneOfEach(IndexDir())[kind];
    if (file.extension() != ".codes" && file.extension() != ".run") continue;
    SCOPED_TRACE(file.string());
    FlipByte(file, fs::file_size(file) / 2);
    // The file is told and gone, however long that takes here; an answer is never short meanwhile.
    const auto told = [&] {
      const std::vector<std::string> all = Alarms();
      return std::any_of(all.begin(), all.end(), [&](const std::string& alarm) {
        return alarm.find(file.filename().string()) != std::string::npos;
      });
    };
    while (!told() || fs::exists(file)) std::this_thread::yield();
    ++alarms;
    v1::MatchRequest request;
    *request.add_queries() = PdqQuery(Pdq(9));
    auto answer = engine().Match(request);
    while (absl::IsUnavailable(answer.status())) answer = engine().Match(request);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->results(0).total(), 1u);
  }
  EXPECT_GE(alarms, 2u);
  ExpectFound(1, 60);
}

}  // namespace
}  // namespace kith::server
