// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "proto/kith/v1/match.pb.h"

namespace kith::cli {

// {"verdict":V,"rule":R,"total":T,"truncated":B,"matches":[...]}: what is known of one file or
// query, the same for `match` and `check`. A match holds entry, set, series (null where none),
// source_ref, distance (0 for a digest), by, view, orientation, dialect, and whom to call.
[[nodiscard]] nlohmann::ordered_json ResultJson(const v1::MatchResult& result);

// True for the verdicts that mean that something known was found.
[[nodiscard]] bool IsKnown(v1::Verdict verdict);

}  // namespace kith::cli
