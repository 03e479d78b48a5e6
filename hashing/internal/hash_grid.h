// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hashing/internal/tent_reducer.h"
#include "hashing/pdq.h"

namespace kith::hashing::internal {

// The PDQ of a picture of which the 64x64 plane is known. A pure function.
[[nodiscard]] Pdq HashGrid(const Grid& grid);

}  // namespace kith::hashing::internal
