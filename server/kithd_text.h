// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what kithd tells is put together of paths and names that others chose: make it one line
// that is safe on a terminal and in a log.
//
// Thread-safety: pure function.
#pragma once

#include <string>
#include <string_view>

namespace kith::server {

// \t \n \r for themselves, \xHH for other control bytes and for what is not UTF-8, \u{202E} for
// characters that show nothing or turn the direction of what follows (fewer than in the messages of
// `kith`, which server/ does not know). Backslashes stay single. O(bytes).
[[nodiscard]] std::string ShownText(std::string_view bytes);

}  // namespace kith::server
