// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kith::cli {

// The candidate that a person most likely meant by a mistyped word, or "" where none is near: at
// most a third of its letters (at least one) inserted, lost, swapped with their neighbour or wrong.
// Ties go to the first. O(word x candidates), pure, thread-safe.
[[nodiscard]] std::string Nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

}  // namespace kith::cli
