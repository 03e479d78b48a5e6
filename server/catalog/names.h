// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tell whether a name, a text or a date may be stored.
//
// Thread-safety: pure functions. Complexity: linear in the text.
// Errors: INVALID_ARGUMENT; the message names the field and says what is wrong, and never repeats
// more of the text than is fit for a terminal.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace kith::catalog {

inline constexpr std::size_t kMaxNameBytes = 200;
inline constexpr std::size_t kMaxTextBytes = 4096;

[[nodiscard]] bool IsUtf8(std::string_view text);

// 1 to 200 bytes of UTF-8 without control characters, without blanks at its ends.
[[nodiscard]] absl::Status CheckName(std::string_view field, std::string_view text);
// The same, or empty.
[[nodiscard]] absl::Status CheckOptionalName(std::string_view field, std::string_view text);
// Text between quotes for a message: short, and harmless on a terminal.
[[nodiscard]] std::string Quoted(std::string_view text);

// Up to 4096 bytes of UTF-8 without NUL.
[[nodiscard]] absl::Status CheckText(std::string_view field, std::string_view text);
// A name without "/": it is the first half of a case name.
[[nodiscard]] absl::Status CheckAgencyName(std::string_view text);
// YYYY-MM-DD of a day that exists, or empty.
[[nodiscard]] absl::Status CheckDate(std::string_view field, std::string_view text);
// Of what has happened: the same, and not later than today in any time zone.
[[nodiscard]] absl::Status CheckPastDate(std::string_view field, std::string_view text);

// Of an edit that names nothing: the record must not tell of a change that was none.
[[nodiscard]] absl::Status NothingToChange(std::string_view subject);

// The first that is an error, or OK.
[[nodiscard]] absl::Status FirstError(std::initializer_list<absl::Status> statuses);

// The present moment, RFC 3339, UTC, whole seconds.
[[nodiscard]] std::string TimeNow();
// The day of such a moment, YYYY-MM-DD.
[[nodiscard]] std::string DayOf(std::string_view moment);

}  // namespace kith::catalog
