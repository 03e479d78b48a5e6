// SPDX-License-Identifier: Apache-2.0
//
// The digest index in files: its answers equal those of a std::multimap whatever was added,
// withdrawn, merged and opened again in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "index/digest_index.h"
#include "tests/index/stored_digest_fixture.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
    constexpr std::size_t kWanted = 100;
    std::vector<std::string> wanted;
    wanted.reserve(kWanted);
    while (wanted.size() < kWanted) {
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
