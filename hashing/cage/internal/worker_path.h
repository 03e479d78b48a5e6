// SPDX-License-Identifier: Apache-2.0
//
// Purpose: find kith-decode by where the running program lies, never by a search path that others
// may have set.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace kith::hashing::cage::internal {

// Errors: NotFound, naming the places looked at.
[[nodiscard]] absl::StatusOr<std::string> FindWorker();

// The same for a program at `program`.
[[nodiscard]] absl::StatusOr<std::string> FindWorkerOf(const std::string& program);

}  // namespace kith::hashing::cage::internal
