// SPDX-License-Identifier: Apache-2.0
//
// Purpose: all that is computed of one file, in one call: digests, dimensions, and PDQ in every
// wanted dialect and orientation. All programs make fingerprints here and nowhere else.
//
// Thread-safety: the functions may run in any number of threads at once.
// Errors: none; what went wrong is the disposition, in words in `detail`.
// Complexity: one read of the file; memory for the file itself where it is decodable and within
// limits.max_bytes, else constant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hashing/decode.h"
#include "hashing/digest.h"
#include "hashing/orientation.h"
#include "hashing/pdq.h"
#include "hashing/views.h"

namespace kith::hashing {

struct FingerprintOptions {
  bool full = true;          // hash in the dialect `full`
  bool cli512 = true;        // hash in the dialect `cli512`
  bool orientations = true;  // all eight, else the original only
  // Pictures with borders, bars or blurred fill are hashed without them too: one more view a frame,
  // only where there is something to trim and what is left is usable. Costs a second decoding then.
  bool trimmed = true;
  // Where the exact hash of dialect `full` can be told within kFastMarginBits of
  // hashing/fast_pdq.h, and the picture has no trimmed view, tell that and no other dialect:
  // `approximate`. All else is hashed as without it. Needs `full`.
  bool fast = false;
  DecodeLimits limits = {};
};

inline constexpr std::size_t kMaxViews = 64;

// Where the time went.
struct StageTimes {
  std::int64_t read_ns = 0;
  std::int64_t digest_ns = 0;
  std::int64_t decode_ns = 0;
  std::int64_t hash_ns = 0;
};

struct DialectHashes {
  Dialect dialect = Dialect::kFull;
  int quality = 0;
  double spread = 0;
  bool usable = false;        // quality and spread reach the gates of hashing/pdq.h
  OrientationCodes codes;     // at the place of Orientation's value; see `orientations`
  bool orientations = false;  // false: only codes[0], the original, is set
};

struct ViewFingerprint {
  View view;
  std::string name;  // ViewName(view)
  int width = 0;     // of what was hashed
  int height = 0;
  std::vector<DialectHashes> hashes;  // in the order full, cli512, as far as wanted
  // True if the dialects cannot differ (no side over 512): a query needs to try one only.
  bool dialects_coincide = false;
};

struct Fingerprint {
  // `hashed` and `partial`: a view is usable in at least one of the wanted dialects; else
  // `low_quality`.
  Disposition disposition = Disposition::kUnreadable;
  std::string detail;  // why, for people; "" where there is nothing to say
  Format format = Format::kNone;
  std::string format_name;  // FormatName(format)
  std::uint64_t size_bytes = 0;
  std::optional<Digests> digests;  // absent only if not every byte could be read
  int width = 0;                   // as stored; 0 where unknown
  int height = 0;
  // The codes are near the exact ones of dialect `full`: a filter and no answer. Only if asked for.
  bool approximate = false;
  // Empty unless hashed, low_quality or partial. First the original, then by frame and crop; at
  // most kMaxViews.
  std::vector<ViewFingerprint> views;
  StageTimes times;
};

// For bytes that are in memory already.
[[nodiscard]] Fingerprint FingerprintBytes(std::span<const std::uint8_t> bytes,
                                           const FingerprintOptions& options);

// For an open regular file, read from its start whatever its position is; the position and the file
// are left as they are. The file is taken as long as it is at the call: what is appended later is
// not looked at. A descriptor that is no regular file is not read: `not_regular`.
[[nodiscard]] Fingerprint FingerprintFile(int fd, const FingerprintOptions& options);

// Fingerprint of a file that could not be opened, from errno: `vanished` for ENOENT and ESTALE,
// else `unreadable` with the system's words.
[[nodiscard]] Fingerprint FingerprintOfErrno(int error_number);

}  // namespace kith::hashing
