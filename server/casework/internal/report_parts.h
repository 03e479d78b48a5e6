// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the parts of which reports are put together.
//
// Thread-safety: one thread; pure functions but for what they read.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/kith/v1/report.pb.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/report_builder.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// Header and scope of a report on no one case.
[[nodiscard]] v1::Report StoreHead(const ReportOptions& options);

// Header, scope with its warnings, and summary of a case or look-up.
[[nodiscard]] absl::StatusOr<v1::Report> CaseHead(LedgerView& view, std::string_view case_name,
                                                  const catalog::Directory& directory,
                                                  const ReportOptions& options);

// All hash sets, by name: version, radius and whether they were on as of this index version.
[[nodiscard]] absl::StatusOr<std::vector<v1::ReportSet>> SetsOf(const catalog::Directory& directory,
                                                                const ReportOptions& options,
                                                                std::uint64_t change);

// A series as reports show it: with the desk to call where no person is on record.
[[nodiscard]] v1::ReportSeries SeriesRecord(const v1::Series& series,
                                            const catalog::Directory& directory);

// The series that the files of a case match; identified first, then by number of files, then by
// code.
[[nodiscard]] std::vector<v1::ReportSeries> SeriesOf(const std::vector<SeriesCount>& counts,
                                                     const catalog::Directory& directory);
void SortSeries(std::vector<v1::ReportSeries>& series);

// How answers are made, without the runs of a case.
[[nodiscard]] absl::StatusOr<v1::ReportMethod> MethodOf(const ReportOptions& options);

}  // namespace kith::casework
