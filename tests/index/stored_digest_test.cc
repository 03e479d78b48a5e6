// SPDX-License-Identifier: Apache-2.0
//
// The digest index in files: its answers equal those of a std::multimap whatever was added,
// withdrawn, merged and opened again in between, and damaged files are refused.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "index/digest_index.h"
#include "index/internal/digest_manifest.h"
#include "index/internal/digest_run.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Entries = std::vector<std::uint64_t>;

class StoredDigestTest : public ::testing::Test {
 protected:
  StoredDigestTest() {
    std::string name = ::testing::TempDir() + "stored_digest_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~StoredDigestTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] DigestIndexOptions Options(std::size_t delta_digests = 100) const {
    DigestIndexOptions options;
    options.folder = folder_;
    options.delta_digests = delta_digests;
    return options;
  }
  [[nodiscard]] static std::unique_ptr<DigestIndex> MustOpen(const DigestIndexOptions& options) {
    auto index = DigestIndex::Open(options);
    EXPECT_TRUE(index.ok()) << index.status();
    return index.ok() ? *std::move(index) : nullptr;
  }
  [[nodiscard]] std::vector<std::string> Files(std::string_view suffix) const {
    std::vector<std::string> files;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().string().ends_with(suffix)) files.push_back(file.path().string());
    }
    return files;
  }

  std::string folder_;
};

void MustAdd(DigestIndex& index, DigestKind kind, const std::vector<std::string>& digests,
             const Entries& entries) {
  const std::vector<std::string_view> views(digests.begin(), digests.end());
  const absl::Status status = index.Add(kind, views, entries);
  EXPECT_TRUE(status.ok()) << status;
}

std::vector<Entries> MustFind(const DigestIndex& index, DigestKind kind,
                              const std::vector<std::string>& digests) {
  const std::vector<std::string_view> views(digests.begin(), digests.end());
  auto found = index.Find(kind, views);
  EXPECT_TRUE(found.ok()) << found.status();
  return found.ok() ? *std::move(found) : std::vector<Entries>(digests.size());
}

std::string RandomDigest(DigestKind kind, std::mt19937_64& random) {
  std::string digest(DigestBytes(kind), '\0');
  for (char& byte : digest) byte = static_cast<char>(random());
  // Some are alike, so that buckets are crowded and digests differ in their last byte only.
  if (random() % 4 == 0) {
    std::fill(digest.begin(), digest.end() - 1, '\x5a');
    digest.back() = static_cast<char>(random() % 64);
  }
  return digest;
}

// What the catalog would know: which entries have a digest.
using Known = std::array<std::multimap<std::string, std::uint64_t>, 3>;

absl::StatusOr<std::vector<bool>> ConfirmFrom(const Known& known, DigestKind kind,
                                              std::span<const std::string_view> digests,
                                              std::span<const std::uint64_t> entries) {
  std::vector<bool> confirmed;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const auto [begin, end] =
        known[static_cast<std::size_t>(kind)].equal_range(std::string(digests[i]));
    confirmed.push_back(
        std::any_of(begin, end, [&](const auto& pair) { return pair.second == entries[i]; }));
  }
  return confirmed;
}

struct Mode {
  const char* name;
  bool confirms;
  std::size_t delta_digests;
  int steps;
};

class StoredDigestTruthTest : public StoredDigestTest,
                              public ::testing::WithParamInterface<Mode> {};

