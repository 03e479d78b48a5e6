// SPDX-License-Identifier: Apache-2.0
//
// Purpose: put a report on disk, in a folder that was found to be writable before the run.
//
// Thread-safety: one thread at a time for a folder.
#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// Where a report goes, found to be writable before the run that it tells of.
// Not thread-safe.

// Whether what is at `path`, or would be, lies in the folder: by what the folders are, by device
// and inode, and not by their names.
[[nodiscard]] bool LiesIn(const std::string& path, const std::string& folder);

// Makes the folder (mode 0700) where it does not exist and writes to it once. An empty `wanted`
// makes ./kith-report, or kith-report-2 and so on where that exists. Returns its real path.
// Errors: INVALID_ARGUMENT when it lies in `checked` (the evidence must not change; folders are
// told by device and inode, so also where it is mounted a second time, but not where a part of it
// is; an empty `checked` forbids nothing), PERMISSION_DENIED, FAILED_PRECONDITION,
// RESOURCE_EXHAUSTED.
[[nodiscard]] absl::StatusOr<std::string> PrepareFolder(const std::string& wanted,
                                                        const std::string& checked);
// The same, of several checked folders.
[[nodiscard]] absl::StatusOr<std::string> PrepareFolder(const std::string& wanted,
                                                        std::span<const std::string> checked);

// INVALID_ARGUMENT where a file of this name would lie in one of the checked folders.
[[nodiscard]] absl::Status CheckOutside(const std::string& file,
                                        std::span<const std::string> checked);

// Writes NAME.json, NAME.csv and NAME.html (mode 0600), where NAME is "report" for the initial
// comparison and the word of its kind for others (KindFile in kinds.h): each whole or not at all,
// the last complete ones stay until the new are safe on the disk. Errors: RESOURCE_EXHAUSTED for a
// full disk, PERMISSION_DENIED, UNKNOWN; names the file.
[[nodiscard]] absl::Status WriteReport(const v1::Report& report, const std::string& folder);

}  // namespace kith::report
