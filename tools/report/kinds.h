// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the kinds of report in words.
//
// Thread-safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// The kinds of report in words, the same in every output. Pure, thread-safe, cannot fail; a kind
// that only a newer server knows is told as an initial comparison.

[[nodiscard]] std::string_view KindWord(v1::ReportKind kind);     // "initial"
[[nodiscard]] std::string_view KindTitle(v1::ReportKind kind);    // "Initial hash comparison"
[[nodiscard]] std::string_view KindPurpose(v1::ReportKind kind);  // one line of help
// The name of its files without extension: "report" for the initial comparison, else its word.
[[nodiscard]] std::string KindFile(v1::ReportKind kind);
// True where the report is of one case (or look-up) and of nothing else.
[[nodiscard]] bool KindIsOfACase(v1::ReportKind kind);
// The way back; UNSPECIFIED for what is no kind.
[[nodiscard]] v1::ReportKind KindOfWord(std::string_view word);
// Every kind, in order.
[[nodiscard]] std::span<const v1::ReportKind> AllKinds();

}  // namespace kith::report
