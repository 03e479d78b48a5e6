// SPDX-License-Identifier: Apache-2.0
#include "index/simd.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "index/internal/simd_dispatch.h"

namespace kith::index {
namespace {

constexpr SimdTarget kAllTargets[] = {SimdTarget::kScalar, SimdTarget::kAvx2, SimdTarget::kAvx512};

std::vector<SimdTarget> DetectTargets() {
  std::vector<SimdTarget> targets = {SimdTarget::kScalar};
#if defined(__x86_64__)
  // These ask the operating system too: a kernel that does not save the registers counts as "no".
  if (__builtin_cpu_supports("avx2")) targets.push_back(SimdTarget::kAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq")) {
    targets.push_back(SimdTarget::kAvx512);
  }
#endif
  return targets;
}

std::string NamesOf(std::span<const SimdTarget> targets) {
  std::string names;
  for (const SimdTarget target : targets) {
    const std::string_view name = SimdTargetName(target);
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(name));
  }
  return names;
}

}  // namespace

std::string_view SimdTargetName(SimdTarget target) {
  switch (target) {
    case SimdTarget::kScalar:
      return "scalar";
    case SimdTarget::kAvx2:
      return "avx2";
    case SimdTarget::kAvx512:
      return "avx512";
  }
  return "unknown";
}

std::span<const SimdTarget> SupportedSimdTargets() {
  static const std::vector<SimdTarget> targets = DetectTargets();
  return targets;
}

absl::StatusOr<SimdTarget> ActiveSimdTarget() {
  const std::span<const SimdTarget> supported = SupportedSimdTargets();
  const char* wanted = std::getenv("KITH_SIMD");
  if (wanted == nullptr || *wanted == '\0') return supported.back();
  const auto* target = std::find_if(std::begin(kAllTargets), std::end(kAllTargets),
                                    [&](SimdTarget t) { return SimdTargetName(t) == wanted; });
  if (target == std::end(kAllTargets)) {
    return absl::InvalidArgumentError(absl::StrCat("KITH_SIMD is '", wanted, "'; use one of ",
                                                   NamesOf(kAllTargets), ", or leave it unset"));
  }
  if (std::find(supported.begin(), supported.end(), *target) == supported.end()) {
    return absl::FailedPreconditionError(absl::StrCat("KITH_SIMD is '", wanted,
                                                      "', which this processor lacks; it can run ",
                                                      NamesOf(supported)));
  }
  return *target;
}

namespace internal {

ScanKernel ScanKernelOf(SimdTarget target) {
#if defined(__x86_64__)
  if (target == SimdTarget::kAvx512) return ScanAvx512;
  if (target == SimdTarget::kAvx2) return ScanAvx2;
#endif
  return ScanScalar;
}

}  // namespace internal
}  // namespace kith::index
