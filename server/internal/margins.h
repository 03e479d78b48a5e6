// SPDX-License-Identifier: Apache-2.0
//
// Purpose: files that a look-up was sent with approximate codes. The ledger keeps the margin beside
// the codes, until the file is sent with exact ones.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "proto/kith/v1/common.pb.h"
#include "server/casework/ledger.h"
#include "server/check_run.h"

namespace kith::server {

// `recorded`: of a run with a case. Such a run takes exact codes only, as it is matched again when
// lists come that nobody knows today. Errors: INVALID_ARGUMENT (names the file by its position) for
// a margin in a recorded run.
[[nodiscard]] absl::Status CheckMargin(const v1::Fingerprint& fingerprint, bool recorded,
                                       std::size_t position);

// Leaves of codes with a margin those that can be matched with it.
void KeepMatchable(std::vector<casework::StoredFile>& files);

// Takes the files out that want exact codes, with their answers; returns how many these were.
std::uint64_t TakeUnsettledOut(std::vector<casework::StoredFile>& files, Matched& matched);

}  // namespace kith::server
