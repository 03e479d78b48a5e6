// SPDX-License-Identifier: Apache-2.0
//
// Purpose: reduce a picture's luma, row by row, to the 64x64 plane that PDQ transforms.
//
// Thread-safety: one thread at a time. Complexity: O(width) a row; memory O(width).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kith::hashing::internal {

inline constexpr int kGridSide = 64;
inline constexpr std::size_t kGridCells = std::size_t{kGridSide} * kGridSide;
using Grid = std::array<double, kGridCells>;  // row-major, grey levels

// One row of a sparse matrix: output = sum of weights[k] * input[first + k].
struct Taps {
  int first = 0;
  std::vector<double> weights;
  [[nodiscard]] int last() const { return first + static_cast<int>(weights.size()) - 1; }
};

// The two box averages over `n` samples, edges included, read at the 64 points of the decimation.
[[nodiscard]] std::vector<Taps> TentTaps(int n);

class TentReducer {
 public:
  TentReducer(int width, int height);

  // The next row from the top: 3 bytes a pixel.
  void AddRow(const std::uint8_t* rgb);

  [[nodiscard]] const Grid& grid() const { return grid_; }

 private:
  void FinishGridRow(int v);
  [[nodiscard]] double* Accumulator(int v);

  int width_;
  int next_row_ = 0;
  int first_open_ = 0;  // grid rows below this one are finished
  int slots_ = 1;       // most grid rows that are open at once
  std::vector<Taps> horizontal_;
  std::vector<Taps> vertical_;
  std::vector<double> luma_;          // of the current row, in thousandths of a grey level
  std::vector<double> accumulators_;  // slots_ rows of width_
  Grid grid_{};
};

}  // namespace kith::hashing::internal
