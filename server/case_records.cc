// SPDX-License-Identifier: Apache-2.0
//
// Casework: cases on record, what people say of them, and the reports that are given out.
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/casework/report_digest.h"
#include "server/catalog/hand_on.h"
#include "server/catalog/names.h"
#include "server/check_run.h"
#include "server/internal/paging.h"
#include "server/internal/respond.h"

namespace kith::server {
namespace {

constexpr std::size_t kRootBytesAMessage = 512 << 10;

}  // namespace

casework::ReportOptions Casework::ReportFacts() const {
  const v1::IndexVersion version = catalog_->Version();
  casework::ReportOptions facts;
  facts.program = options_.program;
  facts.host = options_.host;
  facts.store_id = version.store_id();
  facts.current_change = version.change();
  facts.capabilities = options_.capabilities;
  facts.worklist = options_.worklist;
  facts.notifications = options_.notifications;
  facts.set_entries = [this](std::uint64_t set_id) { return catalog_->SetEntries(set_id); };
  facts.sets_at = [this](std::uint64_t change) { return catalog_->HashSetsAt(change); };
  facts.verdict_change = [this](std::uint64_t up_to) { return catalog_->LastVerdictChange(up_to); };
  facts.labels = [this](std::span<const std::uint64_t> entries) {
    return catalog_->Labels(entries);
  };
  return facts;
}

absl::Status Casework::GiveReport(casework::Ledger& ledger, const v1::GetReportRequest& request,
                                  const std::function<bool(v1::Report)>& emit) {
  casework::ReportOptions facts = ReportFacts();
  // Of the store, for look-ups too.
  facts.opinions = [this](std::string_view sha256, std::uint64_t entry_id) {
    constexpr std::size_t kAll = std::numeric_limits<std::int64_t>::max();
    return ledger_.ListOpinions(0, kAll, sha256, entry_id);
  };
  if (!request.record()) return casework::BuildReport(ledger, request, facts, emit);
  KITH_RETURN_IF_ERROR(catalog::CheckOptionalName("who", request.who()));
  casework::ReportDigest digest;
  v1::ReportRecord made;
  made.set_change(facts.current_change);
  made.set_who(request.who());
  bool taken = true;
  KITH_RETURN_IF_ERROR(casework::BuildReport(ledger, request, facts, [&](v1::Report fragment) {
    digest.Add(fragment);
    // Of what it says itself: of a series that was merged, a report tells of the other one.
    if (fragment.has_scope()) {
      made.set_kind(fragment.kind());
      made.set_case_name(fragment.scope().case_name());
      made.set_series(fragment.scope().series());
    }
    taken = emit(std::move(fragment));
    return taken;
  }));
  if (!taken) return absl::OkStatus();
  KITH_ASSIGN(*made.mutable_sha256(), digest.Finish());
  const absl::Status recorded = ledger.AddReport(made);
  if (recorded.ok()) return absl::OkStatus();
  // The report is right all the same, and a full disk must not take it from who needs it.
  v1::Report remark;
  remark.mutable_scope()->add_remarks(
      absl::StrCat("That this report was given out is not on record: ", recorded.message()));
  (void)emit(std::move(remark));
  return absl::OkStatus();
}

absl::StatusOr<v1::EditCaseResponse> Casework::EditCase(const v1::EditCaseRequest& request) {
  KITH_RETURN_IF_ERROR(ledger_.EditCase(request));
  KITH_ASSIGN(v1::GetCaseResponse now, ledger_.GetCase(request.name()));
  v1::EditCaseResponse response;
  *response.mutable_record() = std::move(*now.mutable_record());
  return response;
}

absl::StatusOr<v1::ListReportsResponse> Casework::ListReports(
    const v1::ListReportsRequest& request) {
  const auto page = ReadPage("reports", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  KITH_ASSIGN(const auto found,
              ledger_.ListReports(page->after, page->size + 1, request.case_name()));
  v1::ListReportsResponse response;
  response.set_next_page_token(FillPage(
      "reports", *page, found, [&](const auto& report) { *response.add_reports() = report; },
      [](const auto& report) { return report.report_id(); }));
  return response;
}

absl::Status Casework::ListRecordedPaths(
    const v1::ListRecordedPathsRequest& request,
    const std::function<bool(v1::ListRecordedPathsResponse)>& emit) {
  return ledger_.ListRecordedPaths(request.case_name(), request.root(), emit);
}

absl::Status Casework::GetReport(const v1::GetReportRequest& request,
                                 const std::function<bool(v1::GetReportResponse)>& emit) {
  auto roots = ledger_.Roots(request.case_name());
  if (!roots.ok()) return roots.status();
  // A report that counts files of cases names the alerts that it does not heed yet. Where they
  // cannot be raised now, one on a case says less exactly that something has changed, and is right
  // all the same.
  const bool counts_cases = !request.case_name().empty() ||
                            request.kind() == v1::REPORT_KIND_LEADS ||
                            request.kind() == v1::REPORT_KIND_CIRCULATION;
  if (counts_cases && options_.watch) {
    options_.watch(catalog_->Version().change()).IgnoreError();
  }
  v1::GetReportResponse response;
  std::size_t bytes = 0;
  for (std::string& root : *roots) {
    bytes += root.size();
    response.add_checked_roots(std::move(root));
    if (bytes < kRootBytesAMessage) continue;
    if (!emit(std::exchange(response, {}))) return absl::OkStatus();
    bytes = 0;
  }
  if (response.checked_roots_size() > 0 && !emit(std::move(response))) return absl::OkStatus();
  return GiveReport(ledger_, request, [&](v1::Report report) {
    v1::GetReportResponse fragment;
    *fragment.mutable_report() = std::move(report);
    return emit(std::move(fragment));
  });
}

absl::StatusOr<v1::ListCasesResponse> Casework::ListCases(const v1::ListCasesRequest& request) {
  const auto page = ReadPage("cases", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  const auto cases = ledger_.ListCases(page->after, page->size + 1);
  if (!cases.ok()) return cases.status();
  v1::ListCasesResponse response;
  response.set_next_page_token(FillPage(
      "cases", *page, *cases, [&](const v1::Case& record) { *response.add_cases() = record; },
      [](const v1::Case& record) { return record.case_id(); }));
  return response;
}

absl::StatusOr<v1::GetCaseResponse> Casework::GetCase(const v1::GetCaseRequest& request) {
  return ledger_.GetCase(request.name());
}

}  // namespace kith::server
