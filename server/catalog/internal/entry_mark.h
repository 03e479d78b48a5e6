// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a name for a moment of a store's history, by which what is derived from the catalog
// knows whether it still belongs to it: the change that was the last one then.
//
// A mark is the text "CHANGE ENTRIES-END PROOF". The proof is taken over all that the store says of
// that change and of the newest batch of entries until then, times and the digest of its records
// included, so that a store that was put back from a backup and then went another way has no such
// moment.
//
// Thread-safety: functions of their arguments. Complexity: O(entries that the change names).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/catalog/database.h"

namespace kith::catalog {

// What a mark tells of, where the store's history has that moment.
struct MarkedMoment {
  std::uint64_t change = 0;
  std::uint64_t entries_end = 1;  // entries below were there
};

// The mark of the newest change; empty for a store without any.
[[nodiscard]] absl::StatusOr<std::string> NewestMark(Transaction& read, std::string_view store_id);

// The mark of an earlier one. NOT_FOUND: there is no such change.
[[nodiscard]] absl::StatusOr<std::string> MarkAt(Transaction& read, std::string_view store_id,
                                                 std::uint64_t change);

// Change 0 and no entries where the store's history has no such moment.
[[nodiscard]] absl::StatusOr<MarkedMoment> MomentOf(Transaction& read, std::string_view store_id,
                                                    std::string_view mark);

}  // namespace kith::catalog
