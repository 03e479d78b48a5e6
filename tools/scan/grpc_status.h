// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the engine answered, as people are shown it.
//
// Thread-safety: pure functions.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace kith::scan {

// What the engine answered, as a status that can be shown to people: where it failed without a word
// its code stands for the reason. Pure, thread-safe.
[[nodiscard]] inline absl::Status ShownStatus(const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (!status.ok() && status.error_message().empty()) {
    return absl::Status(code, "the engine gave no reason (" + absl::StatusCodeToString(code) + ")");
  }
  return absl::Status(code, status.error_message());
}

}  // namespace kith::scan
