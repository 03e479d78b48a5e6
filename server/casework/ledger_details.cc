// SPDX-License-Identifier: Apache-2.0
//
// What people say of cases, and which reports were given out.
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"
#include "server/catalog/names.h"

namespace kith::casework {
namespace {

using catalog::BlobView;
using catalog::Statement;
using catalog::Transaction;

bool ChangesSomething(const v1::EditCaseRequest& request) {
  return request.has_officer() || request.has_reference() || request.has_legal_basis() ||
         request.has_seized_on() || request.has_due_on() || request.has_priority() ||
         request.has_state();
}

absl::Status CheckEdit(const v1::EditCaseRequest& request) {
  if (!ChangesSomething(request)) {
    return catalog::NothingToChange(absl::StrCat("case ", catalog::Quoted(request.name())));
  }
  if (!v1::CaseState_IsValid(request.state())) {
    return absl::InvalidArgumentError(
        absl::StrCat("state ", static_cast<int>(request.state()), " of a case is not known"));
  }
  return catalog::FirstError({catalog::CheckOptionalName("officer", request.officer()),
                              catalog::CheckOptionalName("reference", request.reference()),
                              catalog::CheckOptionalName("legal_basis", request.legal_basis()),
                              catalog::CheckPastDate("seized_on", request.seized_on()),
                              catalog::CheckDate("due_on", request.due_on()),
                              catalog::CheckOptionalName("priority", request.priority()),
                              catalog::CheckOptionalName("who", request.signature().who()),
                              catalog::CheckText("why", request.signature().why())});
}

void Apply(const v1::EditCaseRequest& request, v1::CaseDetails& details) {
  if (request.has_officer()) details.set_officer(request.officer());
  if (request.has_reference()) details.set_reference(request.reference());
  if (request.has_legal_basis()) details.set_legal_basis(request.legal_basis());
  if (request.has_seized_on()) details.set_seized_on(request.seized_on());
  if (request.has_due_on()) details.set_due_on(request.due_on());
  if (request.has_priority()) details.set_priority(request.priority());
  if (request.has_state()) details.set_state(request.state());
}

}  // namespace

absl::Status Ledger::EditCase(const v1::EditCaseRequest& request) {
  KITH_RETURN_IF_ERROR(CheckEdit(request));
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(write, request.name()));
  if (case_id == 0) return NoSuchCase(request.name());
  KITH_RETURN_IF_ERROR(CheckNotPurged(write, case_id));
  v1::CaseDetails details;
  KITH_RETURN_IF_ERROR(ReadDetails(write, case_id, details).status());
  Apply(request, details);
  KITH_RETURN_IF_ERROR(write.Execute(
      "INSERT INTO case_version (case_record, at, who, why, officer, reference, legal_basis,"
      " seized_on, due_on, priority, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      case_id, catalog::TimeNow(), request.signature().who(), request.signature().why(),
      details.officer(), details.reference(), details.legal_basis(), details.seized_on(),
      details.due_on(), details.priority(), details.state()));
  return write.Commit();
}

absl::Status Ledger::AddReport(const v1::ReportRecord& report) {
  constexpr std::size_t kDigits = 64;
  if (report.sha256().size() != kDigits) {
    return absl::InvalidArgumentError("the SHA-256 of a report has 64 digits");
  }
  const std::string sha256 = absl::HexStringToBytes(report.sha256());
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  std::uint64_t case_id = 0;
  if (!report.case_name().empty()) {
    KITH_ASSIGN(case_id, FindCase(write, report.case_name()));
    if (case_id == 0) return NoSuchCase(report.case_name());
  }
  KITH_RETURN_IF_ERROR(
      write.Execute("INSERT INTO report_made (kind, case_record, series, change, sha256, at, who)"
                    " VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6, ?7)",
                    report.kind(), case_id, report.series(), report.change(), BlobView{sha256},
                    catalog::TimeNow(), report.who()));
  return write.Commit();
}

absl::StatusOr<std::vector<v1::ReportRecord>> Ledger::ListReports(std::uint64_t before,
                                                                  std::size_t limit,
                                                                  std::string_view case_name) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  std::uint64_t case_id = 0;
  if (!case_name.empty()) {
    KITH_ASSIGN(case_id, FindCase(read, case_name));
    if (case_id == 0) return NoSuchCase(case_name);
  }
  Statement rows = read.Prepare(
      "SELECT r.id, r.kind, coalesce(c.name, ''), r.series, r.change, r.sha256, r.at, r.who"
      " FROM report_made r LEFT JOIN case_record c ON c.id = r.case_record"
      " WHERE (?1 = 0 OR r.id < ?1) AND (?2 = 0 OR r.case_record = ?2) ORDER BY r.id DESC LIMIT "
      "?3");
  rows.Bind(before, case_id, limit);
  std::vector<v1::ReportRecord> reports;
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return reports;
    v1::ReportRecord& report = reports.emplace_back();
    report.set_report_id(rows.Id(0));
    report.set_kind(static_cast<v1::ReportKind>(rows.Int(1)));
    report.set_case_name(std::string(rows.Text(2)));
    report.set_series(std::string(rows.Text(3)));
    report.set_change(rows.Id(4));
    report.set_sha256(absl::BytesToHexString(std::string(rows.Blob(5))));
    report.set_made_at(std::string(rows.Text(6)));
    report.set_who(std::string(rows.Text(7)));
  }
}

}  // namespace kith::casework
