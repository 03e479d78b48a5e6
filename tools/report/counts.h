// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the summary of a report counts: files of a verdict, paths of a disposition.
//
// Thread-safety: pure functions. Complexity: O(counts), a dozen at most.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// How many files have the verdict.
inline std::uint64_t FilesOf(const v1::ReportSummary& summary, v1::Verdict verdict) {
  for (const v1::VerdictCount& count : summary.verdicts()) {
    if (count.verdict() == verdict) return count.files();
  }
  return 0;
}

// Of the unrecognized files, those that nothing at all is known of: a benign set holds the others,
// or a person rejected their leads.
inline std::uint64_t NeverSeenFiles(const v1::ReportSummary& summary) {
  const std::uint64_t files = FilesOf(summary, v1::VERDICT_UNRECOGNIZED);
  const std::uint64_t others = summary.harmless_files() + summary.rejected_files();
  return files - std::min(files, others);
}

// How many paths have the disposition.
inline std::uint64_t PathsOf(const v1::ReportSummary& summary, v1::Disposition disposition) {
  for (const v1::DispositionCount& count : summary.dispositions()) {
    if (count.disposition() == disposition) return count.paths();
  }
  return 0;
}

}  // namespace kith::report
