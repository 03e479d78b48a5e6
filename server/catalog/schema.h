// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the tables of a store, as an ordered list of steps from one schema version to the next.
//
// Thread-safety: constants.
#pragma once

#include <span>
#include <string_view>

namespace kith::catalog {

// One step: SQL (several statements) that brings a store to `version`. A step that was released
// never changes; a change of the tables is a new step. Rooms contribute steps of the same version:
// they are applied in order of version, and within a version in the order of the rooms.
struct Migration {
  int version = 0;
  std::string_view sql;
};

// The schema version that this program writes; a store of a higher one is refused.
inline constexpr int kSchemaVersion = 10;

// "kith" in ASCII: PRAGMA application_id of a store.
inline constexpr int kApplicationId = 0x6B697468;

// The tables of the catalog itself.
[[nodiscard]] std::span<const Migration> CatalogMigrations();

}  // namespace kith::catalog
