// SPDX-License-Identifier: Apache-2.0
#include "index/internal/join_dispatch.h"

namespace kith::index::internal {

JoinKernel JoinKernelOf(SimdTarget target) {
#if defined(__x86_64__)
  if (target == SimdTarget::kAvx512 && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bitalg")) {
    return {.join = JoinAvx512,
            .reads_exactly = true,
            .count_bits = CountBitsAvx512,
            .distances = DistancesAvx512,
            .find_ones = FindOnesAvx512,
            .unpack = UnpackAvx512};
  }
  if (target != SimdTarget::kScalar && __builtin_cpu_supports("popcnt")) {
    return {.join = JoinAvx2,
            .reads_exactly = false,
            .count_bits = CountBitsAvx2,
            .distances = DistancesAvx2,
            .find_ones = FindOnesAvx2,
            .unpack = UnpackScalar};
  }
#else
  (void)target;
#endif
  return {.join = JoinScalar,
          .reads_exactly = true,
          .count_bits = CountBitsScalar,
          .distances = DistancesScalar,
          .find_ones = FindOnesScalar,
          .unpack = UnpackScalar};
}

}  // namespace kith::index::internal
