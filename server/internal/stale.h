// SPDX-License-Identifier: Apache-2.0
//
// Purpose: from which change on what was matched still holds.
//
// Thread-safety: may be called from any thread. Errors: those of catalog/database.h.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/casework/ledger.h"
#include "server/catalog/catalog.h"

namespace kith::server {

// Files on record that were matched before the index version that this returns may have another
// verdict at `change`, or be told to be compared with another version of a set; others do not. Not
// for the ledger of a look-up: opinions do not reach it. O(changes since).
[[nodiscard]] absl::StatusOr<std::uint64_t> StaleBefore(catalog::Catalog& catalog,
                                                        casework::Ledger& ledger,
                                                        std::uint64_t change);

}  // namespace kith::server
