// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "proto/kith/v1/report.pb.h"
#include "tools/kith/paint.h"

namespace kith::cli {

// The end of a check in words for a tired person: how many files of each verdict, what became of
// every directory entry, which series and whom to call, what to do next. `root` is the folder of
// this run, which the report of a case with several folders does not name. Pure. Whole lines.
[[nodiscard]] std::string CheckSummary(const v1::Report& report, const std::string& root,
                                       const Paint& paint);

// The exit code that a report means: see `kith --help`. 0 only where the summary says "complete",
// without remarks.
[[nodiscard]] int ExitCodeOf(const v1::Report& report);

}  // namespace kith::cli
