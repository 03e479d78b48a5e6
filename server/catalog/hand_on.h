// SPDX-License-Identifier: Apache-2.0
//
// Purpose: handing errors on to the caller.
//
// Thread-safety: macros only.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the error of `expression` from the function, if it is one.
#define KITH_RETURN_IF_ERROR(expression)                              \
  do {                                                                \
    if (absl::Status kith_status = (expression); !kith_status.ok()) { \
      return kith_status;                                             \
    }                                                                 \
  } while (false)

#define KITH_CONCAT_INNER(a, b) a##b
#define KITH_CONCAT(a, b) KITH_CONCAT_INNER(a, b)
#define KITH_ASSIGN_NAMED(result, target, ...) \
  auto result = (__VA_ARGS__);                 \
  if (!result.ok()) return result.status();    \
  target = *std::move(result)
// KITH_ASSIGN(target, expression): assigns the value of a StatusOr or returns its error.
#define KITH_ASSIGN(target, ...) \
  KITH_ASSIGN_NAMED(KITH_CONCAT(kith_result_, __LINE__), target, __VA_ARGS__)
