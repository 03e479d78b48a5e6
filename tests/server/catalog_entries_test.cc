// SPDX-License-Identifier: Apache-2.0
//
// The catalog by itself: its entries, one set among others, and what is found wrong with them.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "server/casework/schema.h"
#include "server/catalog/catalog.h"
#include "tests/server/store.h"

namespace kith::catalog {
namespace {

using server::PdqEntry;
using server::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kAll = std::numeric_limits<std::int64_t>::max();

class CatalogEntriesTest : public ::testing::Test {
 protected:
  CatalogEntriesTest() {
    auto opened = Catalog::Open({.store_dir = dir_.path(),
                                 .more_migrations = casework::CaseworkMigrations(),
                                 .keep_from = 16,
                                 .progress = {}});
    if (!opened.ok()) abort();
    catalog_ = *std::move(opened);
    few_ = AddSet("few");
    many_ = AddSet("many");
  }
  std::uint64_t AddSet(const std::string& name) {
    v1::HashSet set;
    set.set_name(name);
    set.set_purpose(v1::PURPOSE_KNOWN);
    set.set_enabled(true);
    const auto added = catalog_->AddHashSet(set);
    EXPECT_TRUE(added.ok()) << added.status();
    return added.ok() ? added->set_id() : 0;
  }
  void Add(const std::string& set, const std::vector<v1::Entry>& entries) {
    std::vector<const v1::Entry*> pointers;
    for (const v1::Entry& entry : entries) pointers.push_back(&entry);
    const auto added = catalog_->AddEntries(set, "", pointers);
    EXPECT_TRUE(added.ok()) << added.status();
  }
  void Add(const std::string& set, int count) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < count; ++i) entries.push_back(PdqEntry(server::Pdq(++pictures_)));
    Add(set, entries);
  }
  // Behind the back of the catalog.
  void Damage(const std::vector<std::string>& sql) {
    auto write = catalog_->database().BeginWrite();
    ASSERT_TRUE(write.ok()) << write.status();
    for (const char* trigger : {"entry_is_kept", "entry_stays"}) {
      const absl::Status status = write->Execute(std::string("DROP TRIGGER IF EXISTS ") + trigger);
      ASSERT_TRUE(status.ok()) << status;
    }
    for (const std::string& one : sql) {
      const absl::Status status = write->Execute(one);
      ASSERT_TRUE(status.ok()) << status;
    }
    const absl::Status committed = write->Commit();
    ASSERT_TRUE(committed.ok()) << committed;
  }
  std::vector<std::uint64_t> Visited(std::uint64_t set, std::uint64_t first = 1,
                                     std::uint64_t last = kAll) {
    std::vector<std::uint64_t> ids;
    const absl::Status status =
        catalog_->ForEachEntry(set, first, last, [&](const v1::Entry& entry) {
          EXPECT_EQ(entry.codes_size(), 1);
          ids.push_back(entry.entry_id());
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    return ids;
  }

  const TempDir dir_;
  std::unique_ptr<Catalog> catalog_;
  std::uint64_t few_ = 0;
  std::uint64_t many_ = 0;
  std::uint64_t pictures_ = 0;
};

// To switch a small set on or off read the entries of all the others.
TEST_F(CatalogEntriesTest, OfASetAmongOthersNoOtherEntryIsRead) {
  EXPECT_THAT(Visited(few_), IsEmpty());
  for (int i = 0; i < 3; ++i) {  // 1 to 6, by turns
    Add("few", 1);
    Add("many", 1);
  }
  Add("many", 100);  // 7 to 106
  Add("few", 3);     // 107 to 109
  Add("many", 16);   // 110 to 125
  Add("few", 1);     // 126
  Add("many", 17);   // 127 to 143
  Add("few", 2);     // 144, 145
  Add("many", 100);  // 146 to 245
  const std::vector<std::uint64_t> withdrawn = {108, 145};
  ASSERT_TRUE(catalog_->Withdraw(withdrawn, {}).ok());
  // Whoever reads them meets an error.
  Damage({"DELETE FROM entry WHERE id IN (50, 135, 200)"});
  EXPECT_THAT(Visited(few_), ElementsAre(1, 3, 5, 107, 109, 126, 144));
  EXPECT_THAT(Visited(few_, 3, 126), ElementsAre(3, 5, 107, 109, 126));
  EXPECT_THAT(Visited(few_, 4, 125), ElementsAre(5, 107, 109));
  EXPECT_THAT(Visited(few_, 146), IsEmpty());
  EXPECT_THAT(Visited(few_, kAll), IsEmpty());
  EXPECT_THAT(Visited(many_, 1, 6), ElementsAre(2, 4, 6));
  // An error ends it.
  std::vector<std::uint64_t> before;
  const absl::Status ended = catalog_->ForEachEntry(few_, 1, kAll, [&](const v1::Entry& entry) {
    before.push_back(entry.entry_id());
    return entry.entry_id() < 5 ? absl::OkStatus() : absl::CancelledError("enough");
  });
  EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
  EXPECT_THAT(before, ElementsAre(1, 3, 5));
  // The damage is there.
  const auto take = [](const v1::Entry&) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsDataLoss(catalog_->ForEachEntry(many_, 1, kAll, take)));
}

// One entry was looked for after the other; now a thousand are, and each is told as it was.
TEST_F(CatalogEntriesTest, WhatTheDigestIndexLacksIsToldInOrder) {
  std::uint64_t number = 0;
  for (const int count : {1000, 1000, 500}) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < count; ++i, ++number) {
      v1::Digests digests = server::Sha256(server::Bytes(32, number));
      digests.set_md5(server::Bytes(16, number / 2));  // of two entries
      if (number % 3 != 0) digests.set_sha1(server::Bytes(20, number));
      entries.push_back(server::DigestEntry(digests));
    }
    Add("many", entries);
  }
  const std::vector<std::uint64_t> withdrawn = {9};
  ASSERT_TRUE(catalog_->Withdraw(withdrawn, {}).ok());
  auto inspection = catalog_->Inspect();
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_THAT(inspection->problems, IsEmpty());
  Damage({"UPDATE entry SET md5 = randomblob(16) WHERE id IN (2, 9, 1025)",
          "UPDATE entry SET sha1 = randomblob(20) WHERE id = 2500",
          "UPDATE entry SET sha256 = randomblob(32) WHERE id IN (7, 1024)",
          "UPDATE entry SET victim_identified = 1 WHERE id IN (5, 7)"});
  inspection = catalog_->Inspect();
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_EQ(inspection->entries, 2500U);
  EXPECT_EQ(inspection->batches, 3U);
  EXPECT_THAT(
      inspection->problems,
      ElementsAre("entry 2: the digest index lacks it", "entry 5: memory and catalog differ",
                  "entry 7: memory and catalog differ", "entry 7: the digest index lacks it",
                  HasSubstr("entries 1 to 1000"), "entry 1024: the digest index lacks it",
                  "entry 1025: the digest index lacks it", HasSubstr("entries 1001 to 2000"),
                  "entry 2500: the digest index lacks it", HasSubstr("entries 2001 to 2500")));
}

}  // namespace
}  // namespace kith::catalog
