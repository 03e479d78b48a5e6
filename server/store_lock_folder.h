// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the folder of a store before anybody holds the store: find it, make it, and tell it from
// a folder that is somebody else's.
//
// Thread-safety: functions of what the disk holds; another process may change it meanwhile.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::server {

// The folder of a store, absolute and without links. With `create` a missing one is made, mode
// 0700, and an empty one that others may enter is closed to them.
// Errors: NOT_FOUND, FAILED_PRECONDITION (no folder, read-only), PERMISSION_DENIED,
// RESOURCE_EXHAUSTED for a full disk.
[[nodiscard]] absl::StatusOr<std::string> PrepareFolder(const std::string& store_dir, bool create);

// Whether there is a store in the folder.
[[nodiscard]] bool HoldsStore(const std::string& folder);

// That nothing is in the folder but what a store leaves behind, so that one may be made there.
// Errors: FAILED_PRECONDITION, and those of PrepareFolder.
[[nodiscard]] absl::Status CheckVacant(const std::string& folder);

// What to tell of a folder that is no store.
[[nodiscard]] absl::Status NoStore(const std::string& folder);

// What others than the owner may do to a store, and how to forbid it; empty: nothing.
[[nodiscard]] std::string OpenToOthers(const std::string& folder);

// A call of the system failed: what of, and what to do.
[[nodiscard]] absl::Status FolderFailed(const std::string& what, int error);

}  // namespace kith::server
