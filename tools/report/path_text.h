// SPDX-License-Identifier: Apache-2.0
//
// Purpose: make bytes from outside safe to show.
//
// Thread-safety: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace kith::report {

// How bytes that came from outside (file names first of all) become text that is safe to show.
// All functions are pure and thread-safe, O(bytes), and cannot fail.

// True for well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool IsUtf8(std::string_view bytes);

// Why the bytes are no name or text that can be kept, as the end of a sentence: "is not UTF-8" or
// "holds a control character" (also those above ASCII); "" where nothing is wrong.
[[nodiscard]] std::string_view WhyNoText(std::string_view bytes);

// For people, terminals and tab-separated output: one line of valid UTF-8 that cannot move a cursor
// and hides nothing. \t \n \r \\ stand for themselves, \xHH for other control bytes and for bytes
// that are not UTF-8, \u{202E} for characters that are invisible or change the reading direction.
// The form is unambiguous: every backslash of the input is doubled.
[[nodiscard]] std::string EscapeText(std::string_view bytes);

// For messages, which are put together of words, of what EscapeText gave and of what others wrote:
// as EscapeText, but backslashes stay single, so that nothing is escaped twice.
[[nodiscard]] std::string EscapeMessage(std::string_view bytes);

// For keeping: the bytes as they are, save that \xHH stands for each that is not UTF-8. Whoever
// shows it escapes it.
[[nodiscard]] std::string ToUtf8(std::string_view bytes);

// Text of one HTML element or quoted attribute, of what EscapeText gives.
[[nodiscard]] std::string EscapeHtml(std::string_view bytes);

// Sets object[key] to the bytes as JSON text; where they are not UTF-8, to EscapeText of them, and
// object[key + "_base64"] to the bytes themselves.
void PutBytes(nlohmann::ordered_json& object, const std::string& key, std::string_view bytes);

// One line of JSON in ASCII: whatever it holds can be shown on a terminal. Bytes that are not UTF-8
// are replaced (use PutBytes where they may occur).
[[nodiscard]] std::string JsonText(const nlohmann::ordered_json& value);

}  // namespace kith::report
