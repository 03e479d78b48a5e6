// SPDX-License-Identifier: Apache-2.0
//
// Purpose: writes what a file matches now, and which series were thereby met.
//
// Thread-safety: one thread. Errors: those of catalog/database.h.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "proto/kith/v1/match.pb.h"
#include "server/casework/ledger.h"
#include "server/catalog/database.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// Brings the matches on record to those of `result`, as of index version `change`: what is not as
// it was is superseded and stays, what is new is added; what is the same is left alone.
[[nodiscard]] absl::Status WriteMatches(catalog::Transaction& write, const Run& run,
                                        const catalog::Directory& directory, std::uint64_t change,
                                        std::uint64_t file_id, const v1::MatchResult& result);

}  // namespace kith::casework
