// SPDX-License-Identifier: Apache-2.0
//
// Purpose: in which cases the series of a report were met, and how many.
//
// Thread-safety: one thread. Errors: those of catalog/database.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/report.pb.h"
#include "server/casework/internal/circulation.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// Counts the cases and agencies of each series.
[[nodiscard]] absl::Status CountCasesOf(Circulation& circulation,
                                        std::vector<v1::ReportSeries>& series);

// The same, and gives the sightings of all, in their order. `case_name`: the case that the report
// is on, or "".
[[nodiscard]] absl::StatusOr<std::vector<v1::ReportSighting>> MeetCases(
    Circulation& circulation, const std::string& case_name, std::vector<v1::ReportSeries>& series);

// Sums the files of the cases of each series.
void SumUp(const std::vector<v1::ReportSighting>& sightings, std::vector<v1::ReportSeries>& series);

// The series that are not identified and that some case met, with their sums, in the order of
// SortSeries.
[[nodiscard]] absl::StatusOr<std::vector<v1::ReportSeries>> LeadsMet(
    Circulation& circulation, const catalog::Directory& directory);

}  // namespace kith::casework
