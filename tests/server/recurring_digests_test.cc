// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/recurring_digests.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "server/catalog/internal/entry_record.h"
#include "tests/server/store.h"

namespace kith::catalog {
namespace {

using server::TempDir;
using testing::ElementsAre;
using testing::IsEmpty;

EntryRecord Record(const std::string& md5, const std::string& sha1, const std::string& ref = "") {
  EntryRecord record;
  record.hash_set = 1;
  record.md5 = md5;
  record.sha1 = sha1;
  record.source_ref = ref;
  return record;
}

// More than are sorted at once, so that a part of them must not lose what stands in another.
TEST(KeySpool, TellsWhatComesMoreThanOnceAndNothingElse) {
  const TempDir dir;
  auto spool = KeySpool::Create(dir.path() + "/keys");
  ASSERT_TRUE(spool.ok()) << spool.status();
  std::mt19937_64 random(20261128);
  std::vector<std::uint64_t> all;
  std::vector<std::uint64_t> twice;
  for (int i = 0; i < 4'500'000; ++i) {
    all.push_back(random());
    if (i % 1000 == 0) {
      twice.push_back(all.back());
      all.insert(all.end(), 1 + i % 3, all.back());
    }
  }
  all.insert(all.end(), {0, 0, UINT64_MAX, UINT64_MAX});
  twice.insert(twice.end(), {0, UINT64_MAX});
  std::shuffle(all.begin(), all.end(), random);
  for (std::size_t at = 0; at < all.size(); at += 70'001) {
    const std::size_t count = std::min<std::size_t>(70'001, all.size() - at);
    ASSERT_TRUE(spool->Append(std::span(all).subspan(at, count)).ok());
  }
  std::sort(twice.begin(), twice.end());
  const auto recurring = spool->Recurring();
  ASSERT_TRUE(recurring.ok()) << recurring.status();
  EXPECT_EQ(recurring->keys, twice);
  EXPECT_EQ(recurring->seed, spool->seed());
}

TEST(KeySpool, AFullDiskIsTold) {
  auto spool = KeySpool::Create("/dev/full");
  ASSERT_TRUE(spool.ok()) << spool.status();
  const std::vector<std::uint64_t> keys(100, 7);
  const absl::Status status = spool->Append(keys);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST(TakenDigests, AreFoundByTheDigestThatTellsMost) {
  const std::string one(16, '1');
  const std::string two(16, '2');
  const std::string sha1(20, '1');
  const std::vector<EntryRecord> records = {Record(one, sha1),   Record(two, ""),
                                            Record(one, ""),     Record("", "", "a"),
                                            Record("", "", "b"), Record("", "", "a")};
  TakenDigests taken(RecurringDigests::Of(records));
  EXPECT_TRUE(taken.Add(records[0], 0));
  EXPECT_FALSE(taken.Add(records[1], 1));
  EXPECT_THAT(taken.Find(records[2]), ElementsAre(0));
  EXPECT_THAT(taken.Find(records[0]), IsEmpty()) << "its SHA-1 does not recur";
  EXPECT_THAT(taken.Find(records[3]), IsEmpty());
  EXPECT_TRUE(taken.Add(records[3], 3));
  EXPECT_FALSE(taken.Add(records[4], 4));
  EXPECT_THAT(taken.Find(records[5]), ElementsAre(3));
}

TEST(TakenDigests, LookAtSoManyAndNoMore) {
  const std::vector<EntryRecord> records(100, Record(std::string(16, '1'), ""));
  TakenDigests taken(RecurringDigests::Of(records));
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_TRUE(taken.Add(records[i], i));
  const auto found = taken.Find(records[0]);
  ASSERT_EQ(found.size(), TakenDigests::kMaxLookedAt);
  EXPECT_EQ(found.front(), 0u);
  EXPECT_EQ(found.back(), 63u);
}

}  // namespace
}  // namespace kith::catalog
