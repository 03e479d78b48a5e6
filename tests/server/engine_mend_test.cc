// SPDX-License-Identifier: Apache-2.0
//
// How a store makes anew what a disk lost of its index, and that nothing of it is believed before.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <new>
#include <thread>

#include "server/catalog/batch.h"
#include "server/catalog/catalog.h"
#include "server/catalog/entry_table.h"
#include "tests/faults/flip_byte.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;
using faults::FlipByte;
using ::testing::HasSubstr;

// The file whose name begins or ends so.
fs::path FileIn(const std::string& folder, const std::string& with) {
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with(with) || name.ends_with(with)) return file.path();
  }
  ADD_FAILURE() << "no file " << with;
  return {};
}

// The lowest byte of what a file of facts tells of an entry: 1 withdrawn, 2 ambiguous, 4 and 8
// victim-identified; the three behind it are the set.
constexpr std::size_t FactsOf(std::uint64_t entry) { return 4096 + entry * 8; }

class EngineMendTest : public StoreTest {
 protected:
  static constexpr std::size_t kHeaderBytes = 4096;

  EngineMendTest() {
    KeepFrom(64);
    Reopen();
    AddSet("set");
    AddSeries("series");
    AddRun(1, 400);
    Settle();
  }
  // What is kept is in files, and merges that are under way have put theirs in place.
  void Settle() {
    Reopen();
    WaitForMerges();
  }
  static v1::Digests Digest(std::uint64_t i) { return Md5(Bytes(16, i)); }
  // Entries first, first + 1, ...: each with a code and an MD5.
  void AddRun(std::uint64_t first, std::size_t count) {
    std::vector<v1::Entry> entries;
    for (std::uint64_t i = first; i < first + count; ++i) {
      entries.push_back(PdqEntry(Pdq(i), "ref " + std::to_string(i)));
      *entries.back().mutable_digests() = Digest(i);
    }
    const auto added = Add("set", "series", entries);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  absl::StatusOr<v1::MatchResponse> Look(const v1::Fingerprint& query) {
    v1::MatchRequest request;
    *request.add_queries() = query;
    return engine().Match(request);
  }
  // Waits for the caretaker.
  std::uint64_t Found(const v1::Fingerprint& query) {
    auto answer = Look(query);
    while (absl::IsUnavailable(answer.status())) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      answer = Look(query);
    }
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->results(0).total() : 0;
  }
  // Of blocks of facts there is one.
  [[nodiscard]] fs::path Facts() const { return FileIn(IndexDir(), "facts-"); }
  [[nodiscard]] fs::path Codes() const { return FileIn(IndexDir(), ".codes"); }
  // Which of the alarms from `first` on has these words; the number of all if none has.
  [[nodiscard]] std::size_t Told(const std::string& words, std::size_t first = 0) {
    const std::vector<std::string> all = Alarms();
    while (first < all.size() && all[first].find(words) == std::string::npos) ++first;
    return first;
  }
  // Of one look: an alarm may come between two.
  [[nodiscard]] bool IsTold(const std::string& words, std::size_t first = 0) {
    const std::vector<std::string> all = Alarms();
    return std::any_of(
        all.begin() + static_cast<std::ptrdiff_t>(std::min(first, all.size())), all.end(),
        [&](const std::string& alarm) { return alarm.find(words) != std::string::npos; });
  }
  [[nodiscard]] std::string DigestDir() const { return IndexDir() + "/digests"; }
};

// A mend that failed, and a commit behind it: what was UNAVAILABLE became UNRECOGNIZED, for good.
TEST_F(EngineMendTest, AFailedMendMakesNothingWhole) {
  FlipByte(FileIn(DigestDir(), ".run"), kHeaderBytes + 10);
  fs::rename(DigestDir(), Dir() + "/away");
  { std::ofstream(DigestDir()) << "in the way"; }
  EXPECT_FALSE(engine().VerifyStore({}).ok());
  Switch("set", false);
  Switch("set", true);
  EXPECT_TRUE(absl::IsUnavailable(Look(DigestQuery(Digest(9))).status()));
  // The caretaker tries it again and again, and says so once.
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const std::vector<std::string> alarms = Alarms();
  const auto told = std::count_if(alarms.begin(), alarms.end(), [](const std::string& alarm) {
    return alarm.find("the files of digests are made") != std::string::npos;
  });
  EXPECT_GE(told, 1);
  EXPECT_LE(told, 2);
  fs::remove(DigestDir());
  fs::rename(Dir() + "/away", DigestDir());
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  Reopen();
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  EXPECT_TRUE(Verify().ok());
}

