// SPDX-License-Identifier: Apache-2.0
//
// Purpose: reduce a picture to the 64x64 plane that PDQ transforms, from the first coefficients of
// its 8x8 blocks: the kernel of hashing/internal/tent_reducer.h folded onto the blocks in phase,
// each pixel of a block weighing what it weighs there, edges cut off as there.
//
// Thread-safety: one thread at a time. Complexity: O(blocks) a row; memory O(blocks across).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hashing/internal/jpeg_luma.h"
#include "hashing/internal/tent_reducer.h"

namespace kith::hashing::internal {

class BlockReducer : public LumaSink {
 public:
  // `steps`: of the quantiser, for each of the terms.
  BlockReducer(int width, int height, std::span<const std::uint16_t> steps);

  void BlockRow(const LumaRow& row) override;

  // Requires all rows of blocks.
  [[nodiscard]] const Grid& grid() const { return grid_; }
  // How far the mean of a block lies outside 0..255 at most: such blocks decode to other pixels.
  [[nodiscard]] float most_beyond() const { return most_beyond_; }

 private:
  static constexpr int kFrequencies = 3;  // across or down, that any term has

  // What one sample point takes of a row or column of blocks.
  struct BlockTaps {
    int first = 0;
    std::vector<std::array<double, kFrequencies>> weights;
    [[nodiscard]] int last() const { return first + static_cast<int>(weights.size()) - 1; }
  };
  static std::vector<BlockTaps> Fold(int n);

  [[nodiscard]] float* Accumulator(int v, std::size_t frequency);
  void Dequantise(const LumaRow& row);
  void AddTo(int v, const std::array<double, kFrequencies>& weights);
  void FinishGridRow(int v);

  std::vector<BlockTaps> across_;
  std::vector<BlockTaps> down_;
  std::size_t blocks_across_;
  std::array<float, kLumaTerms> steps_{};
  int terms_;
  int next_row_ = 0;
  int first_open_ = 0;               // grid rows below this one are finished
  int slots_ = 1;                    // most grid rows that are open at once
  std::vector<float> row_;           // of the current row, kLumaTerms planes
  std::vector<float> accumulators_;  // slots_ rows of kFrequencies planes
  float most_beyond_ = 0;
  Grid grid_{};
};

}  // namespace kith::hashing::internal
