// SPDX-License-Identifier: Apache-2.0
//
// PATH.verified: remembers that every byte of the segment at PATH was once compared with its
// checksum, and by what to know the file again. Losing it costs one more comparison.
#pragma once

#include <cstdint>
#include <string>

#include <sys/stat.h>

namespace kith::index::internal {

[[nodiscard]] std::string VerifiedMarkPath(const std::string& segment_path);

// Whether the mark tells of this very file. False for a mark that is missing or damaged.
[[nodiscard]] bool IsMarkedVerified(const std::string& segment_path, const struct stat& file,
                                    std::uint64_t manifest_hash);

// Best effort: without it the next opening verifies again.
void MarkVerified(const std::string& segment_path, const struct stat& file,
                  std::uint64_t manifest_hash);
void ForgetVerified(const std::string& segment_path);

}  // namespace kith::index::internal
