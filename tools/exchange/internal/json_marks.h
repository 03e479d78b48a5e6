// SPDX-License-Identifier: Apache-2.0
//
// Purpose: how JSON text nests, without reading its values: for text that is too deep or too long
// to be read.
//
// Thread-safety: a function of its arguments.
#pragma once

#include <cstddef>
#include <string_view>

namespace kith::exchange {

// Calls `take` with the place of each bracket and comma that stands in no string, and with how many
// brackets are open there: a bracket counts itself, whether it opens or closes. O(length).
template <typename Take>
void ForEachMark(std::string_view json, const Take& take) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      take(i, ++depth);
    } else if (c == ',') {
      take(i, depth);
    } else if (c == '}' || c == ']') {
      take(i, depth--);
    }
  }
}

}  // namespace kith::exchange
