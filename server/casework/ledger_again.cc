// SPDX-License-Identifier: Apache-2.0
//
// What the ledger tells of files that are to be matched again, and of opinions on them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/quick_sql.h"
#include "server/casework/internal/same_content.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"

namespace kith::casework {
namespace {

using catalog::BlobView;
using catalog::Statement;
using catalog::Transaction;

constexpr std::string_view kStoredColumns =
    "SELECT f.id, f.md5, f.sha1, f.sha256, f.disposition, c.codes, f.case_record, r.name, "
    "f.verdict,"
    " f.rule, f.matched_at, f.radius_bits FROM evidence_file f"
    " JOIN case_record r ON r.id = f.case_record LEFT JOIN evidence_code c ON c.file = f.id ";

std::string Stored(std::string_view where) {
  return absl::StrCat(std::string(kStoredColumns), std::string(where));
}

absl::Status ReadStored(Statement& row, StoredFile& file) {
  file.file_id = row.Id(0);
  KITH_RETURN_IF_ERROR(ParseCodes(row, 5, file.fingerprint));
  v1::Digests& digests = *file.fingerprint.mutable_digests();
  digests.set_md5(std::string(row.Blob(1)));
  digests.set_sha1(std::string(row.Blob(2)));
  digests.set_sha256(std::string(row.Blob(3)));
  file.fingerprint.set_disposition(static_cast<v1::Disposition>(row.Int(4)));
  file.case_id = row.Id(6);
  file.case_name = std::string(row.Text(7));
  file.verdict = static_cast<v1::Verdict>(row.Int(8));
  file.rule = std::string(row.Text(9));
  file.matched_at = row.Id(10);
  if (row.Int(11) >= 0) file.radius_bits = static_cast<std::uint32_t>(row.Int(11));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredFile>> ReadAll(Statement& rows) {
  std::vector<StoredFile> files;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return files;
    KITH_RETURN_IF_ERROR(ReadStored(rows, files.emplace_back()));
  }
}

absl::StatusOr<std::vector<v1::Opinion>> ReadOpinions(Statement& rows) {
  std::vector<v1::Opinion> opinions;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return opinions;
    ReadOpinion(rows, opinions.emplace_back());
  }
}

}  // namespace

absl::StatusOr<std::vector<StoredFile>> Ledger::StaleFiles(const Run& run, std::uint64_t change,
                                                           std::uint64_t after, std::size_t limit) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(
      Stored("WHERE f.case_record = ?1 AND f.id > ?2 AND f.paths > 0"
             " AND (f.matched_at < ?3 OR f.radius_bits <> ?4) ORDER BY f.id LIMIT ?5"));
  rows.Bind(run.case_id, after, change, RadiusColumn(run.radius_bits), limit);
  return ReadAll(rows);
}

absl::StatusOr<std::vector<StoredFile>> Ledger::FilesOf(std::string_view sha256) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(Stored("WHERE f.identity = ?1 AND f.paths > 0 ORDER BY f.id"));
  rows.Bind(BlobView{ContentIdentity(sha256)});
  return ReadAll(rows);
}

absl::StatusOr<std::vector<StoredFile>> Ledger::ReadFiles(std::span<const std::uint64_t> file_ids) {
  std::vector<std::uint64_t> ids(file_ids.begin(), file_ids.end());
  std::sort(ids.begin(), ids.end());
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(Stored("WHERE f.id = ?1 AND f.paths > 0"));
  std::vector<StoredFile> files;
  for (const std::uint64_t id : ids) {
    KITH_ASSIGN(const bool found, row.Bind(id).Step());
    if (found) KITH_RETURN_IF_ERROR(ReadStored(row, files.emplace_back()));
  }
  return files;
}

absl::StatusOr<Run> Ledger::LastRun(std::string_view case_name) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(
      "SELECT r.id, r.case_record, r.root, r.radius_bits FROM run r"
      " JOIN case_record c ON c.id = r.case_record WHERE c.name = ?1"
      " ORDER BY max(r.began, coalesce(r.ended, 0)) DESC LIMIT 1");
  KITH_ASSIGN(const bool found, row.Bind(case_name).Step());
  if (!found) return NoSuchCase(case_name);
  Run run;
  run.run_id = row.Id(0);
  run.case_id = row.Id(1);
  KITH_RETURN_IF_ERROR(CheckNotPurged(read, run.case_id));
  run.root_id = row.Id(2);
  if (!row.IsNull(3)) run.radius_bits = static_cast<std::uint32_t>(row.Int(3));
  return run;
}

absl::StatusOr<Met> Ledger::HowMet(std::string_view sha256, std::uint64_t entry_id) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement row = read.Prepare(kEverMet);
  KITH_ASSIGN(const bool found, row.Bind(BlobView{ContentIdentity(sha256)}, entry_id).Step());
  if (!found || row.IsNull(0)) return Met::kNever;
  return static_cast<FoundBy>(row.Int(0)) == FoundBy::kPdq ? Met::kByPdq : Met::kByDigest;
}

absl::StatusOr<std::vector<v1::Opinion>> Ledger::ListOpinions(std::uint64_t after,
                                                              std::size_t limit,
                                                              std::string_view sha256,
                                                              std::uint64_t entry_id) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(sha256.empty() ? kOpinions : kOpinionsOnContent);
  if (sha256.empty()) {
    rows.Bind(after, limit, entry_id);
  } else {
    rows.Bind(after, limit, entry_id, BlobView{sha256});
  }
  return ReadOpinions(rows);
}

absl::StatusOr<std::vector<v1::Opinion>> Ledger::UnsettledOpinions() {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  Statement rows = read.Prepare(
      "SELECT change, sha256, entry, kind, at, who, why FROM opinion"
      " WHERE change > (SELECT max(settled) FROM watch) ORDER BY change");
  return ReadOpinions(rows);
}

absl::Status Ledger::SettleOpinions(std::uint64_t change) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_RETURN_IF_ERROR(write.Execute("UPDATE watch SET settled = max(settled, ?1)", change));
  return write.Commit();
}

}  // namespace kith::casework
