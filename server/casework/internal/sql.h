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

#include "server/casework/verdict.h"
#include "server/catalog/hand_on.h"

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
