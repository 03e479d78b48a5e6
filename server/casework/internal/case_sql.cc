// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/case_sql.h"

#include "absl/strings/str_cat.h"
#include "server/casework/internal/sql.h"
#include "server/catalog/names.h"

namespace kith::casework {

using catalog::Statement;
using catalog::Transaction;

void ReadOpinion(const catalog::Statement& row, v1::Opinion& opinion) {
  opinion.set_change(row.Id(0));
  opinion.set_sha256(std::string(row.Blob(1)));
  opinion.set_entry_id(row.Id(2));
  opinion.set_kind(static_cast<v1::OpinionKind>(row.Int(3)));
  opinion.set_at(std::string(row.Text(4)));
  opinion.set_who(std::string(row.Text(5)));
  opinion.set_why(std::string(row.Text(6)));
}

absl::StatusOr<std::uint64_t> FindCase(Transaction& transaction, std::string_view name) {
  Statement find = transaction.Prepare("SELECT id FROM case_record WHERE name = ?1");
  KITH_ASSIGN(const bool found, find.Bind(name).Step());
  return found ? find.Id(0) : 0;
}

absl::Status NoSuchCase(std::string_view name) {
  return absl::NotFoundError(absl::StrCat(
      "case ", catalog::Quoted(name), ": not on record; `kith case list` shows those that are"));
}

absl::Status CheckNotPurged(Transaction& transaction, std::uint64_t case_id) {
  Statement find = transaction.Prepare(
      "SELECT c.name, p.at FROM case_purged p JOIN case_record c ON c.id = p.case_record"
      " WHERE p.case_record = ?1");
  KITH_ASSIGN(const bool found, find.Bind(case_id).Step());
  if (!found) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "case ", catalog::Quoted(find.Text(0)), " was purged at ", std::string(find.Text(1)),
      ": its files are expunged; `kith case show` has the counts"));
}

absl::StatusOr<bool> ReadDetails(Transaction& transaction, std::uint64_t case_id,
                                 v1::CaseDetails& details) {
  Statement row = transaction.Prepare(
      "SELECT officer, reference, legal_basis, seized_on, due_on, priority, state"
      " FROM case_version WHERE case_record = ?1 ORDER BY id DESC LIMIT 1");
  KITH_ASSIGN(const bool found, row.Bind(case_id).Step());
  if (!found) return false;
  details.set_officer(std::string(row.Text(0)));
  details.set_reference(std::string(row.Text(1)));
  details.set_legal_basis(std::string(row.Text(2)));
  details.set_seized_on(std::string(row.Text(3)));
  details.set_due_on(std::string(row.Text(4)));
  details.set_priority(std::string(row.Text(5)));
  details.set_state(static_cast<v1::CaseState>(row.Int(6)));
  return true;
}

absl::Status ParseCodes(Statement& row, int column, v1::Fingerprint& fingerprint) {
  if (row.IsNull(column)) return absl::OkStatus();
  const std::string_view codes = row.Blob(column);
  if (fingerprint.ParseFromArray(codes.data(), static_cast<int>(codes.size()))) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      "the codes of a file of the ledger are damaged; run `kith store verify`");
}

std::string UnrecognizedFiles() {
  return absl::StrCat(
      "SELECT f.id, f.sha256, r.name, c.codes FROM evidence_file f"
      " JOIN case_record r ON r.id = f.case_record LEFT JOIN evidence_code c ON c.file = f.id"
      " WHERE f.verdict = ?1 AND f.paths > 0 AND length(f.sha256) = 32"
      " AND NOT (f.total_matches > 0 AND ",
      std::string(kHoldsBenignDigest), ") ORDER BY f.identity, f.id");
}

absl::StatusOr<bool> IsComplete(Transaction& transaction, std::uint64_t case_id) {
  Statement find = transaction.Prepare(
      "SELECT NOT EXISTS (SELECT 1 FROM root WHERE case_record = ?1 AND NOT EXISTS ("
      "  SELECT 1 FROM run good WHERE good.root = root.id AND good.complete = 1 AND NOT EXISTS ("
      "    SELECT 1 FROM run bad WHERE bad.root = root.id AND bad.complete = 0"
      "    AND bad.began > good.ended)))");
  KITH_ASSIGN(const bool found, find.Bind(case_id).Step());
  return found && find.Int(0) != 0;
}

}  // namespace kith::casework
