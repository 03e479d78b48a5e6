// SPDX-License-Identifier: Apache-2.0
//
// Purpose: whose categories the records of a VICS file have: their codes differ by country, and
// only the envelope tells which.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "tools/exchange/entry.h"

namespace kith::exchange {

struct VicsScheme {
  std::string name = "vics";  // "vics-us" where the envelope tells a region; "vics" where none
  bool nist = false;          // the envelope of NIST's list of harmless files
};
// As the context of an envelope tells: "…/DataModels/2.0.xml/US/$metadata#Media".
[[nodiscard]] VicsScheme VicsSchemeOf(std::string_view context);

// Whether envelopes whose categories are of `scheme` name no region.
[[nodiscard]] bool IsOfNoRegion(std::string_view scheme);
// `context`, or, where it says something else, that of an envelope whose categories are of
// `scheme`.
[[nodiscard]] std::string ContextOf(const std::string& context, const std::string& scheme,
                                    bool cases);

// What becomes of a record of this category in a set of known files.
enum class InKnownSet {
  kTaken,
  kSurelyHarmless,   // not for it
  kPerhapsHarmless,  // code 8, which some call non-pertinent
  kHarmlessInTheUs,  // code 5, and nobody says whose it is
  kUnjudged          // none, or code 0
};
[[nodiscard]] InKnownSet InKnownSetOf(const Category& category, const VicsScheme& scheme);

// What a set of known-good files may hold: "non-pertinent" of the US scheme and of NIST's list.
[[nodiscard]] bool IsHarmless(const Category& category);

}  // namespace kith::exchange
