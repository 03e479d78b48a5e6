// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what stands in the folder of a store, by name: what the catalog makes there, and what
// the lock knows as a store.
//
// Thread-safety: constants.
#pragma once

namespace kith::server {

// With what SQLite and upgrades put beside it.
inline constexpr char kDatabaseName[] = "kith.db";
// What is derived from it, for a quick start: may be deleted at any time. A backup leaves it out.
inline constexpr char kIndexDirName[] = "index";
inline constexpr char kLockName[] = "lock";
inline constexpr char kSocketName[] = "kith.sock";

}  // namespace kith::server
