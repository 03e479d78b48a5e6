// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a report from the fragments in which it came.
//
// Thread-safety: pure; the report belongs to the caller.
#pragma once

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// Adds the next fragment of a report to those that came before it. Paths of a file that were too
// many for one message join the file that they continue, so that a whole report has each file once.
// Pure; O(fragment).
void MergeFragment(v1::Report fragment, v1::Report& report);

}  // namespace kith::report
