// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the files of casework that speak SQL share: handing errors on, and how values of
// the contract stand in columns.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/casework/verdict.h"

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

namespace kith::casework {

// A radius as a column; -1: the sets' own.
[[nodiscard]] inline std::int64_t RadiusColumn(std::optional<std::uint32_t> radius_bits) {
  return radius_bits ? static_cast<std::int64_t>(*radius_bits) : -1;
}

// How a match was found, as a column: the strongest first.
enum class FoundBy : std::uint8_t { kSha256 = 1, kSha1 = 2, kMd5 = 3, kPdq = 4 };
[[nodiscard]] FoundBy FoundByOf(std::string_view by);
[[nodiscard]] std::string_view NameOf(FoundBy found_by);

}  // namespace kith::casework
