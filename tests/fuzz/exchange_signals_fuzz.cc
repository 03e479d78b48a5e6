// SPDX-License-Identifier: Apache-2.0
// Whatever a file of this format holds, its reader ends, and what it hands over is sound.
#include "tests/fuzz/exchange_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return kith::fuzz::ReadAs("signals", data, size);
}

std::vector<std::string> kith::fuzz::Seeds() { return SeedsOf("signals"); }
