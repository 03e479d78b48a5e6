// SPDX-License-Identifier: Apache-2.0
//
// Purpose: page sizes and page tokens of the lists.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kith::server {

inline constexpr std::size_t kDefaultPageSize = 100;
inline constexpr std::size_t kMaxPageSize = 1000;
// SQLite numbers its rows with signed integers: no list gave a token beyond.
inline constexpr std::uint64_t kMaxRecordNumber = std::numeric_limits<std::int64_t>::max();

// Where a page begins and how long it is. Read one more than `size` to know if another follows.
struct Page {
  std::uint64_t after = 0;  // the number of the last record of the page before
  std::size_t size = kDefaultPageSize;
};

// `list` names the list, so that a token of another one is refused.
// Errors: INVALID_ARGUMENT for a token that MakePageToken did not make.
[[nodiscard]] absl::StatusOr<Page> ReadPage(std::string_view list, std::uint32_t page_size,
                                            const std::string& page_token);
[[nodiscard]] std::string MakePageToken(std::string_view list, std::uint64_t last);

}  // namespace kith::server
