// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a byte of a file changes, as on a disk that lost it: under whoever has it mapped, as it
// is no other file then.
#pragma once

#include <filesystem>
#include <fstream>

namespace kith::faults {

inline void FlipByte(const std::filesystem::path& path, std::size_t at, int bits = 4) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ bits));
}

}  // namespace kith::faults
