// SPDX-License-Identifier: Apache-2.0
//
// Purpose: makes an object that is too long short enough by the tails of its longest lists: a file
// may lie at thousands of places, and what else is said of it is worth more than the last of them.
//
// Thread-safety: a pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::exchange {

// `object`: one JSON object without blanks between its tokens, as JsonObject writes it. Lists (and
// objects) that are its members lose their last items, the longest first and no more than need be;
// `left_out` grows by how many. "" where it is too long even without them. O(length + members log
// members).
[[nodiscard]] std::string WithShortLists(std::string_view object, std::size_t max_bytes,
                                         std::uint64_t& left_out);

}  // namespace kith::exchange
