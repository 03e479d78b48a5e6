// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kith::bench {

// The name of the processor as the kernel tells it, with the number of its threads that this
// process may use; a figure without it means nothing.
[[nodiscard]] std::string MachineName();

}  // namespace kith::bench
