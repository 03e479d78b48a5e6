// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::architecture {

// One #include line of a source file.
struct Include {
  std::string target;  // "hashing/pdq.h", "opencv2/core.hpp"
  bool quoted = false;
  int line = 0;  // from 1
};

// The #include lines of a C++ text, those in comments left out. O(size).
[[nodiscard]] std::vector<Include> ReadIncludes(std::string_view text);

// Why `file` (a path below the root of the project, "server/rpc/x.cc") may not have this include;
// or nothing. These are the directions of ARCHITECTURE.md.
[[nodiscard]] std::optional<std::string> ForbiddenInclude(std::string_view file,
                                                          const Include& include);

// Why a file or folder of this name (a path below the root) may not be; or nothing.
[[nodiscard]] std::optional<std::string> ForbiddenPlace(std::string_view path, bool is_folder);

// Why a source file may not begin as it does: the licence line, #pragma once in a header, and in
// one that others include what it is for and who may call it.
[[nodiscard]] std::optional<std::string> ForbiddenBeginning(std::string_view file,
                                                            std::string_view text);

}  // namespace kith::architecture
