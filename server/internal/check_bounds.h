// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a client may say of the files it checks, and how much of that is kept.
//
// Thread-safety: functions of their arguments. Errors: INVALID_ARGUMENT.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/kith/v1/match.pb.h"

namespace kith::server {

// Where a file says more than is kept: the same without that, in `kept`.
[[nodiscard]] const v1::EvidenceFile* Bounded(const v1::EvidenceFile& file,
                                              std::deque<v1::EvidenceFile>& kept);

[[nodiscard]] absl::Status CheckFile(const v1::EvidenceFile& file, std::size_t position);

[[nodiscard]] absl::Status CheckLibraries(const v1::MatchStreamOpen& open);

// At most so many are kept; what is beyond is counted.
[[nodiscard]] std::vector<std::string> WalkErrors(const v1::MatchStreamEnd& end);

}  // namespace kith::server
