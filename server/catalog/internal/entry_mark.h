// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a name for a moment of a store's history, by which what is derived from the catalog
// knows whether it still belongs to it: the batch of entries that was the last one then.
//
// A mark is the text "CHANGE ENTRIES-END PROOF". The proof is taken over all that the change
// sequence says of that batch, the time and the digest of its records included, so that a store
// that was put back from a backup and then went another way has no such moment.
//
// Thread-safety: functions of their arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/catalog/database.h"

namespace kith::catalog {

// The mark of the newest batch; empty for a store without entries.
[[nodiscard]] absl::StatusOr<std::string> NewestMark(Transaction& read, std::string_view store_id);

// Entries below this number are what a mark tells of; 1, that is none, where the store's history
// has no such moment.
[[nodiscard]] absl::StatusOr<std::uint64_t> EntriesEndOf(Transaction& read,
                                                         std::string_view store_id,
                                                         std::string_view mark);

}  // namespace kith::catalog
