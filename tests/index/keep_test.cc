// SPDX-License-Identifier: Apache-2.0
//
// An index that is kept in a folder: after every end, however untidy, it and its owner's replay
// from the mark give the plain answer.
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "gmock/gmock.h"
#include "index/internal/manifest.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "kith-keep-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void Overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
std::vector<fs::path> SegmentFiles(const std::string& folder) {
  std::vector<fs::path> paths;
  if (!fs::exists(folder)) return paths;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() == ".codes") paths.push_back(file.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// What a catalog is to the index: it knows everything, and replays what the index lacks.
class Owner {
 public:
  explicit Owner(std::string engine, std::string directory, std::size_t head_codes = 8)
      : engine_(std::move(engine)), directory_(std::move(directory)), head_codes_(head_codes) {}

  void Add(RandomCodes& random, std::size_t entries) {
    AddUnmarked(random, entries);
    Mark();
  }
  void AddUnmarked(RandomCodes& random, std::size_t entries) {
    std::vector<Code> codes;
    std::vector<Label> labels;
    for (std::size_t i = 0; i < entries; ++i) {
      const std::uint64_t entry = ++last_entry_;
      for (std::uint32_t view = 0; view < random.Below(4); ++view) {  // some have no code
        codes.push_back(random.Next());
        labels.push_back({.entry = entry, .view = view});
      }
    }
    ASSERT_TRUE(index_->Add(codes, labels).ok());
    all_.Add(codes, labels);
  }
  // Puts back what the index says that it lacks.
  void RestoreMissing() {
    while (!index_->Missing().empty()) {
      const EntryRange range = index_->Missing().front();
      Truth active = Of(range);
      active.Withdraw(withdrawn_);
      ASSERT_TRUE(index_->Restore(range, active.codes, active.labels).ok());
    }
  }
  void Withdraw(std::uint64_t entry) {
    withdrawn_.push_back(entry);
    ASSERT_TRUE(index_->Withdraw({&entry, 1}).ok());
    Mark();
  }

  void Close() { index_.reset(); }
  void MoveTo(std::string directory) { directory_ = std::move(directory); }
  void Open() {
    auto made = HammingIndex::Create(
        {.engine = engine_, .head_codes = head_codes_, .directory = directory_, .owner = "owner"});
    ASSERT_TRUE(made.ok()) << made.status();
    index_ = *std::move(made);
    const RecoveredIndex recovered = index_->recovered();
    std::uint64_t covered = recovered.mark.empty() ? 0 : std::stoull(recovered.mark);
    replayed_ = last_entry_ - covered;
    ASSERT_LE(covered, last_entry_);
    for (const EntryRange& range : recovered.missing) {
      // In two parts where it can be.
      const std::uint64_t middle = (range.first_entry + range.last_entry) / 2;
      Restore({range.first_entry, middle});
      if (middle < range.last_entry) Restore({middle + 1, range.last_entry});
    }
    const Truth rest = Of({covered + 1, last_entry_});
    ASSERT_TRUE(index_->Add(rest.codes, rest.labels).ok());
    ASSERT_TRUE(index_->Withdraw(withdrawn_).ok());
    Mark();
  }

  void ExpectWhole(RandomCodes& random) const {
    Truth truth = all_;
    truth.Withdraw(withdrawn_);
    EXPECT_EQ(index_->Stats().codes, truth.codes.size());
    std::vector<Code> queries = random.Some(1);
    for (int i = 0; i < 20 && !all_.codes.empty(); ++i) {
      queries.push_back(random.Flip(all_.codes[random.Below(all_.codes.size())],
                                    static_cast<int>(random.Below(35))));
    }
    const auto results = MustSearch(*index_, queries, {.radius_bits = 31, .limit = 50});
    for (std::size_t i = 0; i < queries.size(); ++i) {
      ExpectSame(results[i], Expected(truth.Ranked(queries[i]), 31, 50));
    }
  }

  HammingIndex& index() { return *index_; }
  std::uint64_t last_entry() const { return last_entry_; }
  std::uint64_t replayed() const { return replayed_; }

 private:
  void Mark() { ASSERT_TRUE(index_->SetMark(std::to_string(last_entry_)).ok()); }
  Truth Of(const EntryRange& range) const {
    Truth some;
    for (std::size_t row = 0; row < all_.codes.size(); ++row) {
      const std::uint64_t entry = all_.labels[row].entry;
      if (entry < range.first_entry || entry > range.last_entry) continue;
      some.codes.push_back(all_.codes[row]);
      some.labels.push_back(all_.labels[row]);
    }
    return some;
  }
  void Restore(const EntryRange& range) {
    const Truth some = Of(range);
    ASSERT_TRUE(index_->Restore(range, some.codes, some.labels).ok());
  }

  std::string engine_;
  std::string directory_;
  std::size_t head_codes_;
  std::unique_ptr<HammingIndex> index_;
  Truth all_;
  std::vector<std::uint64_t> withdrawn_;
  std::uint64_t last_entry_ = 0;
  std::uint64_t replayed_ = 0;
};

// Under the index that has it mapped: it is no other file.
void FlipByte(const fs::path& path, std::size_t at) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 16));
}
void DamageOne(const std::vector<fs::path>& files, RandomCodes& random) {
  if (files.empty()) return;
  const fs::path& victim = files[random.Below(files.size())];
  FlipByte(victim, 4096 + random.Below(fs::file_size(victim) - 4096));
}

