// SPDX-License-Identifier: Apache-2.0
//
// What the tests of a kept index share: a folder of their own, and an owner that knows everything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/faults/flip_byte.h"
#include "tests/index/truth.h"

namespace kith::index {

namespace fs = std::filesystem;
using faults::FlipByte;

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

inline std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void Overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
inline std::vector<fs::path> SegmentFiles(const std::string& folder) {
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

  // What a round of scrubbing finds of a file that is damaged in its middle.
  [[nodiscard]] absl::Status ScrubSpoilt(const fs::path& file, std::uint64_t budget_bytes) {
    FlipByte(file, fs::file_size(file) / 2);
    absl::StatusOr<bool> done = false;
    while (done.ok() && !*done) done = index_->Scrub(budget_bytes);
    return done.status();
  }

  void Mark() { ASSERT_TRUE(index_->Reached(std::to_string(last_entry_)).ok()); }

  using Maker = std::function<absl::StatusOr<std::unique_ptr<HammingIndex>>(
      const HammingIndexOptions& options)>;
  // Instead of HammingIndex::Create.
  void MakeBy(Maker make) { make_ = std::move(make); }

  void Close() { index_.reset(); }
  void MoveTo(std::string directory) { directory_ = std::move(directory); }
  void Open() {
    auto made = make_(
        {.engine = engine_, .head_codes = head_codes_, .folder = directory_, .owner = "owner"});
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

  // At a radius of 0 to 63; in one call at least `least_queries`, by asking some again.
  void ExpectWhole(RandomCodes& random, std::size_t least_queries = 0) const {
    Truth truth = all_;
    truth.Withdraw(withdrawn_);
    EXPECT_EQ(index_->Stats().codes, truth.codes.size());
    std::vector<Code> queries = random.Some(1);
    for (int i = 0; i < 20 && !all_.codes.empty(); ++i) {
      queries.push_back(random.Flip(all_.codes[random.Below(all_.codes.size())],
                                    static_cast<int>(random.Below(68))));
    }
    const int radius_bits = static_cast<int>(random.Below(64));
    SCOPED_TRACE("radius " + std::to_string(radius_bits));
    std::vector<SearchResult> expected;
    for (const Code& query : queries) {
      expected.push_back(Expected(truth.Ranked(query), radius_bits, 50));
    }
    for (std::size_t i = 0; queries.size() < least_queries; ++i) queries.push_back(queries[i]);
    const auto results = MustSearch(*index_, queries, {.radius_bits = radius_bits, .limit = 50});
    for (std::size_t i = 0; i < queries.size(); ++i) {
      ExpectSame(results[i], expected[i % expected.size()]);
    }
  }

  HammingIndex& index() { return *index_; }
  std::uint64_t last_entry() const { return last_entry_; }
  std::uint64_t replayed() const { return replayed_; }

 private:
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
  Maker make_ = &HammingIndex::Create;
  std::unique_ptr<HammingIndex> index_;
  Truth all_;
  std::vector<std::uint64_t> withdrawn_;
  std::uint64_t last_entry_ = 0;
  std::uint64_t replayed_ = 0;
};

inline void DamageOne(const std::vector<fs::path>& files, RandomCodes& random) {
  if (files.empty()) return;
  const fs::path& victim = files[random.Below(files.size())];
  FlipByte(victim, 4096 + random.Below(fs::file_size(victim) - 4096));
}

class KeepTest : public ::testing::TestWithParam<const char*> {
 protected:
  const Folder folder_;
  const std::string index_dir_ = folder_.path() + "/index";
};

class MappedTest : public KeepTest {
 protected:
  // A settled index of two segments in files: a small one stays beside one that is much larger.
  void Fill(Owner& owner, RandomCodes& random) {
    owner.Open();
    for (int i = 0; i < 30; ++i) owner.Add(random, 50);
    owner.index().Settle();
    for (int i = 0; i < 6; ++i) owner.Add(random, 50);
    owner.index().Settle();
    ASSERT_GT(owner.index().Stats().mapped_bytes, 0u);
  }
};

}  // namespace kith::index