// The table of facts told which entries were withdrawn, and was mended last: what was made again
// lacked an entry for good, or held one that is withdrawn.
TEST_F(EngineMendTest, DamagedFactsAreNotAskedWhatIsWithdrawn) {
  // Nothing is withdrawn yet: a page of facts that was written to is the process's own.
  FlipByte(Facts(), FactsOf(9), 1);
  FlipByte(Codes(), fs::file_size(Codes()) / 2);
  FlipByte(FileIn(DigestDir(), ".run"), kHeaderBytes + 10);
  EXPECT_FALSE(Verify().ok());
  EXPECT_EQ(Found(PdqQuery(Pdq(9))), 1u);
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  EXPECT_TRUE(Verify().ok());
  Withdraw(11);
  Settle();
  FlipByte(Codes(), fs::file_size(Codes()) / 2);
  FlipByte(FileIn(DigestDir(), ".run"), kHeaderBytes + 10);
  EXPECT_FALSE(Verify().ok());
  EXPECT_EQ(Found(PdqQuery(Pdq(11))), 0u);
  EXPECT_EQ(Found(DigestQuery(Digest(11))), 0u);
  EXPECT_EQ(Found(DigestQuery(Digest(12))), 1u);
  EXPECT_TRUE(Verify().ok());
}

// A round went on to its end before anything was mended, which may take hours.
TEST_F(EngineMendTest, WhatIsFoundIsMendedBeforeTheCheckGoesOn) {
  for (const bool by_itself : {false, true}) {
    SCOPED_TRACE(by_itself);
    // Long enough that both are damaged before the first round begins.
    ScrubEvery(by_itself ? 1500 : 60'000);
    Settle();
    const std::size_t before = Alarms().size();
    const std::string codes = Codes().filename().string();
    const std::string facts = Facts().filename().string();
    FlipByte(Facts(), FactsOf(9));
    FlipByte(Codes(), fs::file_size(Codes()) / 2);
    if (!by_itself) {
      EXPECT_FALSE(Verify().ok());
    }
    while (!IsTold("are made again from the catalog", before)) std::this_thread::yield();
    EXPECT_LT(Told(facts, before), Told("what is told of entries", before));
    EXPECT_LT(Told("what is told of entries", before), Told(codes, before));
    EXPECT_LT(Told(codes, before), Told("are made again from the catalog", before));
    EXPECT_EQ(Found(PdqQuery(Pdq(9))), 1u);
  }
}

// A set that does not exist was counted with, far behind the end of the counts.
TEST_F(EngineMendTest, FactsThatTellOfNoSetAreDamage) {
  FlipByte(Facts(), FactsOf(9) + 3, 1);
  Withdraw(9);
  EXPECT_EQ(Found(PdqQuery(Pdq(10))), 1u);
  EXPECT_EQ(Found(PdqQuery(Pdq(9))), 0u);
  EXPECT_LT(Told("what is told of entries"), Alarms().size());
  EXPECT_TRUE(Verify().ok());
}

// The last block was written again from the mapping of its file: rot got a right checksum.
TEST_F(EngineMendTest, RotIsNotWrittenAgainUnderARightChecksum) {
  const std::string facts = Facts().filename().string();
  FlipByte(Facts(), FactsOf(9), 2);
  AddRun(401, 300);
  EXPECT_LT(Told(facts), Alarms().size());
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  Reopen();
  const auto verified = Verify();
  EXPECT_TRUE(verified.ok()) << verified.DebugString();
  EXPECT_EQ(verified.entries(), 700u);
}

// Everything was UNAVAILABLE as long as the folder was full, though what is told was right again.
TEST_F(EngineMendTest, FactsThatCannotBeKeptAreRightAllTheSame) {
  const fs::path facts = Facts();
  FlipByte(facts, FactsOf(9), 1);
  fs::create_directory(IndexDir() + "/facts-0-2.new");
  const auto verified = Verify();
  EXPECT_EQ(verified.problems_size(), 1) << verified.DebugString();
  const auto answer = Look(DigestQuery(Digest(9)));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->results(0).total(), 1u);
  EXPECT_FALSE(fs::exists(facts));
  fs::remove(IndexDir() + "/facts-0-2.new");
  Reopen();
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  EXPECT_TRUE(Verify().ok());
}

