// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the calls of the engine that concern cases: check runs, cases, and their reports.
//
// Thread-safety: Casework may be used from any thread; a CheckRun belongs to one thread at a time,
// several go on side by side.
//
// Errors: as proto/kith/v1/{match,case}.proto says for each call, and those of catalog/database.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/admin.pb.h"
#include "proto/kith/v1/case.pb.h"
#include "proto/kith/v1/match.pb.h"
#include "server/casework/ledger.h"
#include "server/casework/report_builder.h"
#include "server/catalog/catalog.h"
#include "server/engine.h"

namespace kith::server {

// The longest path that is recorded (EvidenceFile.path, MatchStreamOpen.root).
inline constexpr std::size_t kMaxPathBytes = 64 << 10;

// What the ledgers of all look-ups that go on may take of memory, some 2.8 million files together.
inline constexpr std::uint64_t kMaxLookUpBytes = std::uint64_t{4} << 30;

// What matching a batch gave: results (judged, one a query, nearest first, up to the limit asked
// for) and the index version that all of them saw.
struct Matched {
  std::vector<v1::MatchResult> results;
  std::uint64_t change = 0;
};

// Matches a batch; thread-safe. Errors: as of MatchService.Match.
using MatchFunction = std::function<absl::StatusOr<Matched>(std::span<const v1::Fingerprint* const>,
                                                            const v1::MatchOptions&)>;

struct CaseworkOptions {
  MatchFunction match;
  // Raises the alerts of all changes up to this one; called before verdicts on record give way.
  std::function<absl::Status(std::uint64_t change)> watch;
  // For the statement of method in reports. Errors: as of AdminService.GetCapabilities.
  std::function<absl::StatusOr<v1::GetCapabilitiesResponse>()> capabilities;
  // What reports on new files and on notifications tell: see casework::ReportOptions.
  casework::WorklistFunction worklist;
  casework::NotificationsFunction notifications;
  std::string program;  // name and version, for reports
  std::string host;
  std::uint64_t look_up_bytes = kMaxLookUpBytes;
};

// A run without a case is a look-up: it keeps its ledger in memory (some 1.5 KiB a file, and 150
// bytes a match) until its report is made, and nothing at all where no report is wanted. A batch
// that finds the ledgers of all look-ups at their limit, or its own beyond it, is
// RESOURCE_EXHAUSTED.
class Casework {
 public:
  // `catalog` must outlive this and every run; its database holds the tables of the ledger.
  Casework(catalog::Catalog* catalog, CaseworkOptions options);

  [[nodiscard]] absl::StatusOr<std::unique_ptr<CheckRun>> StartCheck(
      const v1::MatchStreamOpen& open);
  [[nodiscard]] absl::Status ListRecordedPaths(
      const v1::ListRecordedPathsRequest& request,
      const std::function<bool(v1::ListRecordedPathsResponse)>& emit);
  [[nodiscard]] absl::Status GetReport(const v1::GetReportRequest& request,
                                       const std::function<bool(v1::GetReportResponse)>& emit);
  [[nodiscard]] absl::StatusOr<v1::ListCasesResponse> ListCases(
      const v1::ListCasesRequest& request);
  [[nodiscard]] absl::StatusOr<v1::GetCaseResponse> GetCase(const v1::GetCaseRequest& request);
  [[nodiscard]] absl::StatusOr<v1::EditCaseResponse> EditCase(const v1::EditCaseRequest& request);
  [[nodiscard]] absl::StatusOr<v1::ListReportsResponse> ListReports(
      const v1::ListReportsRequest& request);
  // False too where that cannot be told.
  [[nodiscard]] bool IsOnRecord(std::string_view case_name) {
    return ledger_.LastRun(case_name).ok();
  }
  // For VerifyStore: what does not agree in the ledger.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Inspect() { return ledger_.Inspect(); }

 private:
  class RunOfCheck;

  [[nodiscard]] casework::ReportOptions ReportFacts() const;
  // Makes a report from a ledger and, where the request says so, puts on record that it was given
  // out, once `emit` took all of it.
  [[nodiscard]] absl::Status GiveReport(casework::Ledger& ledger,
                                        const v1::GetReportRequest& request,
                                        const std::function<bool(v1::Report)>& emit);
  [[nodiscard]] absl::StatusOr<std::uint64_t> FindOrAddAgency(const std::string& name,
                                                              bool& is_new);

  catalog::Catalog* catalog_;
  CaseworkOptions options_;
  casework::Ledger ledger_;
  std::atomic<std::uint64_t> look_up_bytes_ = 0;  // of the ledgers of look-ups that go on
};

}  // namespace kith::server
