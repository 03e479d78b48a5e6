// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the verdict on one file, as a pure function of its fingerprint and all its matches.
//
// Thread-safety: pure functions. Complexity: O(matches). Errors: none; every input has a verdict.
//
// The rules, in the order in which they are asked:
//   1. A match by digest is certain, and so is a lead that a person confirmed; any other match by
//   PDQ
//      is a lead. A benign match holds back every known lead that lies strictly farther than the
//      nearest benign one (what is certain is nearer than any lead); it never touches what is
//      certain. What is held back does not count below. (A lead that a person rejected is no
//      match.)
//   2. CONFLICT: known and benign entries both match for certain; or, among known matches, one set
//      says identified and another set says not identified.
//   3. IDENTIFIED: a known match says identified. RECOGNIZED: there is a known match.
//   4. UNRECOGNIZED: only benign matches count (NOT_APPLICABLE: neither picture nor video).
//   5. Without a match the disposition decides: what could be compared is UNRECOGNIZED (and where a
//      person rejected all that lay near, that is said), what could not is UNDETERMINED, what is
//      neither picture nor video is NOT_APPLICABLE.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proto/kith/v1/common.pb.h"
#include "proto/kith/v1/match.pb.h"

namespace kith::casework {

// What an entry says of the children it shows.
enum class Identification : std::uint8_t { kSilent, kIdentified, kNotIdentified };

// The series decides where somebody has said whether it is identified; `victim_identified` where
// there is no series, or one that an import named and of which nobody has said anything.
[[nodiscard]] Identification IdentificationOf(bool in_series, v1::SeriesStatus series_status,
                                              v1::TriState victim_identified);

// What the verdict must know of one match. As small as this because a file may have a hundred
// thousand, of which a client is told the nearest hundred.
struct MatchFacts {
  std::uint64_t set_id = 0;  // any number that tells the sets apart
  int distance_bits = 0;     // of a lead
  bool by_digest = false;
  bool confirmed = false;  // a lead, by a person
  bool benign = false;
  Identification identification = Identification::kSilent;
  bool held_back = false;  // out: set by Judge
};

struct Judgement {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  std::string_view rule;   // a constant, in words
  bool held_back = false;  // some lead is held back
};

// How near a match is, in words: "same file", "same picture" (10 bits), "very likely" (20), "lead".
[[nodiscard]] std::string_view NearnessOf(bool by_digest, int distance_bits);

// A code is searched when it is 32 bytes long and its quality, where known, is 50 or more.
[[nodiscard]] bool IsUsable(const v1::Code& code);

// `matches` are all matches of the file with active entries of enabled sets, in any order; sets
// `held_back` of each. Needs only disposition, codes and digests of the fingerprint. A bare query
// (disposition UNSPECIFIED) could be compared when it holds a usable code or a digest. `rejected`:
// how many leads are no matches because a person rejected them.
[[nodiscard]] Judgement Judge(const v1::Fingerprint& fingerprint, std::span<MatchFacts> matches,
                              std::uint64_t rejected = 0);

// Whether two rules of one verdict differ by benign matches alone, which hold nothing back: by what
// came or went that concerns nobody.
[[nodiscard]] bool DifferByBenignOnly(v1::Verdict verdict, std::string_view rule,
                                      std::string_view other);

// True where the file was read to its end: it need not be read again while it is unchanged.
[[nodiscard]] bool ReadToItsEnd(v1::Disposition disposition);

}  // namespace kith::casework
