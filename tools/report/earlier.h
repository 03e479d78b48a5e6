// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tell whether a report may take the place of the one that lies in its folder.
//
// Thread-safety: functions of files; no state.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// Whether a report of `kind` and `scope` may be written into `folder`: where none of that kind lies
// there, and where the one there is of the same case or series, or a look-up of the same root. What
// a look-up told stands nowhere else. Of `scope` case, series and, of a look-up, root are read; of
// the file no more than 8 MiB, as its scope stands at its beginning.
// Errors: FAILED_PRECONDITION, which names the file and what it is of.
[[nodiscard]] absl::Status MayReplace(const std::string& folder, v1::ReportKind kind,
                                      const v1::ReportScope& scope);

}  // namespace kith::report
