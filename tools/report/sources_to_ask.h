// SPDX-License-Identifier: Apache-2.0
//
// Purpose: whom to ask where the word of a set's source is all there is.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// Where files are identified by the word of a hash set's source alone, nobody is on record whom one
// could call: the source is to be asked.
struct SourceToAsk {
  std::string set;
  std::string source;            // as the set tells it; may be empty
  std::uint64_t files = 0;       // identified by it, and by no series that is identified
  std::set<std::string> series;  // the names that it gives their series
};

// A file that is identified by the word of sources alone, and by no series. O(matches).
[[nodiscard]] bool IsBySourceAlone(const v1::ReportFile& file);

// By name of the set. A file that two sets call identified is counted with each. Pure, thread-safe,
// cannot fail; O(matches).
[[nodiscard]] std::vector<SourceToAsk> SourcesToAsk(const v1::Report& report);

}  // namespace kith::report
