// SPDX-License-Identifier: Apache-2.0
//
// The way back from what is known to what was seized, against a plain look at every file.
#include "server/evidence_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/schema.h"
#include "server/catalog/schema.h"
#include "tests/server/casework_fixture.h"

namespace kith::server {
namespace {

using casework::Ledger;
using testing::AddCode;
using testing::Must;
using testing::Other;
using testing::PdqOf;
using testing::Picture;

constexpr int kRadius = 31;

class EvidenceIndexTest : public ::testing::Test {
 protected:
  EvidenceIndexTest()
      : database_(Must(catalog::Database::Open({.path = "test",
                                                .durability = catalog::Durability::kMemory,
                                                .migrations = casework::CaseworkMigrations()}))),
        ledger_(database_.get(), &directory_) {
    std::string name = (std::filesystem::temp_directory_path() / "kith-evidence-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) abort();
    store_ = name;
    run_ = Must(ledger_.StartRun("LKA/1", 1, "/seized", std::nullopt));
  }
  ~EvidenceIndexTest() override { std::filesystem::remove_all(store_); }

  [[nodiscard]] std::string Folder() const { return store_ + "/evidence"; }

  void Record(const std::vector<v1::EvidenceFile>& files) {
    std::vector<const v1::EvidenceFile*> pointers;
    for (const v1::EvidenceFile& file : files) pointers.push_back(&file);
    v1::MatchResult nothing;
    nothing.set_verdict(v1::VERDICT_UNRECOGNIZED);
    nothing.set_rule("nothing matches");
    Must(ledger_.Record(run_, pointers, std::vector(files.size(), nothing), 1));
  }
  std::uint64_t FileOf(std::uint64_t picture) {
    auto read = Must(database_->BeginRead());
    auto row = read.Prepare("SELECT id FROM evidence_file WHERE sha256 = ?1");
    row.Bind(catalog::BlobView{testing::Sha256Of(picture)});
    return Must(row.Step()) ? row.Id(0) : 0;
  }

  static v1::Entry ByCode(std::uint64_t picture, int bits = 0) {
    v1::Entry entry;
    v1::Fingerprint fingerprint;
    AddCode(fingerprint, PdqOf(picture, bits));
    *entry.mutable_codes() = fingerprint.codes();
    return entry;
  }
  static v1::Entry ByDigest(std::uint64_t picture) {
    v1::Entry entry;
    entry.mutable_digests()->set_sha256(testing::Sha256Of(picture));
    return entry;
  }
  static std::vector<std::uint64_t> Found(EvidenceIndex& index, const v1::Entry& entry) {
    return Must(index.FilesNear({&entry, 1}, kRadius));
  }

  std::string store_;
  catalog::Directory directory_;
  std::unique_ptr<catalog::Database> database_;
  Ledger ledger_;
  casework::Run run_;
};

TEST_F(EvidenceIndexTest, FindsWhatIsThereWhileFilesComeAndAreReadAgain) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  EvidenceIndex index(&ledger_, Folder());
  std::map<std::uint64_t, bool> has_codes;  // by picture
  std::uint64_t next = 1;
  for (int round = 0; round < 12; ++round) {
    std::vector<v1::EvidenceFile> files;
    for (int i = 0; i < 8; ++i) {
      if (random() % 3 == 0 && !has_codes.empty()) {
        // One that was there, perhaps without codes, is read whole.
        auto known = has_codes.begin();
        std::advance(known, random() % has_codes.size());
        known->second = true;
        files.push_back(Picture(absl::StrCat("again", round, ".", i), known->first));
        continue;
      }
      const std::uint64_t picture = next++;
      has_codes[picture] = random() % 2 == 0;
      const std::string path = absl::StrCat("new", picture);
      files.push_back(has_codes[picture] ? Picture(path, picture)
                                         : Other(path, v1::DISPOSITION_DECODER_TIMEOUT, picture));
    }
    Record(files);
    for (const auto& [picture, coded] : has_codes) {
      const std::vector<std::uint64_t> file = {FileOf(picture)};
      EXPECT_EQ(Found(index, ByDigest(picture)), file) << picture;
      const auto near = Found(index, ByCode(picture, kRadius));
      EXPECT_EQ(near, coded ? file : std::vector<std::uint64_t>()) << picture;
      EXPECT_THAT(Found(index, ByCode(picture, kRadius + 1)), ::testing::IsEmpty()) << picture;
    }
  }
}

TEST_F(EvidenceIndexTest, ManyCodesLieInFilesThatEndWithIt) {
  // What a program that was killed has left is of no use.
  std::filesystem::create_directories(Folder() + "/codes");
  std::filesystem::create_directories(Folder() + "/old");
  std::mt19937_64 random(3);
  {
    EvidenceIndex index(&ledger_, Folder());
    EXPECT_FALSE(std::filesystem::exists(Folder()));
    std::vector<v1::EvidenceFile> files;
    for (std::uint64_t picture = 1; picture <= 5000; ++picture) {
      v1::EvidenceFile file = Picture(absl::StrCat("p", picture), picture);
      for (int turn = 1; turn < 16; ++turn) {
        AddCode(*file.mutable_fingerprint(), testing::Bytes32(random(), 5));
      }
      files.push_back(std::move(file));
    }
    Record(files);
    for (const std::uint64_t picture : {1, 2500, 5000}) {
      const std::vector<std::uint64_t> file = {FileOf(picture)};
      EXPECT_EQ(Found(index, ByCode(picture, 9)), file);
      EXPECT_EQ(Found(index, ByDigest(picture)), file);
    }
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Folder())) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    EXPECT_GT(bytes, 65536U * 32);
    EXPECT_FALSE(std::filesystem::exists(Folder() + "/old"));

