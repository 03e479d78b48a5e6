// SPDX-License-Identifier: Apache-2.0
//
// The digest index against a plain map, alone and with many threads.
#include "index/digest_index.h"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/index/truth.h"

namespace kith::index {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr DigestKind kKinds[] = {DigestKind::kMd5, DigestKind::kSha1, DigestKind::kSha256};

using Entries = std::vector<std::uint64_t>;

std::vector<std::string_view> Views(const std::vector<std::string>& digests) {
  return {digests.begin(), digests.end()};
}

std::string RandomDigest(RandomCodes& random, DigestKind kind) {
  const Code code = random.Next();
  return std::string(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(DigestBytes(kind)));
}

std::vector<Entries> MustFind(const DigestIndex& index, DigestKind kind,
                              const std::vector<std::string>& digests) {
  absl::StatusOr<std::vector<Entries>> found = index.Find(kind, Views(digests));
  EXPECT_TRUE(found.ok()) << found.status();
  if (!found.ok()) return std::vector<Entries>(digests.size());
  EXPECT_EQ(found->size(), digests.size());
  return *std::move(found);
}

Entries FindOne(const DigestIndex& index, DigestKind kind, const std::string& digest) {
  return MustFind(index, kind, {digest})[0];
}

void MustAdd(DigestIndex& index, DigestKind kind, const std::vector<std::string>& digests,
             const Entries& entries) {
  const absl::Status status = index.Add(kind, Views(digests), entries);
  ASSERT_TRUE(status.ok()) << status;
}

TEST(DigestIndexTest, InterleavedEqualsTheTruth) {
  RandomCodes random(1);
  const auto index = DigestIndex::Create();
  std::map<std::pair<DigestKind, std::string>, std::set<std::uint64_t>> truth;
  std::vector<std::pair<DigestKind, std::string>> known;
  for (int step = 0; step < 2000; ++step) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", step " + std::to_string(step));
    const DigestKind kind = kKinds[random.Below(3)];
    if (random.Below(4) != 0) {
      std::vector<std::string> digests;
      Entries entries;
      for (std::size_t i = random.Below(20); i > 0; --i) {
        // Half of them are digests that some entry has already.
        const std::size_t old = known.empty() ? 0 : random.Below(known.size());
        const bool again = !known.empty() && random.Below(2) == 0 && known[old].first == kind;
        digests.push_back(again ? known[old].second : RandomDigest(random, kind));
        entries.push_back(random.Below(500));
        known.emplace_back(kind, digests.back());
        truth[known.back()].insert(entries.back());
      }
      MustAdd(*index, kind, digests, entries);
    } else {
      Entries entries;
      for (std::size_t i = random.Below(5); i > 0; --i) entries.push_back(random.Below(600));
      index->Withdraw(entries);
      for (auto& [digest, owners] : truth) {
        for (const std::uint64_t entry : entries) owners.erase(entry);
      }
    }
    for (int i = 0; i < 5 && !known.empty(); ++i) {
      const auto& [known_kind, digest] = known[random.Below(known.size())];
      const std::set<std::uint64_t>& owners = truth[{known_kind, digest}];
      EXPECT_EQ(FindOne(*index, known_kind, digest), Entries(owners.begin(), owners.end()));
    }
    EXPECT_THAT(FindOne(*index, kind, RandomDigest(random, kind)), IsEmpty());
  }
}

TEST(DigestIndexTest, FindsEveryOneOfMany) {
  RandomCodes random(2);
  for (const DigestKind kind : kKinds) {
    const auto index = DigestIndex::Create();
    std::vector<std::string> digests;
    Entries entries;
    for (std::uint64_t entry = 0; entry < 50000; ++entry) {
      digests.push_back(RandomDigest(random, kind));
      entries.push_back(~entry);  // all 64 bits count
    }
    MustAdd(*index, kind, digests, entries);
    const std::vector<Entries> found = MustFind(*index, kind, digests);
    for (std::size_t i = 0; i < digests.size(); ++i) {
      ASSERT_THAT(found[i], ElementsAre(entries[i])) << i << ", seed " << TestSeed();
    }
    EXPECT_EQ(index->Stats().digests, digests.size());
  }
}