class CatalogMendTest : public ::testing::Test {
 protected:
  CatalogMendTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    catalog::CatalogOptions options;
    options.store_dir = dir_.path() + "/store";
    options.keep_from = 64;
    options.scrubbing.bytes_a_second = 0;  // no caretaker
    options.after_commit = [this] {
      if (is_armed_) throw std::bad_alloc();
    };
    auto store = catalog::Catalog::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  absl::Status AddRun(std::uint64_t first, std::uint64_t count) {
    std::vector<v1::Entry> entries;
    for (std::uint64_t i = first; i < first + count; ++i) {
      entries.push_back(DigestEntry(Md5(Bytes(16, i))));
    }
    std::vector<const v1::Entry*> pointers;
    for (const v1::Entry& entry : entries) pointers.push_back(&entry);
    return store_->AddEntries("list", "", pointers).status();
  }
  void Fill() {
    v1::HashSet set;
    set.set_name("list");
    ASSERT_TRUE(store_->AddHashSet(set).ok());
    ASSERT_TRUE(AddRun(1, 300).ok());
    Reopen();
  }
  [[nodiscard]] std::size_t Find(std::uint64_t i) const {
    const std::string digest = Bytes(16, i);
    const std::array<std::string_view, 1> query = {digest};
    const auto found = store_->digests().Find(index::DigestKind::kMd5, query);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->front().size() : 0;
  }
  [[nodiscard]] std::string IndexDir() const { return dir_.path() + "/store/index"; }

  TempDir dir_;
  bool is_armed_ = false;
  std::unique_ptr<catalog::Catalog> store_;
};

// A mend of an index that lacks a recorded change named it as if it were there.
TEST_F(CatalogMendTest, AnIndexThatLacksAChangeIsNotMendedUnderItsMark) {
  Fill();
  is_armed_ = true;
  EXPECT_TRUE(absl::IsUnavailable(AddRun(301, 1)));
  is_armed_ = false;
  FlipByte(FileIn(IndexDir() + "/digests", ".run"), 4096 + 10);
  const auto inspected = store_->Inspect();
  EXPECT_TRUE(absl::IsUnavailable(inspected.status())) << inspected.status();
  Reopen();
  EXPECT_EQ(Find(9), 1u);
  EXPECT_EQ(Find(301), 1u);
}

// Who writes asks the facts which entries are withdrawn: "already there" may be said of one that
// is. A check waited for the writer before it looked at facts at all.
TEST_F(CatalogMendTest, NothingIsWrittenWhileFactsAreDamaged) {
  Fill();
  auto batch = store_->BeginBatch("list", "", {}, {});
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_TRUE((*batch)->Add(DigestEntry(Md5(Bytes(16, 9999)))).ok());
  const fs::path facts = FileIn(IndexDir(), "facts-");
  FlipByte(facts, FactsOf(9), 1);
  absl::StatusOr<catalog::Inspection> inspected = absl::UnknownError("not yet");
  std::thread check([&] { inspected = store_->Inspect(); });
  while (store_->Now().ok() || fs::exists(facts)) std::this_thread::yield();
  const absl::Status refused = (*batch)->Commit();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("again"));
  // Which entries are a set's is asked of the facts as well: some would be left out without a word.
  const absl::Status read = store_->ForEachEntry(
      1, 1, INT64_MAX, [](const v1::Entry& /*entry*/) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsUnavailable(read)) << read;
  batch->reset();
  check.join();
  ASSERT_TRUE(inspected.ok()) << inspected.status();
  EXPECT_EQ(inspected->problems.size(), 1u);
  EXPECT_TRUE(store_->Now().ok());
  EXPECT_EQ(Find(9999), 0u);
  EXPECT_TRUE(AddRun(9999, 1).ok());
  EXPECT_EQ(Find(9999), 1u);
  EXPECT_TRUE(store_->Inspect()->problems.empty());
}

}  // namespace
}  // namespace kith::server
