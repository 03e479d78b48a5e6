// SPDX-License-Identifier: Apache-2.0
//
// What both digest indexes say of their callers' digests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "index/digest_index.h"

namespace kith::index::internal {

// InvalidArgument for a digest that has not the length of its kind; its position is told.
[[nodiscard]] absl::Status CheckLengths(DigestKind kind, std::span<const std::string_view> digests);
// The same, and that there is one entry a digest.
[[nodiscard]] absl::Status CheckPairs(DigestKind kind, std::span<const std::string_view> digests,
                                      std::span<const std::uint64_t> entries);
[[nodiscard]] absl::Status NoRoom(DigestKind kind, std::size_t added);
// For the tables of the three kinds, so that nobody can choose digests that fall into one place.
[[nodiscard]] std::array<std::uint64_t, 3> RandomSeeds();

}  // namespace kith::index::internal
