// SPDX-License-Identifier: Apache-2.0
//
// Purpose: from the bits of a worker's hello to words.
#pragma once

#include <string>

#include "hashing/cage/posture.h"
#include "hashing/internal/cage_messages.h"

namespace kith::hashing::cage::internal {

[[nodiscard]] Posture PostureOf(const hashing::internal::CageHello& hello,
                                const std::string& worker_path);

}  // namespace kith::hashing::cage::internal
