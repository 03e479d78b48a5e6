// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the file of a database as the system sees it: made, copied, made durable, removed.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace kith::catalog {

class Connection;  // connection.h

// "PATH: WHAT: " and the words of errno, by what it means for a store (database.h).
[[nodiscard]] absl::Status FromErrno(const std::string& path, const char* what);
// Makes the names in a folder, or the content of a file, durable.
[[nodiscard]] absl::Status Flush(const std::string& path);
[[nodiscard]] std::string FolderOf(const std::string& path);
// An empty file that only its owner can read; SQLite gives its companions the same mode.
[[nodiscard]] absl::Status MakeEmpty(const std::string& path);
// With its companions.
void RemoveDatabase(const std::string& path);
// What the connection sees, into an empty file.
[[nodiscard]] absl::Status CopyInto(Connection& source, const std::string& path);

}  // namespace kith::catalog
