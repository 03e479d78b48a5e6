// SPDX-License-Identifier: Apache-2.0
//
// What the ledger writes of files and their matches.
#include "server/casework/internal/batch_writer.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"

namespace kith::casework {

using catalog::Statement;
using catalog::Transaction;

absl::StatusOr<std::vector<PathOutcome>> Ledger::Record(
    const Run& run, std::span<const v1::EvidenceFile* const> files,
    std::span<const v1::MatchResult> results, std::uint64_t change) {
  if (files.size() != results.size()) {
    return absl::InternalError("as many results as files are recorded");
  }
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  std::vector<PathOutcome> outcomes;
  outcomes.reserve(files.size());
  {
    BatchWriter writer(&write, &run, directory_, change);
    for (std::size_t i = 0; i < files.size(); ++i) {
      KITH_ASSIGN(outcomes.emplace_back(), writer.Add(*files[i], results[i]));
    }
    KITH_RETURN_IF_ERROR(writer.Finish());
  }
  KITH_RETURN_IF_ERROR(write.Commit());
  return outcomes;
}

absl::StatusOr<std::vector<StoredFile>> Ledger::StaleFiles(const Run& run, std::uint64_t change,
                                                           std::uint64_t after, std::size_t limit) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(
      "SELECT f.id, f.md5, f.sha1, f.sha256, f.disposition, c.codes"
      " FROM evidence_file f LEFT JOIN evidence_code c ON c.file = f.id"
      " WHERE f.case_record = ?1 AND f.id > ?2 AND f.paths > 0"
      " AND (f.matched_at < ?3 OR f.radius_bits <> ?4) ORDER BY f.id LIMIT ?5");
  rows.Bind(run.case_id, after, change, RadiusColumn(run.radius_bits), limit);
  std::vector<StoredFile> files;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return files;
    StoredFile& file = files.emplace_back();
    file.file_id = rows.Id(0);
    KITH_RETURN_IF_ERROR(ParseCodes(rows, 5, file.fingerprint));
    v1::Digests& digests = *file.fingerprint.mutable_digests();
    digests.set_md5(std::string(rows.Blob(1)));
    digests.set_sha1(std::string(rows.Blob(2)));
    digests.set_sha256(std::string(rows.Blob(3)));
    file.fingerprint.set_disposition(static_cast<v1::Disposition>(rows.Int(4)));
  }
}

absl::Status Ledger::RecordAgain(const Run& run, std::span<const StoredFile> files,
                                 std::span<const v1::MatchResult> results, std::uint64_t change) {
  if (files.size() != results.size()) {
    return absl::InternalError("as many results as files are recorded");
  }
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  {
    BatchWriter writer(&write, &run, directory_, change);
    for (std::size_t i = 0; i < files.size(); ++i) {
      KITH_RETURN_IF_ERROR(writer.MatchAgain(files[i].file_id, results[i]).status());
    }
  }
  return write.Commit();
}

}  // namespace kith::casework
