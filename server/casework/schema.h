// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the tables of the ledger, as migrations of the store (catalog/schema.h). They refer to
// the catalog by number only, so that a look-up can hold the same tables in memory, alone.
//
// Thread-safety: constants.
#pragma once

#include <span>

#include "server/catalog/schema.h"

namespace kith::casework {

[[nodiscard]] std::span<const catalog::Migration> CaseworkMigrations();

}  // namespace kith::casework
