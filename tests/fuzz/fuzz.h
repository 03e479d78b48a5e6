// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a fuzz target is: one file NAME_fuzz.cc that defines the two functions below. The
// `fuzz` preset links it with libFuzzer, which starts from the seeds; every other preset links it
// with smoke_main.cc, which throws the seeds and some thousand seeded mutants at it, as a test.
//
// A target states what must hold for any bytes with FUZZ_CHECK, not only that nothing crashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kith::fuzz {

// Well-formed inputs to start from; at least one.
[[nodiscard]] std::vector<std::string> Seeds();

}  // namespace kith::fuzz
