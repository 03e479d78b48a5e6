// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the PDQ of a JPEG in dialect `full` without decoding it to pixels, near the exact one: a
// filter for those who search with it at a wider radius and then hash exactly what they find, never
// an answer.
//
// Domain: Huffman-coded JPEGs of 8 bits, grey or Y'CbCr with luma at full resolution, well-formed
// to the letter, that are large enough, not quantised too coarsely, clearly usable or clearly not,
// and whose coefficients do not crowd around their median. Everything else gives nothing and is to
// be hashed exactly. In the domain the code lies within kFastMarginBits of the exact one: measured,
// not proven, see tests/hashing/fast_pdq_test.cc and bench/SCORES.md. Damage in a scan of a
// progressive JPEG that is not read goes unseen.
//
// Thread-safety: a pure function. Complexity: O(bytes), some 0.2 ns a pixel; memory as
// hashing/internal/jpeg_luma.h says.
// Source: the tent filter of PDQ folded onto the blocks of the JPEG, in phase.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "hashing/decode.h"
#include "hashing/pdq.h"

namespace kith::hashing {

// How far a fast code may lie from the exact one, in bits, in any orientation.
inline constexpr int kFastMarginBits = 6;

struct FastPdq {
  // Usable exactly if the exact one is. Its code, where usable, is near in all orientations.
  Pdq pdq;
  int width = 0;
  int height = 0;
};

// The whole file in. Nothing: outside the domain.
[[nodiscard]] std::optional<FastPdq> HashFast(std::span<const std::uint8_t> bytes,
                                              const DecodeLimits& limits);

// The same, and nothing too where the picture may have borders: what it gives has no view
// `trimmed`. It looks at the blocks at the edges (hashing/internal/jpeg_edges.h), and gives up as
// soon as these look too even. Progressive files are outside of its domain: their outermost pixels
// stand in all of their scans.
[[nodiscard]] std::optional<FastPdq> HashFastIfBare(std::span<const std::uint8_t> bytes,
                                                    const DecodeLimits& limits);

}  // namespace kith::hashing
