// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the error rates that the project measured once, for the statement of method: what a
// radius of 31 finds of altered copies, and what it takes for a copy wrongly.
//
// Thread-safety: pure function.
#pragma once

#include "proto/kith/v1/report.pb.h"

namespace kith::casework {

// They are copied from the output of sample-rates, by the command and of the day that they name.
[[nodiscard]] v1::MeasuredRates MeasuredOnce();

}  // namespace kith::casework
