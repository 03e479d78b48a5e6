// SPDX-License-Identifier: Apache-2.0
//
// Purpose: count business days: Monday to Friday without holidays.
//
// Thread-safety: pure functions. Days are YYYY-MM-DD.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kith::casework {

// The day that lies `count` business days after `day`: the day itself is not counted.
// Errors: INVALID_ARGUMENT for what is no day. O(count + holidays in between).
[[nodiscard]] absl::StatusOr<std::string> BusinessDaysAfter(std::string_view day, int count,
                                                            const std::set<std::string>& holidays);

}  // namespace kith::casework
