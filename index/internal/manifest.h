// SPDX-License-Identifier: Apache-2.0
//
// What the folder of an index holds: which segments, and up to which moment of its owner they tell
// everything. A text of lines:
//
//     kith-index 3
//     owner HEX
//     mark HEX
//     touched HEX                                  (of nothing behind this moment is anything in
//                                  the segments)
//     segment FILE ROWS FIRST-ENTRY LAST-ENTRY HASH
//                                  (one a segment, in the order of their entries; the manifest
//                                  hash of the file, 16 digits)
//     end HEX                                      (XXH3-64 of all lines before it, 16 digits)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kith::index::internal {

inline constexpr std::size_t kMaxManifestBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxMarkBytes = 256;  // of the owner's name too

struct ManifestSegment {
  std::string file;  // small letters, digits, '-' and '.'; begins with a letter
  std::uint64_t rows = 0;
  std::uint64_t first_entry = 0;
  std::uint64_t last_entry = 0;
  std::uint64_t hash = 0;  // names its content (SegmentInfo)
  friend bool operator==(const ManifestSegment&, const ManifestSegment&) = default;
};

struct Manifest {
  std::string owner;
  std::string mark;
  std::string touched;
  std::vector<ManifestSegment> segments;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

[[nodiscard]] std::string FormatManifest(const Manifest& manifest);

// DataLoss: what is wrong with it.
[[nodiscard]] absl::StatusOr<Manifest> ParseManifest(std::string_view text);

}  // namespace kith::index::internal
