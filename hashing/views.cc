// SPDX-License-Identifier: Apache-2.0
#include "hashing/views.h"

namespace kith::hashing {

std::string ViewName(View view) {
  return view.frame == 0 ? "original" : "frame:" + std::to_string(view.frame);
}

}  // namespace kith::hashing