TEST(DigestIndexTest, AnEmptyIndexFindsNothing) {
  const auto index = DigestIndex::Create();
  EXPECT_THAT(FindOne(*index, DigestKind::kMd5, std::string(16, '\0')), IsEmpty());
  EXPECT_THAT(MustFind(*index, DigestKind::kSha1, {}), IsEmpty());
  index->Withdraw({});
  EXPECT_EQ(index->Stats().digests, 0u);
}

// A check of files that there are not said that they were sound.
TEST(DigestIndexTest, InMemoryNothingIsSavedAndNoFileIsSound) {
  const auto index = DigestIndex::Create();
  MustAdd(*index, DigestKind::kMd5, {std::string(16, 'a')}, {1});
  index->Touches("moment");
  index->Reached(1, "moment");
  index->Save();
  EXPECT_EQ(index->SavedChange(), 0u);
  EXPECT_EQ(index->SavedMark(), "");
  EXPECT_EQ(index->TouchedMark(), "");
  for (const absl::Status& status : {index->Flush(), index->Scrub(), index->Clear()}) {
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  }
  EXPECT_THAT(FindOne(*index, DigestKind::kMd5, std::string(16, 'a')), ElementsAre(1));
}

TEST(DigestIndexTest, KindsAreApart) {
  const auto index = DigestIndex::Create();
  MustAdd(*index, DigestKind::kMd5, {std::string(16, 'a')}, {1});
  MustAdd(*index, DigestKind::kSha1, {std::string(20, 'a')}, {2});
  MustAdd(*index, DigestKind::kSha256, {std::string(32, 'a')}, {3});
  EXPECT_THAT(FindOne(*index, DigestKind::kMd5, std::string(16, 'a')), ElementsAre(1));
  EXPECT_THAT(FindOne(*index, DigestKind::kSha1, std::string(20, 'a')), ElementsAre(2));
  EXPECT_THAT(FindOne(*index, DigestKind::kSha256, std::string(32, 'a')), ElementsAre(3));
  index->Withdraw(Entries{1, 3});
  EXPECT_THAT(FindOne(*index, DigestKind::kMd5, std::string(16, 'a')), IsEmpty());
  EXPECT_THAT(FindOne(*index, DigestKind::kSha1, std::string(20, 'a')), ElementsAre(2));
  EXPECT_THAT(FindOne(*index, DigestKind::kSha256, std::string(32, 'a')), IsEmpty());
}

TEST(DigestIndexTest, EqualDigestsNameAllTheirEntriesOnceAscending) {
  const auto index = DigestIndex::Create();
  const std::string digest(20, '\0');
  MustAdd(*index, DigestKind::kSha1, {digest, digest, digest, digest}, {9, 3, 9, 7});
  EXPECT_THAT(FindOne(*index, DigestKind::kSha1, digest), ElementsAre(3, 7, 9));
  index->Withdraw(Entries{9});
  EXPECT_THAT(FindOne(*index, DigestKind::kSha1, digest), ElementsAre(3, 7));
  MustAdd(*index, DigestKind::kSha1, {digest}, {9});
  EXPECT_THAT(FindOne(*index, DigestKind::kSha1, digest), ElementsAre(3, 7, 9));
}

// Digests that a hostile list could hold: one differing byte at the end, and one digest for all.
TEST(DigestIndexTest, ToleratesDigestsThatAreAlike) {
  const auto index = DigestIndex::Create();
  constexpr std::uint64_t kMany = 40000;
  std::vector<std::string> alike;
  std::vector<std::string> same(kMany, std::string(32, 'x'));
  Entries entries;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    std::string digest(32, '\0');
    digest[30] = static_cast<char>(i / 256);
    digest[31] = static_cast<char>(i % 256);
    alike.push_back(digest);
    entries.push_back(i);
  }
  MustAdd(*index, DigestKind::kSha256, alike, entries);
  MustAdd(*index, DigestKind::kSha256, same, entries);
  const std::vector<Entries> found = MustFind(*index, DigestKind::kSha256, alike);
  for (std::uint64_t i = 0; i < kMany; ++i) ASSERT_THAT(found[i], ElementsAre(i));
  EXPECT_EQ(FindOne(*index, DigestKind::kSha256, same[0]), entries);
}