TEST_P(StoredDigestTruthTest, InterleavedEqualsTheTruth) {
  const std::uint64_t seed = TestSeed() * 1000003 + 1;
  SCOPED_TRACE(::testing::Message() << "seed " << TestSeed());
  std::mt19937_64 random(seed);
  Known truth;
  DigestIndexOptions options = Options(GetParam().delta_digests);
  if (GetParam().confirms) {
    options.confirm = [&truth](DigestKind kind, std::span<const std::string_view> digests,
                               std::span<const std::uint64_t> entries) {
      return ConfirmFrom(truth, kind, digests, entries);
    };
  }
  std::unique_ptr<DigestIndex> index = MustOpen(options);
  ASSERT_NE(index, nullptr);
  std::array<std::vector<std::string>, 3> pool;
  for (std::size_t kind = 0; kind < pool.size(); ++kind) {
    for (int i = 0; i < 600; ++i) {
      pool[kind].push_back(RandomDigest(static_cast<DigestKind>(kind), random));
    }
  }
  for (int step = 0; step < GetParam().steps; ++step) {
    const std::size_t at = random() % 3;
    const auto kind = static_cast<DigestKind>(at);
    const std::uint64_t what = random() % 10;
    if (what < 5) {
      std::vector<std::string> digests;
      Entries entries;
      for (std::uint64_t i = random() % 60; i > 0; --i) {
        digests.push_back(pool[at][random() % pool[at].size()]);
        entries.push_back(random() % 4 == 0 ? (random() | 1ULL << 40) : random() % 500);
        truth[at].emplace(digests.back(), entries.back());
      }
      MustAdd(*index, kind, digests, entries);
    } else if (what < 7) {
      Entries entries;
      for (std::uint64_t i = random() % 20; i > 0; --i) entries.push_back(random() % 500);
      index->Withdraw(entries);
      for (auto& of_kind : truth) {
        std::erase_if(of_kind, [&](const auto& pair) {
          return std::find(entries.begin(), entries.end(), pair.second) != entries.end();
        });
      }
    } else if (what == 7) {
      const absl::Status status = index->Flush();
      ASSERT_TRUE(status.ok()) << status;
    } else if (what == 8 && step % 4 == 0) {
      ASSERT_TRUE(index->Flush().ok());
      index.reset();
      index = MustOpen(options);
      ASSERT_NE(index, nullptr);
    }
    std::vector<std::string> wanted;
    for (int i = 0; i < 100; ++i) {
      wanted.push_back(random() % 8 == 0 ? RandomDigest(kind, random)
                                         : pool[at][random() % pool[at].size()]);
    }
    const std::vector<Entries> found = MustFind(*index, kind, wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      std::set<std::uint64_t> expected;
      const auto [begin, end] = truth[at].equal_range(wanted[i]);
      for (auto it = begin; it != end; ++it) expected.insert(it->second);
      ASSERT_EQ(found[i], Entries(expected.begin(), expected.end())) << "step " << step;
    }
  }
  EXPECT_TRUE(index->Flush().ok());
  EXPECT_TRUE(index->Scrub().ok());
  EXPECT_THAT(Files(".tmp"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, StoredDigestTruthTest,
                         ::testing::Values(Mode{"Whole", false, 100, 300},
                                           Mode{"Confirmed", true, 100, 300},
                                           Mode{"Tiny", false, 2, 20},
                                           Mode{"Wide", true, 5000, 300}),
                         [](const auto& test) { return test.param.name; });

TEST_F(StoredDigestTest, FindsEveryOneOfManyAndHoldsThemInFewBytes) {
  const std::uint64_t seed = TestSeed() * 1000003 + 2;
  SCOPED_TRACE(::testing::Message() << "seed " << TestSeed());
  constexpr std::size_t kDigests = 60000;
  for (const DigestKind kind : {DigestKind::kMd5, DigestKind::kSha1, DigestKind::kSha256}) {
    std::mt19937_64 random(seed);
    DigestIndexOptions options = Options(7000);
    options.start_anew = true;
    std::uint64_t asked = 0;
    if (kind == DigestKind::kSha256) {
      options.confirm = [&](DigestKind, std::span<const std::string_view> digests,
                            std::span<const std::uint64_t>) {
        asked += digests.size();
        return std::vector<bool>(digests.size(), true);
      };
    }
    const auto index = MustOpen(options);
    std::vector<std::string> digests;
    Entries entries;
    for (std::size_t i = 0; i < kDigests; ++i) {
      std::string digest(DigestBytes(kind), '\0');
      for (char& byte : digest) byte = static_cast<char>(random());
      digests.push_back(digest);
      entries.push_back(i);
    }
    MustAdd(*index, kind, digests, entries);
    ASSERT_TRUE(index->Flush().ok());
    const std::vector<Entries> found = MustFind(*index, kind, digests);
    for (std::size_t i = 0; i < kDigests; ++i) ASSERT_THAT(found[i], ElementsAre(i));
    const DigestIndexStats stats = index->Stats();
    EXPECT_EQ(stats.digests, kDigests);
    // The files end with whole pages; what memory holds does not grow with the digests.
    const auto rows_bytes = stats.file_bytes - stats.runs * 4 * 4096;
    EXPECT_LE(rows_bytes, 24 * kDigests);
    EXPECT_EQ(asked, kind == DigestKind::kSha256 ? kDigests : 0);
    // A digest that agrees in what the files keep is told apart by asking.
    std::string alike = digests.front();
    alike.back() = static_cast<char>(alike.back() + 1);
    if (kind != DigestKind::kSha256) {
      EXPECT_THAT(MustFind(*index, kind, {alike}).front(), IsEmpty());
    }
  }
}

TEST_F(StoredDigestTest, AsksWhereAShortenedDigestCouldBeAnother) {
  const std::string stored(32, 'a');
  std::string alike = stored;
  alike.back() = 'b';
  DigestIndexOptions options = Options(1000);
  options.confirm = [&](DigestKind kind, std::span<const std::string_view> digests,
                        std::span<const std::uint64_t> entries) {
    EXPECT_EQ(kind, DigestKind::kSha256);
    std::vector<bool> confirmed;
    for (std::size_t i = 0; i < digests.size(); ++i) {
      confirmed.push_back(digests[i] == stored && entries[i] == 7);
    }
    return confirmed;
  };
  const auto index = MustOpen(options);
  MustAdd(*index, DigestKind::kSha256, {stored}, {7});
  ASSERT_TRUE(index->Flush().ok());
  EXPECT_THAT(MustFind(*index, DigestKind::kSha256, {alike, stored}),
              ElementsAre(IsEmpty(), ElementsAre(7)));
}

TEST_F(StoredDigestTest, AFailingQuestionFailsTheSearch) {
  DigestIndexOptions options = Options();
  options.confirm = [](DigestKind, std::span<const std::string_view>,
                       std::span<const std::uint64_t>) -> absl::StatusOr<std::vector<bool>> {
    return absl::UnavailableError("the catalog is away");
  };
  const auto index = MustOpen(options);
  const std::string digest(32, 'a');
  MustAdd(*index, DigestKind::kSha256, {digest}, {7});
  ASSERT_TRUE(index->Flush().ok());
  const std::array<std::string_view, 1> query = {digest};
  EXPECT_TRUE(absl::IsUnavailable(index->Find(DigestKind::kSha256, query).status()));
}

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

TEST_F(StoredDigestTest, WithdrawnAndAddedAgainStaysThroughFiles) {
  const std::string digest(16, 'x');
  {
    const auto index = MustOpen(Options(1000));
    MustAdd(*index, DigestKind::kMd5, {digest}, {1});
    ASSERT_TRUE(index->Flush().ok());
    index->Withdraw(Entries{1});
    ASSERT_TRUE(index->Flush().ok());
  }
  {
    const auto index = MustOpen(Options(1000));
    EXPECT_THAT(MustFind(*index, DigestKind::kMd5, {digest}).front(), IsEmpty());
    MustAdd(*index, DigestKind::kMd5, {digest}, {1});
    ASSERT_TRUE(index->Flush().ok());
  }
  const auto index = MustOpen(Options(1000));
  EXPECT_THAT(MustFind(*index, DigestKind::kMd5, {digest}).front(), ElementsAre(1));
}

TEST_F(StoredDigestTest, SweepsWhatIsWithdrawnOutOfTheFiles) {
  const std::uint64_t seed = TestSeed() * 1000003 + 3;
  SCOPED_TRACE(::testing::Message() << "seed " << TestSeed());
  std::mt19937_64 random(seed);
  constexpr std::size_t kDigests = 20000;
  std::vector<std::string> digests;
  Entries entries;
  for (std::size_t i = 0; i < kDigests; ++i) {
    digests.push_back(RandomDigest(DigestKind::kSha1, random));
    entries.push_back(i);
  }
  const auto index = MustOpen(Options(3000));
  MustAdd(*index, DigestKind::kSha1, digests, entries);
  ASSERT_TRUE(index->Flush().ok());
  const std::uint64_t before = index->Stats().file_bytes;
  index->Withdraw(std::span(entries).first(kDigests / 2));
  ASSERT_TRUE(index->Flush().ok());
  const DigestIndexStats stats = index->Stats();
  EXPECT_EQ(stats.digests, kDigests / 2);
  EXPECT_EQ(stats.withdrawn, 0U);
  EXPECT_LT(stats.file_bytes, before * 2 / 3);
  const std::vector<Entries> found = MustFind(*index, DigestKind::kSha1, digests);
  for (std::size_t i = 0; i < kDigests; ++i) {
    const bool is_there = std::binary_search(found[i].begin(), found[i].end(), i);
    ASSERT_EQ(is_there, i >= kDigests / 2);
  }
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

// Every byte changed, every length cut: refused with the name of the file, and never a crash.
TEST_F(StoredDigestTest, RefusesEveryDamagedByteAndEveryTruncation) {
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

// Searches run beside additions, withdrawals, spills and merges; each sees what was done before it.
TEST_F(StoredDigestTest, SearchesSeeWhatWasDoneBeforeThem) {
  constexpr std::uint64_t kEntries = 6000;
  const auto digest_of = [](std::uint64_t entry) {
    std::string digest(20, '\0');
    std::mt19937_64 random(entry);
    for (char& byte : digest) byte = static_cast<char>(random());
    return digest;
  };
  std::vector<std::string> digests;
  for (std::uint64_t i = 0; i < kEntries; ++i) digests.push_back(digest_of(i));
  const auto index = MustOpen(Options(300));
  std::atomic<std::uint64_t> added{0};      // entries below are in
  std::atomic<std::uint64_t> withdrawn{0};  // even entries below are out
  std::atomic<bool> is_over{false};
  std::atomic<int> wrong{0};
  std::atomic<std::uint64_t> searches{0};
  const auto search = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!is_over) {
      const std::uint64_t out = withdrawn;
      const std::uint64_t in = added;
      std::vector<std::string_view> wanted;
      Entries entries;
      for (int i = 0; i < 100; ++i) {
        entries.push_back(random() % kEntries);
        wanted.push_back(digests[entries.back()]);
      }
      const auto found = index->Find(DigestKind::kSha1, wanted);
      if (!found.ok()) {
        ++wrong;
        return;
      }
      // Withdrawals that were under way may or may not be seen.
      const std::uint64_t out_by_now = withdrawn + 50;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::uint64_t entry = entries[i];
        const bool is_even = entry % 2 == 0;
        const bool must = entry < in && (!is_even || entry >= out_by_now);
        const bool must_not = is_even && entry < out;
        const bool is_there = (*found)[i] == Entries{entry};
        if ((must && !is_there) || (must_not && !(*found)[i].empty())) ++wrong;
      }
      ++searches;
    }
  };
  std::thread first(search, TestSeed() * 1000003 + 4);
  std::thread second(search, TestSeed() * 1000003 + 5);
  std::uint64_t steps = 0;
  for (std::uint64_t entry = 0; entry < kEntries; entry += 50) {
    std::vector<std::string> some(digests.begin() + static_cast<std::ptrdiff_t>(entry),
                                  digests.begin() + static_cast<std::ptrdiff_t>(entry + 50));
    Entries entries;
    for (std::uint64_t i = 0; i < 50; ++i) entries.push_back(entry + i);
    MustAdd(*index, DigestKind::kSha1, some, entries);
    added = entry + 50;
    if (entry >= 1000) {
      Entries out;
      for (std::uint64_t i = 0; i < 50; i += 2) out.push_back(entry - 1000 + i);
      index->Withdraw(out);
      withdrawn = entry - 1000 + 50;
    }
    // However busy the machine is, searches run all the while.
    for (++steps; searches < steps && wrong == 0;) std::this_thread::yield();
  }
  EXPECT_TRUE(index->Flush().ok());
  is_over = true;
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(searches, kEntries / 50);
  EXPECT_GE(index->Stats().runs, 1U);
}

}  // namespace
}  // namespace kith::index
