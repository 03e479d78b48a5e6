// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <thread>

#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

class EngineImportTest : public StoreTest {
 protected:
  std::string Begin(const std::string& set = "list") {
    v1::BeginImportRequest request;
    request.set_set(set);
    request.set_source("test list");
    const auto begun = engine().BeginImport(request);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.ok() ? begun->import_id() : "";
  }
  absl::StatusOr<v1::AddImportRecordsResponse> Send(const std::string& id, std::uint64_t batch,
                                                    const std::vector<v1::Entry>& records) {
    v1::AddImportRecordsRequest request;
    request.set_import_id(id);
    request.set_batch(batch);
    request.mutable_records()->Assign(records.begin(), records.end());
    return engine().AddImportRecords(request);
  }
  absl::StatusOr<v1::CommitImportResponse> Commit(const std::string& id, std::uint64_t batches) {
    v1::CommitImportRequest request;
    request.set_import_id(id);
    request.set_batches(batches);
    return engine().CommitImport(request);
  }
  [[nodiscard]] int StagedFiles() const {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(StoreDir())) {
      count += file.path().filename().string().rfind("import-", 0) == 0 ? 1 : 0;
    }
    return count;
  }
};

TEST_F(EngineImportTest, ListEntersAllTogether) {
  AddSet("list");
  const std::string id = Begin();
  v1::Entry bad = PdqEntry("short");
  auto sent = Send(id, 0, {PdqEntry(Pdq(1), "a"), bad, PdqEntry(Pdq(2), "b")});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->staged(), 2);
  ASSERT_EQ(sent->refused_size(), 1);
  EXPECT_EQ(sent->refused(0).item(), 1);
  // A batch that came already is acknowledged as before and counts once.
  sent = Send(id, 0, {PdqEntry(Pdq(1), "a"), bad, PdqEntry(Pdq(2), "b")});
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->staged(), 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Send(id, 2, {PdqEntry(Pdq(9))}).status()));
  ASSERT_TRUE(Send(id, 1, {PdqEntry(Pdq(3), "c"), PdqEntry(Pdq(1), "a")}).ok());
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Commit(id, 3).status()));
  const auto committed = Commit(id, 2);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->added(), 3);
  EXPECT_EQ(committed->already_there(), 1);
  EXPECT_EQ(committed->refused(), 1);
  EXPECT_EQ(committed->index_version().change(), 1);
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 1);
  EXPECT_EQ(StagedFiles(), 0);
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(3))).matches(0).source_ref(), "c");
  EXPECT_TRUE(Verify().ok());
}

// The reply to a commit was lost; the client that asked again was told NOT_FOUND.
TEST_F(EngineImportTest, ACommitIsAnsweredAgain) {
  AddSet("list");
  std::vector<std::string> ids;
  for (std::uint64_t i = 0; i < 65; ++i) {
    ids.push_back(Begin());
    ASSERT_TRUE(Send(ids.back(), 0, {PdqEntry(Pdq(i), "a"), PdqEntry(Pdq(i), "a")}).ok());
    ASSERT_TRUE(Commit(ids.back(), 1).ok());
  }
  for (const std::string& id : {ids[1], ids[64]}) {
    const auto again = Commit(id, 1);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->added(), 1);
    EXPECT_EQ(again->already_there(), 1);
    EXPECT_EQ(again->index_version().change(), 65);
    EXPECT_TRUE(absl::IsFailedPrecondition(Commit(id, 2).status()));
  }
  // The 64 last ones are remembered, by this process.
  EXPECT_TRUE(absl::IsNotFound(Commit(ids[0], 1).status()));
  EXPECT_TRUE(absl::IsNotFound(Send(ids[64], 1, {PdqEntry(Pdq(99))}).status()));
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(Commit(ids[64], 1).status()));
}

TEST_F(EngineImportTest, WhatIsNotCommittedLeavesNothing) {
  AddSet("list");
  const std::string aborted = Begin();
  ASSERT_TRUE(Send(aborted, 0, {PdqEntry(Pdq(1))}).ok());
  EXPECT_GT(StagedFiles(), 0);
  v1::AbortImportRequest abort;
  abort.set_import_id(aborted);
  EXPECT_TRUE(engine().AbortImport(abort).ok());
  EXPECT_TRUE(absl::IsNotFound(engine().AbortImport(abort).status()));
  EXPECT_EQ(StagedFiles(), 0);
  const std::string left = Begin();
  ASSERT_TRUE(Send(left, 0, {PdqEntry(Pdq(1))}).ok());
  // As a killed process leaves it.
  std::filesystem::copy(StoreDir(), Dir() + "/killed");
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(Send(left, 1, {PdqEntry(Pdq(2))}).status()));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 0);
  const auto killed = Engine::Open({.store_dir = Dir() + "/killed", .progress = {}});
  ASSERT_TRUE(killed.ok()) << killed.status();
  for (const auto& file : std::filesystem::directory_iterator(Dir() + "/killed")) {
    EXPECT_NE(file.path().filename().string().rfind("import-", 0), 0) << file.path();
  }
}

TEST_F(EngineImportTest, OpenImportsAreLimited) {
  AddSet("list");
  v1::BeginImportRequest request;
  request.set_set("none");
  EXPECT_TRUE(absl::IsNotFound(engine().BeginImport(request).status()));
  std::string last;
  for (int i = 0; i < catalog::kMaxOpenImports; ++i) last = Begin();
  request.set_set("list");
  EXPECT_TRUE(absl::IsResourceExhausted(engine().BeginImport(request).status()));
  v1::AbortImportRequest abort;
  abort.set_import_id(last);
  EXPECT_TRUE(engine().AbortImport(abort).ok());
  EXPECT_TRUE(engine().BeginImport(request).ok());
}

TEST(ImportsTest, AnIdleImportEnds) {
  TempDir dir;
  auto catalog = catalog::Catalog::Open(
      {.store_dir = dir.path() + "/store", .more_migrations = {}, .progress = {}});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  v1::HashSet set;
  set.set_name("list");
  ASSERT_TRUE((*catalog)->AddHashSet(set).ok());
  catalog::Imports imports(**catalog, /*idle_seconds=*/0);
  const auto id = imports.Begin("list", "", "");
  ASSERT_TRUE(id.ok()) << id.status();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_TRUE(absl::IsNotFound(imports.Add(*id, 0, {}).status()));
}

}  // namespace
}  // namespace kith::server
