// SPDX-License-Identifier: Apache-2.0
//
// How the writer of a segment cuts its codes into bands.
#pragma once

#include <cstdint>

#include "index/internal/bands.h"
#include "index/internal/segment_format.h"

namespace kith::index::internal {

// From so many codes on the size of a segment is promised: 64 bytes a code for what a search
// without a hit may touch.
inline constexpr std::uint64_t kSizePromisedFrom = 100000000;

// What is fastest for so many distinct codes at radius 31 and, from kSizePromisedFrom on, within
// the size. No bands for few codes: they are scanned. `bands` other than 0 asks for so many of
// them, `compact` for what is chosen for very many codes.
[[nodiscard]] SegmentCut ChooseCut(std::uint64_t codes, int bands, bool compact);

// Of codes, sketches, positions and starts, a code.
[[nodiscard]] double HotBytesPerCode(const SegmentCut& cut, std::uint64_t codes);

// Of a cut with bands.
[[nodiscard]] BandShape ShapeOf(const SegmentCut& cut);

}  // namespace kith::index::internal