    index.Forget();
    EXPECT_FALSE(std::filesystem::exists(Folder()));
    const std::vector<std::uint64_t> file = {FileOf(2500)};
    EXPECT_EQ(Found(index, ByCode(2500, 9)), file);
    EXPECT_TRUE(std::filesystem::exists(Folder()));
  }
  EXPECT_FALSE(std::filesystem::exists(Folder()));
}

// It is made anew where it is damaged, and not for a question that it cannot answer.
TEST_F(EvidenceIndexTest, AnErrorThatIsNoDamageCostsNoIndex) {
  Record({Picture("a", 1)});
  EvidenceIndex index(&ledger_, Folder());
  ASSERT_EQ(Found(index, ByCode(1)), (std::vector<std::uint64_t>{1}));
  const std::string mark = Folder() + "/still-there";
  std::filesystem::create_directory(mark);
  const v1::Entry entry = ByCode(1);
  EXPECT_TRUE(absl::IsInvalidArgument(index.FilesNear({&entry, 1}, 257).status()));
  EXPECT_TRUE(std::filesystem::exists(mark));
  EXPECT_EQ(Found(index, ByCode(1)), (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(std::filesystem::exists(mark));
}

// The search under way may have begun before the purge; none that begins later knows of it.
TEST_F(EvidenceIndexTest, APurgeDuringASearchLeavesNothing) {
  Record({Picture("a", 1), Picture("b", 2)});
  EvidenceIndex index(&ledger_, Folder());
  ASSERT_EQ(Found(index, ByCode(1)), (std::vector<std::uint64_t>{1}));
  EvidenceIndex::FileCode code;
  code.file_id = 1000;
  const std::string pdq = PdqOf(1);
  std::copy(pdq.begin(), pdq.end(), code.pdq.begin());
  std::optional<std::thread> forgets;
  Must(index.NearPairs({&code, 1}, kRadius, [&](std::uint64_t /*file*/, std::uint64_t near) {
    EXPECT_EQ(near, 1U);
    if (forgets) return;
    {
      // As the catalog does it: committed, and the writer is let go before the index is told.
      catalog::Transaction write = Must(database_->BeginWrite());
      Must(ledger_.Purge(write, "LKA/1", 2));
      Must(write.Commit());
    }
    forgets.emplace([&] { index.Forget(); });
  }));
  ASSERT_TRUE(forgets);
  forgets->join();
  EXPECT_FALSE(std::filesystem::exists(Folder()));
  EXPECT_THAT(Found(index, ByDigest(1)), ::testing::IsEmpty());
  EXPECT_THAT(Found(index, ByCode(1)), ::testing::IsEmpty());
}

TEST_F(EvidenceIndexTest, AFolderThatCannotBeMadeCostsNoAnswer) {
  Record({Picture("a", 1)});
  EvidenceIndex index(&ledger_, store_ + "/missing/evidence");
  EXPECT_EQ(Found(index, ByCode(1)), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(Found(index, ByDigest(1)), (std::vector<std::uint64_t>{1}));
}

}  // namespace
}  // namespace kith::server
