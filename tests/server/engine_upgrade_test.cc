// SPDX-License-Identifier: Apache-2.0
//
// A store of the first schema is brought up to date, with a copy of it beside it.
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/server/store.h"

namespace kith::server {
namespace {

using ::testing::HasSubstr;

// Makes the store that the dump tells of.
void MakeFromDump(const std::string& path) {
  std::ifstream file(KITH_SCHEMA1_DUMP);
  const std::string dump{std::istreambuf_iterator<char>(file), {}};
  ASSERT_GT(dump.size(), 1000U);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, dump.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
  sqlite3_free(error);
  sqlite3_close(database);
}

// The last column of the last row that `sql` gives.
std::string Ask(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  std::string answer;
  const auto take = [](void* out, int columns, char** values, char**) {
    *static_cast<std::string*>(out) = values[columns - 1];
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, &answer, nullptr), SQLITE_OK) << sql;
  sqlite3_close(database);
  return answer;
}

std::string Schema(const std::string& path) { return Ask(path, "PRAGMA user_version"); }

TEST(UpgradeTest, AStoreOfTheFirstSchemaIsCopiedAndBroughtUpToDate) {
  const TempDir dir;
  const std::string store = dir.path() + "/store";
  std::filesystem::create_directory(store);
  MakeFromDump(store + "/kith.db");
  { std::ofstream(store + "/kith.db.schema1") << "left by an upgrade that failed"; }
  for (int round = 0; round < 2; ++round) {
    const auto engine = Engine::Open({.store_dir = store, .create = false, .progress = {}});
    ASSERT_TRUE(engine.ok()) << engine.status();
    const auto sound = (*engine)->VerifyStore({});
    ASSERT_TRUE(sound.ok());
    EXPECT_TRUE(sound->ok()) << sound->ShortDebugString();
    EXPECT_EQ(sound->entries(), 3);
    EXPECT_EQ(sound->index_version().change(), 7);
    v1::GetSeriesRequest bluebell;
    bluebell.set_code("Bluebell");
    EXPECT_EQ((*engine)->GetSeries(bluebell)->series().identified_on(), "2026-06-01");
    EXPECT_EQ((*engine)->GetSeries(bluebell)->series().note(), "first");
    v1::GetSeriesRequest harebell;
    harebell.set_code("Harebell");
    EXPECT_EQ((*engine)->GetSeries(harebell)->series().contact().name(), "J. Jansen");
    v1::GetHashSetRequest old_set;
    old_set.set_name("old");
    EXPECT_FALSE((*engine)->GetHashSet(old_set)->hash_set().enabled());
    v1::GetCaseRequest one;
    one.set_name("DPD/1");
    const auto found = (*engine)->GetCase(one);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->record().files(), 3);
    EXPECT_EQ(found->sightings_size(), 2);
  }
  EXPECT_EQ(Schema(store + "/kith.db.schema1"), "1");
  EXPECT_NE(Schema(store + "/kith.db"), "1");
  // What is asked for each entry or change is not looked for in all of them.
  EXPECT_THAT(Ask(store + "/kith.db",
                  "EXPLAIN QUERY PLAN SELECT number FROM change WHERE first_entry <= 5"
                  " ORDER BY first_entry DESC LIMIT 1"),
              HasSubstr("SEARCH"));
  EXPECT_THAT(Ask(store + "/kith.db",
                  "EXPLAIN QUERY PLAN SELECT max(series) FROM series_version WHERE change = 5"),
              HasSubstr("SEARCH"));
  EXPECT_THAT(Ask(store + "/kith.db",
                  "EXPLAIN QUERY PLAN SELECT max(hash_set) FROM hash_set_version WHERE change = 5"),
              HasSubstr("SEARCH"));
  EXPECT_FALSE(std::filesystem::exists(store + "/kith.db.schema1.new"));
}

// The copy of an upgrade kept every path and hash of a case that was purged.
TEST(UpgradeTest, APurgeRemovesTheCopies) {
  const TempDir dir;
  const std::string store = dir.path() + "/store";
  std::filesystem::create_directory(store);
  MakeFromDump(store + "/kith.db");
  const auto engine = Engine::Open({.store_dir = store, .create = false, .progress = {}});
  ASSERT_TRUE(engine.ok()) << engine.status();
  const std::string copy = store + "/kith.db.schema1";
  ASSERT_TRUE(std::filesystem::exists(copy));
  v1::PurgeCaseRequest request;
  request.set_name("DPD/1");
  request.mutable_signature()->set_who("J. Jansen");
  request.mutable_signature()->set_why("court order");
  // One that cannot be removed is told; the same call once more removes it.
  std::filesystem::rename(copy, dir.path() + "/copy");
  std::filesystem::create_directories(copy + "/full");
  const auto kept = (*engine)->PurgeCase(request);
  EXPECT_THAT(std::string(kept.status().message()),
              ::testing::AllOf(HasSubstr("is purged, but"), HasSubstr(copy)));
  std::filesystem::remove_all(copy);
  std::filesystem::rename(dir.path() + "/copy", copy);
  EXPECT_TRUE(absl::IsFailedPrecondition((*engine)->PurgeCase(request).status()));
  EXPECT_FALSE(std::filesystem::exists(copy));
  const auto changes = (*engine)->ListChanges({});
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(changes->changes().rbegin()->subject(), "case DPD/1, with the copy kith.db.schema1");
}

TEST(UpgradeTest, WithoutRoomForTheCopyNothingIsChanged) {
  const TempDir dir;
  const std::string store = dir.path() + "/store";
  std::filesystem::create_directory(store);
  MakeFromDump(store + "/kith.db");
  std::filesystem::create_directory(store + "/kith.db.schema1");  // where the copy should be
  const auto engine = Engine::Open({.store_dir = store, .create = false, .progress = {}});
  ASSERT_FALSE(engine.ok());
  EXPECT_THAT(std::string(engine.status().message()), HasSubstr("no copy of it"));
  EXPECT_EQ(Schema(store + "/kith.db"), "1");
}

}  // namespace
}  // namespace kith::server
