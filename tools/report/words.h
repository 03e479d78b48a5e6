// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the words of the contract as text, the same in every output.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/common.pb.h"

namespace kith::report {

// The words of the contract as text: the same in every output. Pure, thread-safe, cannot fail; an
// unknown number (a newer server) gives its digits.

[[nodiscard]] std::string VerdictWord(v1::Verdict verdict);              // "IDENTIFIED"
[[nodiscard]] std::string DispositionWord(v1::Disposition disposition);  // "low_quality"
[[nodiscard]] std::string DialectWord(v1::Dialect dialect);              // "full", "unknown"
[[nodiscard]] std::string OrientationWord(v1::Orientation orientation);  // "rotate90", "" if unset
[[nodiscard]] std::string PurposeWord(v1::Purpose purpose);              // "known"
[[nodiscard]] std::string NotificationWord(v1::Notification notification);  // "opt-in", "" if unset
[[nodiscard]] std::string CaseStateWord(v1::CaseState state);   // "final-report", "" if unset
[[nodiscard]] std::string StatusWord(v1::SeriesStatus status);  // "identified", "" if unset
[[nodiscard]] std::string OpinionWord(v1::OpinionKind kind);    // "confirmed", "" if unset
[[nodiscard]] std::string TriStateWord(v1::TriState state);     // "yes", "no", ""
[[nodiscard]] std::string ViewWord(const v1::View& view);       // "original", "trimmed", "frame:3"

// The way back: "full", "cli512"; anything else is UNSPECIFIED, unknown.
[[nodiscard]] v1::Dialect DialectOfWord(std::string_view word);
// Likewise; UNSPECIFIED for what is no state.
[[nodiscard]] v1::CaseState CaseStateOfWord(std::string_view word);

// What a verdict or a disposition means, in one short sentence for a person.
[[nodiscard]] std::string_view VerdictMeaning(v1::Verdict verdict);
[[nodiscard]] std::string_view DispositionMeaning(v1::Disposition disposition);
// "identified", "not identified", "nobody here has said".
[[nodiscard]] std::string_view StatusMeaning(v1::SeriesStatus status);

// Whether neither a digest nor a person vouches for any file that a notification rests on.
[[nodiscard]] bool IsLeadsOnly(const v1::NotificationTask& task);
// What a notification rests on: "leads only: confirm first", "2 certain", or "no file on record" of
// a purged case.
[[nodiscard]] std::string RestsOnWords(const v1::NotificationTask& task);

// 1234567 -> "1,234,567".
[[nodiscard]] std::string Number(std::uint64_t value);
// 1, "file" -> "1 file"; 2, "file" -> "2 files".
[[nodiscard]] std::string Counted(std::uint64_t value, std::string_view noun);
[[nodiscard]] std::string Counted(std::uint64_t value, std::string_view one, std::string_view many);
// 1536 -> "1.5 KiB".
[[nodiscard]] std::string Size(std::uint64_t bytes);

}  // namespace kith::report
