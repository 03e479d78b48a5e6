// SPDX-License-Identifier: Apache-2.0
#include "hashing/views.h"

namespace kith::hashing {

std::string ViewName(View view) {
  const bool trimmed = view.crop == Crop::kTrimmed;
  if (view.frame == 0) return trimmed ? "trimmed" : "original";
  return (trimmed ? "trimmed:" : "frame:") + std::to_string(view.frame);
}

}  // namespace kith::hashing
