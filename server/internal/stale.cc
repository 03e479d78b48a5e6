// SPDX-License-Identifier: Apache-2.0
#include "server/internal/stale.h"

#include <algorithm>

#include "server/catalog/hand_on.h"

namespace kith::server {

absl::StatusOr<std::uint64_t> StaleBefore(catalog::Catalog& catalog, casework::Ledger& ledger,
                                          std::uint64_t change) {
  // An opinion gives the verdicts on its file anew itself. Until it did, nothing is taken to hold.
  KITH_ASSIGN(const auto unsettled, ledger.UnsettledOpinions());
  if (!unsettled.empty()) return change;
  KITH_ASSIGN(std::uint64_t last, catalog.LastVerdictChange(change));
  // Whatever was edited: a report tells the version of a set that its newest file was matched with.
  KITH_ASSIGN(const std::uint64_t edited, catalog.LastSetEdit(last, change));
  last = std::max(last, edited);
  // What was not matched with all that is on record of it counts as matched before all changes.
  return std::max(last, std::min<std::uint64_t>(change, 1));
}

}  // namespace kith::server