class KeepTest : public ::testing::TestWithParam<const char*> {
 protected:
  const Folder folder_;
  const std::string index_dir_ = folder_.path() + "/index";
};

TEST_P(KeepTest, EqualsTheTruthAfterEveryEnd) {
  RandomCodes random(900);
  Owner owner(GetParam(), index_dir_, 8 + random.Below(60));
  owner.Open();
  for (int step = 0; step < 120; ++step) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", step " + std::to_string(step));
    const std::size_t kind = random.Below(20);
    if (kind < 12) {
      owner.Add(random, 1 + random.Below(random.Below(8) == 0 ? 200 : 12));
    } else if (kind < 16) {
      if (owner.last_entry() > 0) owner.Withdraw(1 + random.Below(owner.last_entry()));
    } else if (kind == 16) {
      owner.index().Settle();
    } else if (kind == 17) {
      // Not between the checking and the reading of a merge.
      owner.index().Settle();
      DamageOne(SegmentFiles(index_dir_), random);
      // To the end of the round, or the next one would begin behind what was found.
      for (absl::StatusOr<bool> done = false; !done.ok() || !*done;) {
        done = owner.index().Scrub(1 + random.Below(5000));
        owner.RestoreMissing();
      }
    } else {
      owner.Close();
      const std::vector<fs::path> files = SegmentFiles(index_dir_);
      if (!files.empty() && random.Below(2) == 0) {
        const fs::path& victim = files[random.Below(files.size())];
        if (random.Below(2) == 0) {
          fs::remove(victim);
        } else {
          std::string bytes = Contents(victim);
          bytes[random.Below(bytes.size())] ^= 1;
          Overwrite(victim, bytes);
        }
      }
      if (random.Below(8) == 0) fs::remove(index_dir_ + "/manifest");
      if (random.Below(10) == 0) fs::remove_all(index_dir_);
      owner.Open();
    }
    if (HasFatalFailure()) return;
    owner.ExpectWhole(random);
  }
}

