// SPDX-License-Identifier: Apache-2.0
//
// Purpose: how the answers of a report were made, as HTML.
//
// Thread-safety: pure functions.
#pragma once

#include <string>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// How answers are made, as HTML. Pure, thread-safe.

// The hash sets that were compared with; "" where there are none.
[[nodiscard]] std::string SetsSection(const v1::Report& report);

// How near leads are: a chart; "" without a lead.
[[nodiscard]] std::string DistanceSection(const v1::Report& report);

// Thresholds, versions, measured rates, runs.
[[nodiscard]] std::string MethodSections(const v1::Report& report);

}  // namespace kith::report
