// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the bounds of PDQ hashes: which are stored, searched and told to clients, and how far
// from each other two of them may tell of one picture.
//
// Thread-safety: constants. Units: PDQ quality, 0..100; bits of 256.
#pragma once

#include <cstdint>

#include "hashing/pdq.h"

namespace kith::catalog {

// A code below it is of a picture without enough gradient: its hash says nothing.
inline constexpr std::uint32_t kMinimumQuality = hashing::kUsableQuality;

// The widest radius of a set, a look-up or a link between new files.
inline constexpr std::uint32_t kMaxRadiusBits = 31;

}  // namespace kith::catalog
