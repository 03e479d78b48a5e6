// SPDX-License-Identifier: Apache-2.0
//
// Purpose: small files of every decoded format, and ways to damage them.
#pragma once

#include <random>
#include <vector>

#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

std::vector<Data> FilesToMutate();

// Cuts off, flips bits, changes bytes of the head, or copies a piece over another.
Data Mutate(Data bytes, std::mt19937& random);

}  // namespace kith::hashing::test
