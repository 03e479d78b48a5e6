// SPDX-License-Identifier: Apache-2.0
//
// Purpose: whom to call, by one rule in every output: a person with how to reach them, and the desk
// of the agency wherever there is no other way.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "proto/kith/v1/catalog.pb.h"

namespace kith::report {

// The parts, for what marks them up.
struct WhomToCall {
  std::string name;
  std::vector<std::string> ways;  // phone and e-mail, those that are on record
  std::string desk;               // of the agency; only where there are no ways

  [[nodiscard]] bool nobody() const { return name.empty() && ways.empty(); }
};
[[nodiscard]] WhomToCall WhomToCallOf(const v1::Contact& contact, const std::string& desk);

// "A. Lind, +00 1, a@x", "A. Lind, desk +00 555 0100"; the desk alone where there is nobody, ""
// where there is neither.
[[nodiscard]] std::string WhomToCallText(const v1::Contact& contact, const std::string& desk);

}  // namespace kith::report
