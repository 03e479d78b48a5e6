// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace kith::bench {

// Where files are put that nobody named a folder for: TMPDIR, or /var/tmp.
[[nodiscard]] inline std::string DefaultDir() {
  const char* const wanted = std::getenv("TMPDIR");
  // Not /tmp, which may be memory.
  return wanted != nullptr && *wanted != '\0' ? wanted : "/var/tmp";
}

// Room for a run, as the kernel tells it.
struct Room {
  std::uint64_t memory_bytes = 0;  // without swapping (MemAvailable)
  std::uint64_t disk_bytes = 0;    // in the folder for files

  [[nodiscard]] static Room Now(const std::string& dir);
};

// What an engine takes for so many codes.
struct Need {
  std::uint64_t memory_bytes = 0;  // at most, while it is built from the codes that it is handed
  std::uint64_t disk_bytes = 0;    // at most, while it is built
};
[[nodiscard]] Need NeedOf(std::string_view engine, std::size_t count, std::size_t memory_bytes);

// OK, or ResourceExhausted saying what lacks and what to do.
[[nodiscard]] absl::Status CheckRoom(std::string_view engine, std::size_t count, const Need& need,
                                     const Room& room, const std::string& dir);

// What is measured where nobody asks for engines: those in memory for sets that they are made for,
// the segment in a file beyond.
[[nodiscard]] std::vector<std::string> DefaultEngines(std::size_t count);

}  // namespace kith::bench
