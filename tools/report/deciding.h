// SPDX-License-Identifier: Apache-2.0
//
// Purpose: which matches the verdict of a file rests on.
//
// Thread-safety: pure functions. Complexity: O(matches), save for CONFLICT, where those that say
// identified meet those that do not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

using Matches = std::vector<const v1::ReportMatch*>;

// A match that counts for a verdict: of a known set, and no nearer benign one holds it back.
inline bool Counts(const v1::ReportMatch& match) {
  return match.purpose() != v1::PURPOSE_BENIGN && !match.held_back();
}

// Whether a match says that the children are identified: its series, or, where nobody has said that
// of one, the source of the entry.
inline bool SaysIdentified(const v1::ReportMatch& match) {
  return match.series_status() == v1::SERIES_STATUS_IDENTIFIED ||
         (match.series_status() == v1::SERIES_STATUS_UNSPECIFIED &&
          match.victim_identified() == v1::TRI_STATE_YES);
}

// Whether a match says that nobody has identified them; it may be silent too.
inline bool SaysNotIdentified(const v1::ReportMatch& match) {
  return match.series_status() == v1::SERIES_STATUS_UNIDENTIFIED ||
         (match.series_status() == v1::SERIES_STATUS_UNSPECIFIED &&
          match.victim_identified() == v1::TRI_STATE_NO);
}

// Whether somebody has identified the series.
inline bool IsIdentified(const v1::ReportSeries& series) {
  return series.series().status() == v1::SERIES_STATUS_IDENTIFIED;
}

// Whether nobody here has said: an import brought the name, and its source knows.
inline bool IsUnsaid(const v1::ReportSeries& series) {
  return series.series().status() == v1::SERIES_STATUS_UNSPECIFIED;
}

// The matches on which the verdict of a file rests, nearest first: of IDENTIFIED those to what is
// identified, of CONFLICT one of each side, of RECOGNIZED all that count, of others none.
inline Matches DecidingMatches(const v1::ReportFile& file) {
  Matches known;       // all that count
  Matches identified;  // of them
  Matches others;      // of them, that say the opposite
  const v1::ReportMatch* known_digest = nullptr;
  const v1::ReportMatch* benign_digest = nullptr;
  for (const v1::ReportMatch& match : file.matches()) {
    if (match.by() != "pdq") {
      const v1::ReportMatch*& first = Counts(match) ? known_digest : benign_digest;
      if (first == nullptr) first = &match;
    }
    if (!Counts(match)) continue;
    known.push_back(&match);
    if (SaysIdentified(match)) identified.push_back(&match);
    if (SaysNotIdentified(match)) others.push_back(&match);
  }
  if (file.verdict() == v1::VERDICT_RECOGNIZED) return known;
  if (file.verdict() == v1::VERDICT_IDENTIFIED) {
    if (!identified.empty()) return identified;
    // Of a report whose maker did not tell what the source said.
    std::erase_if(known, [](const v1::ReportMatch* match) { return !match->series().empty(); });
    return known;
  }
  if (file.verdict() != v1::VERDICT_CONFLICT) return {};
  if (known_digest != nullptr && benign_digest != nullptr) return {known_digest, benign_digest};
  for (const v1::ReportMatch* yes : identified) {
    for (const v1::ReportMatch* no : others) {
      if (yes->set() != no->set()) return {yes, no};
    }
  }
  return {};
}

// All matches of a file, `first` before the others; nearest first in each.
inline Matches WithFirst(const v1::ReportFile& file, Matches first) {
  Matches all = std::move(first);
  const std::size_t chosen = all.size();
  for (const v1::ReportMatch& match : file.matches()) {
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(chosen);
    if (std::find(all.begin(), end, &match) == end) all.push_back(&match);
  }
  return all;
}

}  // namespace kith::report
