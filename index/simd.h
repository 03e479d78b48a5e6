// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tell and choose the instruction set that the scan runs on.
//
// Thread-safety: may be called from any thread, as long as none changes the environment meanwhile.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"

namespace kith::index {

// In order of speed. Every target gives the same answers.
enum class SimdTarget { kScalar, kAvx2, kAvx512 };

// "scalar", "avx2" or "avx512": the values of KITH_SIMD.
[[nodiscard]] std::string_view SimdTargetName(SimdTarget target);

// Those that this build knows and this processor (and its operating system) can run, slowest first.
[[nodiscard]] std::span<const SimdTarget> SupportedSimdTargets();

// The target that an index made now will use: that of the environment variable KITH_SIMD if it is
// set and not empty, otherwise the fastest supported one.
// Errors: InvalidArgument for an unknown value, FailedPrecondition for one not supported here.
[[nodiscard]] absl::StatusOr<SimdTarget> ActiveSimdTarget();

}  // namespace kith::index
