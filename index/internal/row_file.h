// SPDX-License-Identifier: Apache-2.0
//
// A file of codes with their labels, from which a segment is made again. Byte for byte (all numbers
// little-endian): a header of 160 bytes, then three sections without gaps.
//
//     0  8  "KITHROWS"
//     8  8  version: 1
//    16  8  rows: 1 to 2^32 - 1
//    24  8  entry of the first row
//    32  8  entry of the last row
//    40  8  zero
//    48     the table: for codes (32 bytes a row), entries (8) and views (4), in this order:
//           offset 8, length 8, XXH3-64 of the section 8, zero 8
//   144  8  zero
//   152  8  XXH3-64 of bytes 0 to 151
//
// Rows lie in the order of their labels. A file is written once and never changed.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/rows.h"

namespace kith::index::internal {

// Writes the rows (at least one, in the order of their labels) durably into a new file, mode 0600.
// An older file of that name is replaced. Errors: ResourceExhausted for a full disk, Unavailable
// otherwise; then no file is left.
[[nodiscard]] absl::Status WriteRowFile(const std::string& path, const Rows& rows);

// Reads it back, all of it checked. Errors: NotFound; DataLoss names the file and the section that
// is damaged; ResourceExhausted when memory ran out; Unavailable when it cannot be read.
[[nodiscard]] absl::StatusOr<Rows> ReadRowFile(const std::string& path);

}  // namespace kith::index::internal
