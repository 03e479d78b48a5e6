// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the one bound that decides whether a PDQ hash is stored, searched and told to clients.
//
// Thread-safety: a constant. Unit: PDQ quality, 0..100.
#pragma once

#include <cstdint>

namespace kith::catalog {

// A code below it is of a picture without enough gradient: its hash says nothing.
inline constexpr std::uint32_t kMinimumQuality = 50;

}  // namespace kith::catalog
