// SPDX-License-Identifier: Apache-2.0
//
// What the ledger writes of files and their matches.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/batch_writer.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"

namespace kith::casework {
namespace {

using catalog::Statement;
using catalog::Transaction;

// Files that were matched before a change, and come on record after those were gathered whom its
// alerts concern, would never be told of it. Returns the last change whose alerts are raised.
absl::StatusOr<std::uint64_t> CheckNotWatched(Transaction& write, std::uint64_t change) {
  Statement row = write.Prepare("SELECT max(seen), max(announced) FROM watch");
  KITH_RETURN_IF_ERROR(row.Step().status());
  const std::uint64_t newest = std::max(row.Id(0), row.Id(1));
  if (newest <= change) return row.Id(0);
  return absl::AbortedError(absl::StrCat("the files were matched at change ", change,
                                         ", and the alerts of change ", newest,
                                         " are raised already: match them again"));
}

}  // namespace

absl::StatusOr<std::vector<PathOutcome>> Ledger::Record(
    const Run& run, std::span<const v1::EvidenceFile* const> files,
    std::span<const v1::MatchResult> results, std::uint64_t change) {
  if (files.size() != results.size()) {
    return absl::InternalError("as many results as files are recorded");
  }
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_RETURN_IF_ERROR(CheckNotPurged(write, run.case_id));
  KITH_ASSIGN(const std::uint64_t seen, CheckNotWatched(write, change));
  std::vector<PathOutcome> outcomes;
  outcomes.reserve(files.size());
  {
    BatchWriter writer(&write, &run, directory_, change, watched_ ? seen : change);
    for (std::size_t i = 0; i < files.size(); ++i) {
      KITH_ASSIGN(outcomes.emplace_back(), writer.Add(*files[i], results[i]));
    }
    KITH_RETURN_IF_ERROR(writer.Finish());
  }
  KITH_RETURN_IF_ERROR(write.Commit());
  return outcomes;
}

absl::Status Ledger::RecordAgain(const Run& run, std::span<const StoredFile> files,
                                 std::span<const v1::MatchResult> results, std::uint64_t change) {
  if (files.size() != results.size()) {
    return absl::InternalError("as many results as files are recorded");
  }
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_RETURN_IF_ERROR(CheckNotPurged(write, run.case_id));
  KITH_ASSIGN(const std::uint64_t seen, CheckNotWatched(write, change));
  {
    BatchWriter writer(&write, &run, directory_, change, watched_ ? seen : change);
    for (std::size_t i = 0; i < files.size(); ++i) {
      KITH_RETURN_IF_ERROR(writer.MatchAgain(files[i].file_id, results[i]).status());
    }
  }
  return write.Commit();
}

}  // namespace kith::casework
