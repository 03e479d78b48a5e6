// SPDX-License-Identifier: Apache-2.0
//
// Purpose: imports: lists that come in batches and enter a set all together or not at all.
//
// Thread-safety: all functions may be called from any thread; the calls of one import wait for each
// other.
//
// Staged records lie in a file of their own in the store's folder, gone with an abort, after an
// hour without a call, and at the next start. Memory: that of a batch (batch.h) during Commit only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/import.pb.h"
#include "server/catalog/batch.h"
#include "server/catalog/catalog.h"

namespace kith::catalog {

inline constexpr int kMaxOpenImports = 16;

struct StagedBatch {
  std::uint64_t staged = 0;
  std::vector<std::pair<std::uint64_t, std::string>> refused;  // item and reason
};

struct ImportedList {
  std::uint64_t added = 0;
  std::uint64_t already_there = 0;
  std::uint64_t refused = 0;
  std::uint64_t repeats = 0;  // of already_there: those that are kept beside their entry
  std::uint64_t series_added = 0;
  std::uint64_t withdrawn = 0;
  std::uint64_t first_entry = 0;   // of those added; 0: none
  std::uint64_t carried_only = 0;  // kept, and no entry
  // As in CommitImportResponse.
  std::uint64_t other_category = 0;
  std::uint64_t still_matched = 0;
  std::uint64_t other_victim = 0;
};

class Imports {
 public:
  // Removes what an earlier process staged. `catalog` outlives the imports.
  explicit Imports(Catalog& catalog, int idle_seconds = 3600);
  ~Imports();
  Imports(const Imports&) = delete;
  Imports& operator=(const Imports&) = delete;

  // Errors: NOT_FOUND for the set or series, RESOURCE_EXHAUSTED for too many open imports.
  // FAILED_PRECONDITION where the set tells its entries apart in the other way.
  // `signature`: who imports, and what, in words. `by_source_ref`: as in BatchOptions.
  [[nodiscard]] absl::StatusOr<std::string> Begin(std::string_view set, std::string_view series,
                                                  const Signature& signature,
                                                  v1::SeriesNames series_names,
                                                  bool by_source_ref = false);
  // Errors: NOT_FOUND, FAILED_PRECONDITION for a batch out of order, RESOURCE_EXHAUSTED.
  [[nodiscard]] absl::StatusOr<StagedBatch> Add(const std::string& import_id, std::uint64_t batch,
                                                std::span<const v1::Entry* const> records);
  // The import is over when it succeeded; after an error it may be tried again or aborted. The
  // answers of the last 64 committed ones are given again.
  // Errors: NOT_FOUND, FAILED_PRECONDITION when `batches` is not what came, INVALID_ARGUMENT for
  // `file` or `withdraw` (batch.h), RESOURCE_EXHAUSTED for too many series.
  // `file`: what the file says beside its records. A record is not already there as an entry that
  // `withdraw` names.
  [[nodiscard]] absl::StatusOr<ImportedList> Commit(const std::string& import_id,
                                                    std::uint64_t batches,
                                                    const v1::Carried& file = {},
                                                    std::span<const Withdrawal> withdraw = {});
  [[nodiscard]] absl::Status Abort(const std::string& import_id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::catalog
