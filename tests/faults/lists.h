// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>

namespace kith::faults {

// The MD5 of nothing in particular: 32 digits that no other number gives.
[[nodiscard]] inline std::string Md5(unsigned long long number) {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", number * 0x9e3779b97f4a7c15ULL, number);
  return digits;
}

// A list of `count` lines from `first` on; the text of each line is its number.
[[nodiscard]] inline std::string ListOf(unsigned long long first, int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    list += Md5(first + static_cast<unsigned>(i)) + "," +
            std::to_string(first + static_cast<unsigned>(i)) + "\n";
  }
  return list;
}

}  // namespace kith::faults
