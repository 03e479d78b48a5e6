// SPDX-License-Identifier: Apache-2.0
//
// Purpose: hashes as people write them, and lines of a list of them.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/common.pb.h"

namespace kith::exchange {

// Hashes as people write them: hexadecimal, their kind told by their length. Pure, thread-safe,
// O(text). No message repeats a hash.

// What a value of 64 digits is, which its length does not tell.
enum class Kind64 { kEither, kPdq, kSha256 };

struct HashText {
  v1::Digests digests;
  std::string pdq;  // 32 bytes, or empty
};

// 32 digits: MD5; 40: SHA-1; 64: PDQ or SHA-256, as `kind` says, with kEither both at once.
// Errors: INVALID_ARGUMENT: the length, or the place of a character that is no digit.
[[nodiscard]] absl::StatusOr<HashText> ParseHash(std::string_view text, Kind64 kind);

// One line of a list: a hash, then optionally a comma or a tab and text, its source_ref.
struct ListLine {
  bool blank = false;  // or a comment: starts with '#'
  HashText hash;
  std::string text;
};
inline constexpr std::size_t kMaxListLineBytes = 4096;
inline constexpr std::size_t kMaxListTextBytes = 2000;

// `first`: a byte order mark before the hash is skipped. A carriage return at the end is skipped.
// Errors: INVALID_ARGUMENT: why the line cannot be taken.
[[nodiscard]] absl::StatusOr<ListLine> ParseListLine(std::string_view line, Kind64 kind,
                                                     bool first);

// Lower-case hex of bytes.
[[nodiscard]] std::string Hex(std::string_view bytes);

}  // namespace kith::exchange
