// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what every reader does with a field: digests and PDQ hashes from their text, and the
// digests of the empty file, which are in many lists and would match every empty file.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/exchange/entry.h"

namespace kith::exchange {

enum class DigestKind { kMd5, kSha1, kSha256 };

// Of a hexadecimal digit of either case; -1 of anything else.
[[nodiscard]] int DigitValue(char c);
// The bytes of hexadecimal digits of either case; nothing where there are others, or an odd number.
[[nodiscard]] std::optional<std::string> FromHex(std::string_view text);

// Sets the digest. False: `text` is not of this kind.
[[nodiscard]] bool TakeDigest(DigestKind kind, std::string_view text, v1::Digests& digests);

// Adds a code of the whole picture. False: `text` is no PDQ hash.
[[nodiscard]] bool TakePdq(std::string_view text, v1::Dialect dialect, Entry& entry);

[[nodiscard]] bool IsEmptyFile(const v1::Digests& digests);
inline constexpr std::string_view kEmptyFileNote = "record of the empty file";

// The quality of a PDQ below which it says too little of its picture to be matched.
inline constexpr std::uint32_t kMinimumQuality = 50;
inline constexpr std::string_view kLowQualityNote = "PDQ of a quality below 50, left out";

inline constexpr std::string_view kNonPertinentNote =
    "record of a non-pertinent category, kept for the way back, not matched";

// Whether it is a PhotoDNA value: 144 bytes, 192 characters of base64 or 288 hexadecimal digits.
[[nodiscard]] bool IsPhotoDna(std::string_view text);

// Whether a record has anything to match by.
[[nodiscard]] bool CanMatch(const Entry& entry);

// `text` as a source_ref: UTF-8, at most kMaxListTextBytes.
[[nodiscard]] std::string SourceRef(std::string_view text);

[[nodiscard]] std::string_view Trimmed(std::string_view text);
[[nodiscard]] bool EqualIgnoringCase(std::string_view a, std::string_view b);

// "true" and "false" in the spellings of the exporters; nothing for anything else. bool("false") is
// true in many languages, so no exporter's booleans are trusted to be booleans.
[[nodiscard]] v1::TriState TriStateOf(std::string_view text);

}  // namespace kith::exchange
