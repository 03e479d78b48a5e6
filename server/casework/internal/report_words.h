// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the sentences of a report: how it was made, and what its reader must know.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/casework/internal/ledger_view.h"

namespace kith::casework {

// What the warnings are made of.
struct Doubts {
  std::string case_name;  // empty: a look-up
  bool complete = false;
  std::vector<RunRecord> runs;
  MatchedAt matched;
  KnownOtherwise known_otherwise;
  std::uint64_t files = 0;
  std::uint64_t current_change = 0;
  bool nothing_known = false;  // there is no entry that could make a file known
  // The last change up to that one that can touch a verdict.
  std::uint64_t verdict_change = 0;
};

// Cases of which a report on several tells counts that may not hold any more.
struct CaseDoubts {
  std::uint64_t cases = 0;
  std::uint64_t alerted = 0;     // of them: open alerts say something else than is on record
  std::uint64_t incomplete = 0;  // likewise: not checked to the end
  std::uint64_t others = 0;      // not counted here: alerts that may concern the series

  void Add(bool has_alerts, bool is_incomplete) {
    cases += has_alerts || is_incomplete ? 1 : 0;
    alerted += has_alerts ? 1 : 0;
    incomplete += is_incomplete ? 1 : 0;
  }
};
// Empty where nothing is in doubt.
[[nodiscard]] std::string WarningOfCases(const CaseDoubts& doubts);

// What the reader must know before he relies on the answer, one sentence or two each; no times and
// no hashes in them. A MiB of places and one of what concerns single runs; what is beyond is
// counted.
[[nodiscard]] std::vector<std::string> Warnings(const Doubts& doubts);

// What explains the counts and takes nothing from the answer, likewise.
[[nodiscard]] std::vector<std::string> Remarks(const Doubts& doubts);

// Of a case whose files were expunged at that time.
[[nodiscard]] std::string PurgedRemark(std::string_view purged_at);

// Which days due days were reckoned with.
[[nodiscard]] std::string HolidaysRemark(const std::set<std::string>& holidays);

// What was compared, how, and what a match means.
[[nodiscard]] std::string Method(std::optional<std::uint32_t> radius_bits);

}  // namespace kith::casework
