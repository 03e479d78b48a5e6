// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "index/internal/scan_kernel.h"
#include "index/simd.h"

namespace kith::index::internal {

// The kernel of a supported target.
[[nodiscard]] ScanKernel ScanKernelOf(SimdTarget target);

}  // namespace kith::index::internal
