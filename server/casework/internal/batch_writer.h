// SPDX-License-Identifier: Apache-2.0
//
// Purpose: writes evidence files, paths, matches and sightings of one case within one transaction.
//
// Thread-safety: one thread. Errors: those of catalog/database.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/match.pb.h"
#include "server/casework/ledger.h"
#include "server/catalog/database.h"

namespace kith::casework {

class BatchWriter {
 public:
  // All must outlive the writer, which must end before the transaction. `watched`: the last change
  // whose alerts are raised; a verdict that would give way at a later one is ABORTED, as nobody
  // would be told of it any more.
  BatchWriter(catalog::Transaction* write, const Run* run, const catalog::Directory* directory,
              std::uint64_t change, std::uint64_t watched);

  [[nodiscard]] absl::StatusOr<PathOutcome> Add(const v1::EvidenceFile& file,
                                                const v1::MatchResult& result);
  // What a file on record matches now. False: it is as new already.
  [[nodiscard]] absl::StatusOr<bool> MatchAgain(std::uint64_t file_id,
                                                const v1::MatchResult& result);
  // Brings the counts of the case up to date; at the end.
  [[nodiscard]] absl::Status Finish();

 private:
  struct FileState;
  struct PathState;

  [[nodiscard]] absl::StatusOr<FileState> FindFile(const std::string& identity);
  [[nodiscard]] absl::StatusOr<std::uint64_t> AddFile(const std::string& identity,
                                                      const v1::Fingerprint& fingerprint,
                                                      const v1::MatchResult& result);
  [[nodiscard]] absl::Status ReplaceFingerprint(std::uint64_t file_id,
                                                const v1::Fingerprint& fingerprint);
  [[nodiscard]] absl::Status ReplaceDigests(std::uint64_t file_id, const v1::Digests& digests);
  [[nodiscard]] absl::Status WriteCodes(std::uint64_t file_id, const v1::Fingerprint& fingerprint);
  [[nodiscard]] absl::StatusOr<std::uint64_t> FindOrAddFile(const v1::EvidenceFile& file,
                                                            const v1::MatchResult& result);
  [[nodiscard]] absl::StatusOr<std::vector<PathState>> FindPath(const std::string& path);
  [[nodiscard]] absl::StatusOr<std::uint64_t> AddPath(const v1::EvidenceFile& file,
                                                      std::uint64_t file_id);
  // `kept`: what became of reading it stays as it is.
  [[nodiscard]] absl::Status UpdatePath(const PathState& path, const v1::EvidenceFile& file,
                                        bool kept);
  [[nodiscard]] absl::Status CountPath(std::uint64_t file_id, int difference);
  [[nodiscard]] absl::Status WriteVerdict(std::uint64_t file_id, const v1::MatchResult& result);

  catalog::Transaction& write_;
  const Run& run_;
  const catalog::Directory& directory_;
  const std::uint64_t change_;
  const std::uint64_t watched_;
  std::int64_t files_ = 0;  // difference of this batch
  std::int64_t paths_ = 0;
};

}  // namespace kith::casework
