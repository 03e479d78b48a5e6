// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the kinds of changes in the change sequence of a store, and who made one and why.
//
// Thread-safety: constants and values.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "proto/kith/v1/catalog.pb.h"
#include "server/catalog/database.h"

namespace kith::catalog {

// Column change.kind; numbers never change their meaning.
enum class ChangeKind {
  kAdded = 1,          // entries first_entry to last_entry
  kWithdrawn = 2,      // entries of table withdrawal
  kIdentified = 3,     // series_version, as all of series below
  kSwitched = 4,       // hash_set_version: enabled or not
  kUnidentified = 5,   // a correction
  kSeriesEdited = 6,   // what does not touch a verdict: sensitivity, contacts, note
  kMerged = 7,         // series_version: merged_into was set
  kUnmerged = 8,       // a correction
  kAliased = 9,        // series_alias
  kMoved = 10,         // entry_moved
  kContact = 11,       // contact_version
  kSetEdited = 12,     // hash_set_version: radius, version, handling, source
  kOpinion = 13,       // of the ledger: a person's word on a match
  kPurged = 14,        // of the ledger: the files of a case were expunged
  kAgencyEdited = 15,  // agency_version
  kKept = 16,          // import_file, of an import without a new entry
  kHolidays = 17,      // of the ledger: the list of days that are no business days
};

// The kinds that can give a file another verdict, of a set's edits those that bring another radius
// (kNewRadius). Alerts are raised of these; people's words on a match give verdicts anew
// themselves.
inline constexpr std::array kVerdictKinds = {
    ChangeKind::kAdded,      ChangeKind::kWithdrawn,    ChangeKind::kMoved,
    ChangeKind::kIdentified, ChangeKind::kUnidentified, ChangeKind::kMerged,
    ChangeKind::kUnmerged,   ChangeKind::kSwitched,     ChangeKind::kSetEdited};
[[nodiscard]] constexpr bool TouchesVerdict(ChangeKind kind) {
  return std::find(kVerdictKinds.begin(), kVerdictKinds.end(), kind) != kVerdictKinds.end();
}

// "series identified", ...; "change" for a kind that this program does not know.
[[nodiscard]] std::string_view NameOf(ChangeKind kind);

// Fills a change from a row: number, at, kind, subject, who, note.
void ReadChange(const Statement& row, v1::Change& change);

// Of a change `c` of a hash set: that its radius is another one since. A condition for a query.
inline constexpr std::string_view kNewRadius =
    "coalesce((SELECT v.radius_bits <> coalesce((SELECT o.radius_bits FROM hash_set_version o"
    " WHERE o.hash_set = v.hash_set AND o.change < v.change ORDER BY o.change DESC LIMIT 1),"
    " (SELECT h.radius_bits FROM hash_set h WHERE h.id = v.hash_set))"
    " FROM hash_set_version v WHERE v.change = c.number), 1)";

// Who made a change, and why, as that person says. Both may be empty where a call says so.
struct Signature {
  std::string who = {};
  std::string why = {};
};
[[nodiscard]] Signature SignatureOf(const v1::Signature& signature);

}  // namespace kith::catalog