TEST_P(KeepTest, ATidyEndLeavesLittleToReplay) {
  RandomCodes random(901);
  Owner owner(GetParam(), index_dir_, 64);
  owner.Open();
  for (int i = 0; i < 100; ++i) owner.Add(random, 20);
  owner.Close();
  EXPECT_EQ(fs::status(index_dir_).permissions(), fs::perms::owner_all);
  for (const fs::path& path : SegmentFiles(index_dir_)) {
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_LE(owner.replayed(), 64u);  // half a head of codes; an entry has 1.5 on average
  owner.index().Settle();
  const HammingIndexStats stats = owner.index().Stats();
  EXPECT_EQ(stats.kept, stats.segments);
  EXPECT_EQ(stats.trouble, "");
  EXPECT_EQ(SegmentFiles(index_dir_).size(), stats.segments);  // nothing is left lying about
  owner.ExpectWhole(random);
}

TEST_P(KeepTest, ADamagedSegmentIsNamedAndMadeAgain) {
  RandomCodes random(902);
  Owner owner(GetParam(), index_dir_, 64);
  owner.Open();
  for (int i = 0; i < 30; ++i) owner.Add(random, 50);
  owner.Close();
  const fs::path victim = SegmentFiles(index_dir_).front();
  std::string bytes = Contents(victim);
  bytes[bytes.size() / 2] ^= 4;
  Overwrite(victim, bytes);
  owner.Open();
  ASSERT_EQ(owner.index().recovered().problems.size(), 1u);
  EXPECT_THAT(owner.index().recovered().problems[0],
              ::testing::AllOf(HasSubstr(victim.string()), HasSubstr("section")));
  owner.ExpectWhole(random);
  owner.Close();
  owner.Open();
  EXPECT_THAT(owner.index().recovered().problems, ::testing::IsEmpty());
  EXPECT_THAT(owner.index().recovered().missing, ::testing::IsEmpty());
  owner.ExpectWhole(random);
}

TEST_P(KeepTest, ADirectoryOfAnotherOwnerIsEmptied) {
  RandomCodes random(903);
  Owner owner(GetParam(), index_dir_, 8);
  owner.Open();
  owner.Add(random, 100);
  owner.Close();
  const auto other = HammingIndex::Create(
      {.engine = GetParam(), .head_codes = 8, .directory = index_dir_, .owner = "another"});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ((*other)->Stats().codes, 0u);
  EXPECT_EQ((*other)->recovered().mark, "");
  EXPECT_THAT((*other)->recovered().problems, ::testing::ElementsAre(HasSubstr("another owner")));
  EXPECT_TRUE(SegmentFiles(index_dir_).empty());
}

TEST_P(KeepTest, WhatCannotBeKeptIsToldAndFound) {
  RandomCodes random(904);
  Overwrite(index_dir_, "a file stands in the way");
  Owner owner(GetParam(), index_dir_, 8);
  owner.Open();
  EXPECT_EQ(owner.index().recovered().problems.size(), 1u);
  owner.Add(random, 100);
  owner.index().Settle();
  EXPECT_NE(owner.index().Stats().trouble, "");
  owner.ExpectWhole(random);
}

TEST_P(KeepTest, ClearForgetsEverything) {
  RandomCodes random(905);
  Owner owner(GetParam(), index_dir_, 8);
  owner.Open();
  owner.Add(random, 300);
  ASSERT_TRUE(owner.index().Clear().ok());
  EXPECT_EQ(owner.index().Stats().codes, 0u);
  EXPECT_TRUE(SegmentFiles(index_dir_).empty());
  owner.Close();
  owner.Open();
  EXPECT_EQ(owner.replayed(), owner.last_entry());
  owner.ExpectWhole(random);
}

class MappedTest : public KeepTest {
 protected:
  // A settled index of some segments in files.
  void Fill(Owner& owner, RandomCodes& random) {
    owner.Open();
    for (int i = 0; i < 30; ++i) owner.Add(random, 50);
    owner.index().Settle();
    ASSERT_GT(owner.index().Stats().mapped_bytes, 0u);
  }
};

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
  FlipByte(victim, fs::file_size(victim) / 2);
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = owner.index().Scrub(3000);
  ASSERT_TRUE(absl::IsDataLoss(done.status())) << done.status();
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
  owner.AddUnmarked(random, 100);
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
INSTANTIATE_TEST_SUITE_P(All, KeepTest, ::testing::Values("scan", "mih"),
                         [](const auto& test) { return std::string(test.param); });

TEST(ManifestTest, IsReadBackAndDamageIsRefused) {
  const internal::Manifest manifest{
      .owner = std::string("a\0b", 3),
      .mark = "17 of 18",
      .touched = "18 of 18",
      .segments = {
          {.file = "segment-1.codes", .rows = 3, .first_entry = 1, .last_entry = 2, .hash = 77},
          {.file = "segment-12.codes",
           .rows = 9,
           .first_entry = 5,
           .last_entry = 40,
           .hash = ~std::uint64_t{0}}}};
  const std::string text = internal::FormatManifest(manifest);
  const auto read = internal::ParseManifest(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, manifest);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string bad = text;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(internal::ParseManifest(bad).status())) << "byte " << at;
    EXPECT_TRUE(absl::IsDataLoss(internal::ParseManifest(text.substr(0, at)).status()))
        << "length " << at;
  }
}

}  // namespace
}  // namespace kith::index
