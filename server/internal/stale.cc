// SPDX-License-Identifier: Apache-2.0
#include "server/internal/stale.h"

#include <algorithm>

#include "server/catalog/change.h"
#include "server/catalog/hand_on.h"

namespace kith::server {
namespace {

// The last edit of a hash set behind one change and up to another; 0: none.
absl::StatusOr<std::uint64_t> LastSetEdit(catalog::Database& database, std::uint64_t behind,
                                          std::uint64_t up_to) {
  KITH_ASSIGN(catalog::Transaction read, database.BeginRead());
  catalog::Statement row = read.Prepare(
      "SELECT coalesce(max(number), 0) FROM change WHERE number > ?1 AND number <= ?2"
      " AND kind = ?3");
  row.Bind(behind, up_to, catalog::ChangeKind::kSetEdited);
  KITH_RETURN_IF_ERROR(row.Step().status());
  return row.Id(0);
}

}  // namespace

absl::StatusOr<std::uint64_t> StaleBefore(catalog::Catalog& catalog, casework::Ledger& ledger,
                                          std::uint64_t change) {
  // An opinion gives the verdicts on its file anew itself. Until it did, nothing is taken to hold.
  KITH_ASSIGN(const auto unsettled, ledger.UnsettledOpinions());
  if (!unsettled.empty()) return change;
  KITH_ASSIGN(std::uint64_t last, catalog.LastVerdictChange(change));
  // Whatever was edited: a report tells the version of a set that its newest file was matched with.
  KITH_ASSIGN(const std::uint64_t edited, LastSetEdit(catalog.database(), last, change));
  last = std::max(last, edited);
  // What was not matched with all that is on record of it counts as matched before all changes.
  return std::max(last, std::min<std::uint64_t>(change, 1));
}

}  // namespace kith::server
