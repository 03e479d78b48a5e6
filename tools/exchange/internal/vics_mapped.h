// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what sources of other formats said of a file, as members of a VICS record, and how much
// of what is carried has no place in a format.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/exchange/entry.h"

namespace kith::exchange {

struct VicsMapped {
  std::vector<std::pair<std::string, std::string>> members;       // name, JSON
  std::vector<std::pair<std::string, std::string>> alternatives;  // HashName, HashValue
  std::uint64_t left_out = 0;  // values that no member of VICS holds
};
// Of an entry that no VICS file brought; nothing of one that did, which carries all its members.
[[nodiscard]] VicsMapped MappedOf(const Entry& entry);

// How many values an entry carries, for formats that hold none of them.
[[nodiscard]] std::uint64_t CarriedValues(const Entry& entry);

}  // namespace kith::exchange
