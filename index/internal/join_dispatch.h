// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "index/internal/join_kernel.h"
#include "index/simd.h"

namespace kith::index::internal {

// The kernel of a supported target. "avx512" needs more of the processor here than the scan does;
// where that is missing, it is served by the AVX2 kernel.
[[nodiscard]] JoinKernel JoinKernelOf(SimdTarget target);

}  // namespace kith::index::internal
