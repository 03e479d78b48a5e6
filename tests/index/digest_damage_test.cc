// SPDX-License-Identifier: Apache-2.0
//
// The digest index in files, when a disk loses what it held: an answer is whole or there is none,
// and nobody believes the files afterwards.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "index/digest_index.h"
#include "index/internal/digest_manifest.h"
#include "index/internal/digest_run.h"
#include "tests/faults/flip_byte.h"

namespace kith::index {
namespace {

namespace fs = std::filesystem;
using faults::FlipByte;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kHeaderBytes = 4096;

class DigestDamageTest : public ::testing::Test {
 protected:
  DigestDamageTest() {
    std::string name = ::testing::TempDir() + "digest_damage_XXXXXX";
    folder_ = ::mkdtemp(name.data());
    Reopen();
  }
  ~DigestDamageTest() override {
    index_.reset();
    fs::remove_all(folder_);
  }
  void Reopen() {
    index_.reset();
    DigestIndexOptions options;
    options.folder = folder_;
    options.delta_digests = 1000;
    auto index = DigestIndex::Open(options);
    ASSERT_TRUE(index.ok()) << index.status();
    index_ = *std::move(index);
  }
  static std::string Digest(std::uint64_t entry) {
    std::string digest(16, 'd');
    digest.front() = static_cast<char>(entry * 37);
    digest.back() = static_cast<char>(entry);
    return digest;
  }
  void Add(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t entry = first; entry < first + count; ++entry) {
      const std::string digest = Digest(entry);
      const std::array<std::string_view, 1> digests = {digest};
      const std::array<std::uint64_t, 1> entries = {entry};
      ASSERT_TRUE(index_->Add(DigestKind::kMd5, digests, entries).ok());
    }
  }
  // Entries 1 to 100, in a file, under the mark "first".
  void Fill() {
    Add(1, 100);
    index_->Reached(1, "first");
    ASSERT_TRUE(index_->Flush().ok());
    ASSERT_EQ(index_->SavedMark(), "first");
  }
  [[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> Find(std::uint64_t entry) const {
    const std::string digest = Digest(entry);
    const std::array<std::string_view, 1> digests = {digest};
    const auto found = index_->Find(DigestKind::kMd5, digests);
    if (!found.ok()) return found.status();
    return found->front();
  }
  [[nodiscard]] std::string Run() const {
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (file.path().extension() == ".run") return file.path().string();
    }
    ADD_FAILURE() << "no run";
    return {};
  }
  void Damage() {
    FlipByte(Run(), kHeaderBytes + 10);
    const absl::Status found = index_->Scrub();
    ASSERT_TRUE(absl::IsDataLoss(found)) << found;
  }
  void ExpectNoAnswer() const {
    EXPECT_TRUE(index_->Stats().is_damaged);
    EXPECT_TRUE(absl::IsUnavailable(Find(7).status()));
  }
  [[nodiscard]] std::string Manifest() const { return folder_ + "/digests.manifest"; }

  std::string folder_;
  std::unique_ptr<DigestIndex> index_;
};

// A commit behind a mend that failed made an empty index whole, and its files as well.
TEST_F(DigestDamageTest, WhatWasNotRefilledIsNeverWhole) {
  Fill();
  Damage();
  ExpectNoAnswer();
  index_->Reached(2, "second");
  ExpectNoAnswer();
  ASSERT_TRUE(index_->Clear().ok());
  Add(1, 20);  // and then the database could not be read
  index_->Reached(3, "third");
  ExpectNoAnswer();
  index_->Save();
  Reopen();
  EXPECT_EQ(index_->SavedMark(), "");
  EXPECT_EQ(index_->SavedChange(), 0u);
}

TEST_F(DigestDamageTest, WhatWasRefilledAnswersAndIsKept) {
  Fill();
  Damage();
  ASSERT_TRUE(index_->Clear().ok());
  Add(1, 100);
  ASSERT_TRUE(index_->Flush().ok());
  ExpectNoAnswer();
  index_->Refilled();
  index_->Reached(3, "third");
  EXPECT_FALSE(index_->Stats().is_damaged);
  EXPECT_THAT(*Find(7), ElementsAre(7));
  ASSERT_TRUE(index_->Flush().ok());
  Reopen();
  EXPECT_EQ(index_->SavedMark(), "third");
  EXPECT_THAT(*Find(100), ElementsAre(100));
}

TEST_F(DigestDamageTest, DamageFoundDuringARefillStays) {
  Fill();
  Damage();
  ASSERT_TRUE(index_->Clear().ok());
  Add(1, 100);
  ASSERT_TRUE(index_->Flush().ok());
  Damage();
  Add(101, 10);
  index_->Refilled();
  index_->Reached(3, "third");
  ExpectNoAnswer();
  EXPECT_FALSE(fs::exists(Manifest()));
  ASSERT_TRUE(index_->Clear().ok());
  Add(1, 110);
  index_->Refilled();
  EXPECT_THAT(*Find(110), ElementsAre(110));
}

TEST_F(DigestDamageTest, ClearNeedsNoRoomOnTheDisk) {
  Fill();
  Damage();
  fs::create_directory(Manifest() + ".tmp");
  ASSERT_TRUE(index_->Clear().ok());
  Add(1, 100);
  index_->Refilled();
  index_->Reached(2, "second");
  EXPECT_FALSE(index_->Flush().ok());
  EXPECT_THAT(*Find(7), ElementsAre(7));
  fs::remove(Manifest() + ".tmp");
  ASSERT_TRUE(index_->Flush().ok());
  Reopen();
  EXPECT_EQ(index_->SavedMark(), "second");
  EXPECT_THAT(*Find(7), ElementsAre(7));
}

TEST_F(DigestDamageTest, WhereTheOldListStaysNothingIsAnswered) {
  Fill();
  Damage();
  // A folder that is not empty cannot be removed as a file is.
  fs::create_directories(Manifest() + "/x");
  EXPECT_FALSE(index_->Clear().ok());
  index_->Refilled();
  index_->Reached(2, "second");
  ExpectNoAnswer();
  fs::remove_all(Manifest());
}

// The stamp of a file does not tell what a disk loses: the next start believed the file.
TEST_F(DigestDamageTest, DamageIsNotForgottenByARestart) {
  Fill();
  Reopen();
  Damage();
  EXPECT_FALSE(fs::exists(Manifest()));
  EXPECT_FALSE(index_->Flush().ok());
  index_->Save();
  Reopen();
  EXPECT_EQ(index_->SavedMark(), "");
  EXPECT_EQ(index_->Stats().digests, 0u);
}

TEST_F(DigestDamageTest, DamageFoundByAMergeIsNotForgottenByARestart) {
  Fill();
  FlipByte(Run(), kHeaderBytes + 10);
  Add(101, 100);
  index_->Reached(2, "second");
  EXPECT_TRUE(absl::IsDataLoss(index_->Flush()));
  ExpectNoAnswer();
  EXPECT_FALSE(fs::exists(Manifest()));
  Reopen();
  EXPECT_EQ(index_->SavedMark(), "");
}

TEST_F(DigestDamageTest, AHeaderThatIsLostIsDamage) {
  Fill();
  FlipByte(Run(), 3000);
  EXPECT_TRUE(absl::IsDataLoss(index_->Scrub()));
  ExpectNoAnswer();
}

// Puts a descriptor that cannot be read in the place of that of the run: as on a disk that fails.
void Unread(const std::string& path) {
  for (const auto& open_file : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (fs::read_symlink(open_file.path(), error) != path) continue;
    const int unreadable = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(unreadable, 0);
    ASSERT_GE(::dup2(unreadable, std::stoi(open_file.path().filename().string())), 0);
    ::close(unreadable);
    return;
  }
  FAIL() << path << " is not open";
}

// The stamp of the run in the manifest made to fit again, as a disk that loses a bit leaves it.
void Believe(const std::string& folder) {
  auto manifest = internal::ReadManifest(folder);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  ASSERT_EQ(manifest->runs.size(), 1u);
  internal::ManifestRun& listed = manifest->runs.front();
  const auto run = internal::DigestRun::Open(internal::RunPath(folder, listed.number), false);
  ASSERT_TRUE(run.ok()) << run.status();
  listed.checked = (*run)->file().stamp();
  ASSERT_TRUE(internal::WriteManifest(folder, *manifest).ok());
}

// A start removed the mark before it looked for it, and believed the stamp.
TEST_F(DigestDamageTest, ASuspectRunIsReadWholeWhateverItsStamp) {
  Fill();
  index_.reset();
  const std::string run = Run();
  const std::string mark = run + ".suspect";
  FlipByte(run, kHeaderBytes + 10);
  Believe(folder_);
  Reopen();
  ASSERT_NE(index_, nullptr) << "the stamp is believed";
  index_.reset();
  std::ofstream(mark).close();
  DigestIndexOptions options;
  options.folder = folder_;
  EXPECT_TRUE(absl::IsDataLoss(DigestIndex::Open(options).status()));
  EXPECT_TRUE(fs::exists(mark)) << "nobody found it whole";
  FlipByte(run, kHeaderBytes + 10);
  Believe(folder_);
  Reopen();
  ASSERT_NE(index_, nullptr);
  EXPECT_FALSE(fs::exists(mark));
  EXPECT_THAT(*Find(7), ElementsAre(7));
}

// What a process that goes on brings into files must not take the mark of another run away.
TEST_F(DigestDamageTest, TheMarkOfASuspectRunStaysWhenTheListIsWritten) {
  Fill();
  const std::string mark = Run() + ".suspect";
  std::ofstream(mark).close();
  ASSERT_TRUE(index_->Flush().ok());  // nothing is added: the run stays as it is
  EXPECT_TRUE(fs::exists(mark));
  DigestIndexOptions options;
  options.folder = folder_;
  options.start_anew = true;
  index_.reset();
  ASSERT_TRUE(DigestIndex::Open(options).ok());
  EXPECT_FALSE(fs::exists(mark)) << "the run is gone";
}

// Only DataLoss counted: a run that could not be read stayed in service and was never made again.
TEST_F(DigestDamageTest, ARunThatCannotBeReadIsDamage) {
  Fill();
  Unread(Run());
  EXPECT_TRUE(absl::IsUnavailable(index_->Scrub()));
  ExpectNoAnswer();
  EXPECT_FALSE(fs::exists(Manifest()));
  ASSERT_TRUE(index_->Clear().ok());
  Add(1, 100);
  index_->Refilled();
  EXPECT_THAT(*Find(7), ElementsAre(7));
}

TEST_F(DigestDamageTest, ACheckThatIsCalledOffTellsOfNoDamage) {
  Fill();
  EXPECT_TRUE(absl::IsCancelled(index_->Scrub([](std::uint64_t) { return false; })));
  EXPECT_FALSE(index_->Stats().is_damaged);
}

// What a check finds in a file that was cleared away meanwhile is nobody's damage.
TEST_F(DigestDamageTest, DamageOfWhatIsGoneIsNone) {
  Fill();
  bool is_first = true;
  const absl::Status status = index_->Scrub([&](std::uint64_t) {
    if (is_first) {
      FlipByte(Run(), kHeaderBytes + 10);
      EXPECT_TRUE(index_->Clear().ok());
      Add(1, 50);
    }
    is_first = false;
    return true;
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(index_->Stats().is_damaged);
  EXPECT_THAT(*Find(50), ElementsAre(50));
  EXPECT_THAT(*Find(51), IsEmpty());
}

}  // namespace
}  // namespace kith::index
