// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the files of a case as a report gives them out.
//
// Thread-safety: one thread. Errors: those of the ledger and of the options.
#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/report_pages.h"
#include "server/casework/report_builder.h"

namespace kith::casework {

// What the sources call the entries, for a reader who has their lists.
[[nodiscard]] absl::Status FillLabels(const ReportOptions& options, v1::ReportFile& file);

// Files that match one of the series (all files without `codes`), with all their matches;
// `identified_too`: also those that are identified by the word of their source alone.
[[nodiscard]] absl::Status EmitFiles(LedgerView& view, const ReportOptions& options,
                                     const EmitReport& emit, const std::set<std::string>* codes,
                                     bool identified_too);

}  // namespace kith::casework
