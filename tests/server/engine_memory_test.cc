// SPDX-License-Identifier: Apache-2.0
//
// Memory runs out behind a commit.
#include <array>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "server/catalog/catalog.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

using ::testing::HasSubstr;

// An exception behind the COMMIT left a catalog that claimed what the index lacks, said "nothing
// was added" and took the same entries again.
TEST(CatalogTest, MemoryThatRunsOutBehindTheCommitNeverAddsTwice) {
  using catalog::Catalog;
  const auto entry = PdqEntry(Pdq(2), "new");
  const std::array<const v1::Entry*, 1> entries = {&entry};
  const std::array<std::uint64_t, 1> first = {1};
  v1::Series identified;
  identified.set_code("S-2");
  identified.set_agency("NCA");
  v1::IdentifySeriesRequest identify;
  identify.set_code("S-1");
  identify.set_agency("NCA");
  const std::vector<std::function<absl::Status(Catalog&)>> changes = {
      [&](Catalog& store) { return store.AddEntries("list", "", entries).status(); },
      [&](Catalog& store) { return store.Withdraw(first, {}).status(); },
      [&](Catalog& store) { return store.IdentifySeries(identify).status(); },
      [&](Catalog& store) { return store.AddSeries(identified).status(); },
      [&](Catalog& store) { return store.SetHashSetEnabled("list", false, {}).status(); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    TempDir dir;
    bool armed = false;
    const auto open = [&] {
      return Catalog::Open({.store_dir = dir.path() + "/store",
                            .more_migrations = {},
                            .progress = {},
                            .after_commit = [&armed] {
                              if (armed) throw std::bad_alloc();
                            }});
    };
    auto store = open();
    ASSERT_TRUE(store.ok()) << store.status();
    v1::HashSet set;
    set.set_name("list");
    ASSERT_TRUE((*store)->AddHashSet(set).ok());
    v1::Agency agency;
    agency.set_name("NCA");
    ASSERT_TRUE((*store)->AddAgency(agency).ok());
    v1::Series series;
    series.set_code("S-1");
    ASSERT_TRUE((*store)->AddSeries(series).ok());
    const auto old = PdqEntry(Pdq(1), "old");
    const std::array<const v1::Entry*, 1> olds = {&old};
    ASSERT_TRUE((*store)->AddEntries("list", "", olds).ok());
    armed = true;
    const absl::Status failed = changes[i](**store);
    EXPECT_TRUE(absl::IsUnavailable(failed)) << failed;
    EXPECT_THAT(std::string(failed.message()), HasSubstr("is recorded"));
    EXPECT_THAT(std::string(failed.message()), HasSubstr("restart"));
    armed = false;
    // Nothing is answered, and nothing is added, until a restart.
    EXPECT_TRUE(absl::IsUnavailable((*store)->Now().status()));
    for (const auto& change : changes) EXPECT_TRUE(absl::IsUnavailable(change(**store)));
    store->reset();
    store = open();
    ASSERT_TRUE(store.ok()) << store.status();
    const auto now = (*store)->Now();
    ASSERT_TRUE(now.ok()) << now.status();
    EXPECT_EQ(now->change, 2);
    EXPECT_EQ((*store)->entries().Size(), i == 0 ? 3 : 2);
    const auto again = (*store)->AddEntries("list", "", entries);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->front().already_there, i == 0);
    EXPECT_TRUE((*store)->Inspect()->problems.empty());
  }
}

}  // namespace
}  // namespace kith::server
