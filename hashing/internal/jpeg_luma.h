// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the first coefficients of every luma block of a JPEG, by an entropy decoder that skips
// all others: for pictures whose pixels nobody wants to see.
//
// It knows what hashing/internal/jpeg_layout.h knows, and reads like a clerk: at the first thing
// that is not as it should be it says so and gives nothing, and libjpeg is to be asked. Where it
// does answer, its coefficients are libjpeg's.
//
// Of a progressive picture it reads the scans that it needs and finds the others by their markers:
// damage inside a scan that it leaves out goes unseen.
//
// Thread-safety: pure functions. Complexity: O(bytes); memory O(width) for a sequential picture,
// two bytes a term and luma block for a progressive one.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hashing/internal/jpeg_layout.h"

namespace kith::hashing::internal {

// In zigzag order: the mean, then (across, down) frequencies 1,0; 0,1; 0,2; 1,1; 2,0. As they stand
// in the file, not multiplied with the quantiser.
inline constexpr int kLumaTerms = 6;

// A row of blocks, term by term: those that were not asked for are empty.
using LumaRow = std::array<std::span<const std::int16_t>, kLumaTerms>;

class LumaSink {
 public:
  virtual ~LumaSink() = default;
  // The next row of blocks from the top.
  virtual void BlockRow(const LumaRow& row) = 0;
};

// All terms of a block, in zigzag order, as they stand in the file.
using JpegBlock = std::array<std::int16_t, kBlockTerms>;

// Takes whole blocks of all components at the edges of a sequential picture.
class EdgeSink {
 public:
  virtual ~EdgeSink() = default;
  // Wanted are the first row of MCUs and this one, the first column and the last one.
  [[nodiscard]] virtual int bottom_row() const = 0;
  // `x` and `y` count the blocks of the component; they may lie beyond the picture.
  virtual void EdgeBlock(int component, int x, int y, const JpegBlock& block) = 0;
  // After each row of MCUs. False: the picture is of no use, and what is left of it is not read.
  [[nodiscard]] virtual bool GoOn(int row) = 0;
};

// What is left out of AC terms of a progressive picture: the low bits that its first scan of them
// does not give. The others are 0.
[[nodiscard]] int UnknownAcBits(const JpegLayout& layout);

// The first `terms` coefficients, 1..kLumaTerms. Those of a sequential picture,
// and every mean, are exact; AC terms of a progressive one lack the bits above, and are taken in
// the middle of what they may be. False: don't know; what the sinks have seen is to be thrown away.
// `edges`: of a sequential picture, or null.
[[nodiscard]] bool ReadLuma(Bytes bytes, const JpegLayout& layout, int terms, LumaSink& sink,
                            EdgeSink* edges = nullptr);

}  // namespace kith::hashing::internal
