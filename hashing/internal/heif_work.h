// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read from the boxes of a HEIC or AVIF how many pixels its primary item makes a decoder
// decode. A grid names its tiles one by one, and may name a large one 65,536 times; it and data of
// AV1 may themselves announce a larger picture than the boxes do. What HEVC announces is read where
// it is decoded (hevc_sides.h).
//
// Thread-safety: a pure function. Complexity: O(bytes of the meta box).
// Source: ISO/IEC 14496-12 (boxes), 23008-12 (items, ispe, dimg, auxl).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "hashing/decode.h"

namespace kith::hashing::internal {

// What libheif and its decoders hold of a picture: planes of the decoder and of libheif, their
// conversion and R, G, B; of 16 bits each at worst.
inline constexpr std::uint64_t kHeifBytesAPixel = 16;

// Pixels of all coded pictures below the primary item and of their alpha, as `ispe` says; 0 where
// the boxes do not tell. Saturates.
[[nodiscard]] std::uint64_t HeifCodedPixels(std::span<const std::uint8_t> bytes);

// Why it is too much, or "".
[[nodiscard]] std::string HeifWorkOverLimit(std::span<const std::uint8_t> bytes,
                                            const DecodeLimits& limits);

}  // namespace kith::hashing::internal