TEST(DigestIndexTest, SweepsGiveTheMemoryBackAndChangeNoAnswer) {
  RandomCodes random(3);
  const auto index = DigestIndex::Create();
  constexpr std::uint64_t kMany = 12000;
  std::vector<std::string> digests;
  Entries entries;
  for (std::uint64_t entry = 0; entry < kMany; ++entry) {
    digests.push_back(RandomDigest(random, DigestKind::kMd5));
    entries.push_back(entry);
  }
  MustAdd(*index, DigestKind::kMd5, digests, entries);
  const std::uint64_t bytes_before = index->Stats().bytes;
  index->Withdraw(std::span(entries).first(kMany / 2));
  EXPECT_EQ(index->Stats().digests, kMany / 2);
  EXPECT_EQ(index->Stats().withdrawn, 0u);
  EXPECT_LT(index->Stats().bytes, bytes_before);
  const std::vector<Entries> found = MustFind(*index, DigestKind::kMd5, digests);
  for (std::uint64_t entry = 0; entry < kMany; ++entry) {
    ASSERT_EQ(found[entry], entry < kMany / 2 ? Entries{} : Entries{entry});
  }
  MustAdd(*index, DigestKind::kMd5, {digests[0]}, {0});
  EXPECT_THAT(FindOne(*index, DigestKind::kMd5, digests[0]), ElementsAre(0));
}

TEST(DigestIndexTest, RefusesWrongLengths) {
  const auto index = DigestIndex::Create();
  const std::vector<std::string> digests = {std::string(16, 'a'), std::string(32, 'f')};
  const absl::Status status = index->Add(DigestKind::kMd5, Views(digests), Entries{1, 2});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("digest 1 has 32 bytes; MD5 has 16"));
  EXPECT_EQ(index->Find(DigestKind::kMd5, Views(digests)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(index->Add(DigestKind::kMd5, Views({std::string(16, 'a')}), Entries{1, 2}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(index->Stats().digests, 0u);
}

// One thread adds each digest and withdraws it some time later; what the others knew to be in, and
// not to be going, before they asked they must find, and what they knew to be out they must not.
TEST(DigestIndexTest, SearchesSeeWhatWasDoneBeforeThem) {
  constexpr std::size_t kEntries = 24000;
  constexpr std::size_t kBatch = 20;
  constexpr std::size_t kLag = 2000;
  RandomCodes random(4);
  const auto index = DigestIndex::Create();
  std::vector<std::string> digests;
  for (std::size_t i = 0; i < kEntries; ++i) {
    digests.push_back(RandomDigest(random, DigestKind::kSha1));
  }
  std::atomic<std::size_t> added{0};
  std::atomic<std::size_t> leaving{0};
  std::atomic<std::size_t> withdrawn{0};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> searches{0};
  const auto search = [&](std::uint64_t salt) {
    RandomCodes own(salt);
    while (!done.load()) {
      const std::size_t out = withdrawn.load();
      const std::size_t in = added.load();
      std::vector<std::size_t> rows;
      std::vector<std::string> wanted;
      for (int i = 0; i < 100; ++i) {
        rows.push_back(own.Below(kEntries));
        wanted.push_back(digests[rows.back()]);
      }
      const std::vector<Entries> found = MustFind(*index, DigestKind::kSha1, wanted);
      const std::size_t going = leaving.load();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] < out) {
          ASSERT_THAT(found[i], IsEmpty()) << "withdrawn row " << rows[i];
        } else if (rows[i] < in && rows[i] >= going) {
          ASSERT_THAT(found[i], ElementsAre(rows[i]));
        }
      }
      searches.fetch_add(1);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t salt = 10; salt < 13; ++salt) threads.emplace_back(search, salt);
  for (std::size_t row = 0; row < kEntries; row += kBatch) {
    Entries entries(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) entries[i] = row + i;
    MustAdd(*index, DigestKind::kSha1,
            {digests.begin() + static_cast<std::ptrdiff_t>(row),
             digests.begin() + static_cast<std::ptrdiff_t>(row + kBatch)},
            entries);
    added.store(row + kBatch);
    if (row < kLag) continue;
    for (std::uint64_t& entry : entries) entry -= kLag;
    leaving.store(row - kLag + kBatch);
    index->Withdraw(entries);
    withdrawn.store(row - kLag + kBatch);
  }
  while (searches.load() < 50) std::this_thread::yield();
  done.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(index->Stats().digests, kEntries) << "no sweep ran";
}

}  // namespace
}  // namespace kith::index
