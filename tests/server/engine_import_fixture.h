// SPDX-License-Identifier: Apache-2.0
//
// Imports in their steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "tests/server/store.h"

namespace kith::server {

// Record `i` of a list, with what its source says beside it.
inline v1::Entry Said(int i, const std::string& series, const std::string& data) {
  v1::Entry entry = DigestEntry(Md5(Bytes(16, static_cast<char>(i))));
  entry.set_series(series);
  entry.mutable_carried()->set_format("vics");
  entry.mutable_carried()->set_data(data);
  return entry;
}

class EngineImportTest : public StoreTest {
 protected:
  std::string Begin(const std::string& set = "list",
                    v1::SeriesNames names = v1::SERIES_NAMES_UNSPECIFIED) {
    v1::BeginImportRequest request;
    request.set_series_names(names);
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

// Imports into a catalog with one set, "list".
class ImportsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = catalog::Catalog::Open(
        {.store_dir = dir_.path() + "/store", .more_migrations = {}, .progress = {}});
    ASSERT_TRUE(opened.ok()) << opened.status();
    catalog_ = *std::move(opened);
    v1::HashSet set;
    set.set_name("list");
    const auto added = catalog_->AddHashSet(set);
    ASSERT_TRUE(added.ok()) << added.status();
    set_id_ = added->set_id();
  }

  TempDir dir_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::uint64_t set_id_ = 0;
};

}  // namespace kith::server
