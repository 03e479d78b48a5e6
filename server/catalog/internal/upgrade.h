// SPDX-License-Identifier: Apache-2.0
//
// Purpose: how the file of a database comes to the newest schema: from nothing, or by migrations,
// with a copy of what it was beside it (PATH.schemaN).
//
// Errors: those of database.h.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/catalog/database.h"

namespace kith::catalog {

class Connection;  // connection.h

// The file gets its name only when it is complete, so that an empty file under that name is always
// a damaged store and never a new one.
[[nodiscard]] absl::Status MakeDatabase(const DatabaseOptions& options);
// FAILED_PRECONDITION for a schema that is newer than this program.
[[nodiscard]] absl::Status Migrate(Connection& connection, const DatabaseOptions& options);
// An upgrade leaves the store as it was beside it; where none is due nothing is copied.
[[nodiscard]] absl::Status CopyBeforeUpgrade(Connection& connection,
                                             const DatabaseOptions& options);
// FAILED_PRECONDITION for a database of another program, DATA_LOSS for an empty one.
[[nodiscard]] absl::Status CheckOwn(Connection& connection, const std::string& path);

}  // namespace kith::catalog
