// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace kith::end_to_end {

// How a report compares with what is true of a sample.
struct Judgement {
  std::uint64_t expected = 0;       // copies that must be found
  std::uint64_t found = 0;          // of these: verdict, series, set and entry are right
  std::uint64_t unseen_missed = 0;  // copies that PDQ cannot tell, not found
  std::uint64_t unseen_found = 0;   // found all the same, and rightly
  std::uint64_t wrong = 0;          // a match that is not true, a verdict that is not, a path lost
  std::vector<std::string> problems;  // each miss and each wrong one in words

  // The last line of tools/demo.
  [[nodiscard]] std::string LastLine() const;
  [[nodiscard]] bool IsPerfect() const { return found == expected && wrong == 0; }
};

struct JudgeInputs {
  std::string manifest;  // manifest.tsv of the sample
  std::string report;    // report.json of `kith check --out`
  std::string entries;   // what `kith entry list --json` printed
};

// Errors: NOT_FOUND, INVALID_ARGUMENT for a file that is not what it should be.
[[nodiscard]] absl::StatusOr<Judgement> Judge(const JudgeInputs& inputs);

}  // namespace kith::end_to_end
