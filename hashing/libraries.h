// SPDX-License-Identifier: Apache-2.0
//
// Purpose: name what a hash was made with, for whoever must explain one.
//
// Thread-safety: pure functions. Errors: none.
#pragma once

#include <string>
#include <vector>

namespace kith::hashing {

// The decoders of this program and what made its PDQ hashes, each with its version: the one that
// runs where the library tells it, else the one that was compiled against. HEIC and AVIF are among
// them where the program decodes these.
[[nodiscard]] std::vector<std::string> Libraries();

}  // namespace kith::hashing
