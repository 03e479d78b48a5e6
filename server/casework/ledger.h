// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the ledger of casework: which files of which case were found where, what they match, and
// which series were met. The same code keeps the ledger of a store and, for a look-up, one in
// memory that ends with it.
//
// Thread-safety: all functions may be called from any thread; writers wait for each other.
//
// Each writing function is one transaction and idempotent: what is told twice, also by two programs
// at once, counts once. Nothing is deleted; what no longer holds is marked and stays on record.
//
// Errors: those of catalog/database.h, and as told at each function. Messages hold no hashes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/case.pb.h"
#include "proto/kith/v1/match.pb.h"
#include "server/catalog/database.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// AGENCY/NUMBER. The agency is what stands before the first "/"; the number may hold more of them.
struct CaseName {
  std::string agency;
  std::string number;
};
// Errors: INVALID_ARGUMENT (tells what a case name is): 1 to 200 bytes of UTF-8 without control
// characters, both halves not empty and without space at their ends.
[[nodiscard]] absl::StatusOr<CaseName> ParseCaseName(std::string_view name);

// So many matches of a file are kept, the nearest; of the others there is the number. The verdict
// saw them all.
inline constexpr int kMatchesKept = 1000;

// A run that has begun.
struct Run {
  std::uint64_t run_id = 0;
  std::uint64_t case_id = 0;
  std::uint64_t root_id = 0;
  std::optional<std::uint32_t> radius_bits;
  bool new_case = false;
  std::uint64_t recorded_paths = 0;  // of the case, before this run
};

// What became of one path of a batch.
struct PathOutcome {
  std::uint64_t path_id = 0;
  // An earlier run read this path and this one could not: what was found then stands.
  bool kept = false;
};

// How a run ended.
struct RunEnd {
  bool interrupted = false;
  std::uint64_t entries_walked = 0;
  std::uint64_t entries_sent = 0;  // distinct paths
  std::uint64_t entries_resumed = 0;
  std::uint64_t entries_kept = 0;
  std::span<const std::string> walk_errors = {};
};

// A file as it must be known to be matched again.
struct StoredFile {
  std::uint64_t file_id = 0;
  v1::Fingerprint fingerprint;  // digests, codes, disposition
};

class Ledger {
 public:
  // Both must outlive the ledger. The database holds the tables of CaseworkMigrations().
  Ledger(catalog::Database* database, const catalog::Directory* directory)
      : database_(database), directory_(directory) {}

  // Begins a run over `root`, and the case at its first use. An empty name stands for the one case
  // of a ledger in memory. Until FinishRun the case counts as incomplete.
  [[nodiscard]] absl::StatusOr<Run> StartRun(std::string_view case_name, std::uint64_t agency_id,
                                             std::string_view root,
                                             std::optional<std::uint32_t> radius_bits);

  // Records files and what they match (`results`, one each, judged, at index version `change`).
  // A path whose content changed supersedes what was there. O(files + matches), one commit.
  [[nodiscard]] absl::StatusOr<std::vector<PathOutcome>> Record(
      const Run& run, std::span<const v1::EvidenceFile* const> files,
      std::span<const v1::MatchResult> results, std::uint64_t change);

  // Checks the sums and closes the run. It is complete when it was not interrupted and each entry
  // walked was sent or resumed.
  [[nodiscard]] absl::Status FinishRun(const Run& run, const RunEnd& end);

  // Up to `limit` files of the case with a number above `after` that were matched before index
  // version `change`, or within another radius than that of the run. Ascending.
  [[nodiscard]] absl::StatusOr<std::vector<StoredFile>> StaleFiles(const Run& run,
                                                                   std::uint64_t change,
                                                                   std::uint64_t after,
                                                                   std::size_t limit);
  // Records what stale files match now. Matches that no longer hold are superseded.
  [[nodiscard]] absl::Status RecordAgain(const Run& run, std::span<const StoredFile> files,
                                         std::span<const v1::MatchResult> results,
                                         std::uint64_t change);

  // The paths of a root whose file was read to its end, by path, in messages of up to 1,000 or
  // some 1 MiB; an unknown root has none. NOT_FOUND for the case.
  [[nodiscard]] absl::Status ListRecordedPaths(
      std::string_view case_name, std::string_view root,
      const std::function<bool(v1::ListRecordedPathsResponse)>& emit);

  // Up to `limit` cases with a number above `after`, ascending.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Case>> ListCases(std::uint64_t after,
                                                                std::size_t limit);
  // The case and the series that its files match now, by code. NOT_FOUND.
  [[nodiscard]] absl::StatusOr<v1::GetCaseResponse> GetCase(std::string_view case_name);

  // Counts again what the ledger keeps counts of, and tells what does not agree: no hashes, no
  // paths. O(files + paths + matches).
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Inspect();

  [[nodiscard]] catalog::Database& database() const { return *database_; }
  [[nodiscard]] const catalog::Directory& directory() const { return *directory_; }

 private:
  catalog::Database* database_;
  const catalog::Directory* directory_;
};

}  // namespace kith::casework
