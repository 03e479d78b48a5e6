// SPDX-License-Identifier: Apache-2.0
//
// Purpose: find what frames a picture without being part of it: borders of one colour, bars above
// and below or at both sides, the bars of a screenshot with their few signs, and blurred fill.
//
// Thread-safety: one thread at a time.
// Complexity: O(pixels) to look; memory at most 2 MiB and six bytes a column, whatever the picture.
// Precision: a pixel up to 1024 pixels a side, beyond that a 1024th of the longer side.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kith::hashing::internal {

struct Rectangle {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  friend bool operator==(const Rectangle&, const Rectangle&) = default;
};

// A trimmed picture is at least so large, in pixels a side ...
inline constexpr int kMinimumTrimmedSide = 64;
// ... and this part of the whole one's sides.
inline constexpr int kLargestTrimming = 8;
// Less than this part of a side is no border: PDQ looks at 64 points a side.
inline constexpr int kSmallestTrimming = 64;

// The cells in which a BorderFinder sees a picture.
struct CellGrid {
  CellGrid(int width, int height);

  int cell;     // pixels a side of a cell
  int columns;  // the last one may be narrower
  int rows;     // whole ones only: what is below the last one is its continuation
};

// What is known of a cell whose pixels are not all known: between which values lie the bounds of
// its grey, as a BorderFinder would see them.
struct KnownCell {
  int least_low = 0;
  int most_low = 255;
  int least_high = 0;
  int most_high = 255;
};

// Of the outermost lines of cells; one of which nothing is known yet is empty.
struct KnownEdges {
  std::vector<KnownCell> top;  // from the left
  std::vector<KnownCell> bottom;
  std::vector<KnownCell> left;  // from the top
  std::vector<KnownCell> right;
};

// False, where all lines are there, only if a BorderFinder that sees the whole picture finds
// nothing, whatever lies behind them. Complexity: O(cells). `cell`: of the picture's CellGrid.
[[nodiscard]] bool MayHaveBorders(const KnownEdges& edges, int cell);

class BorderFinder {
 public:
  // Requires width >= 1 and height >= 1.
  BorderFinder(int width, int height);

  // The next row from the top: 3 bytes a pixel.
  void AddRow(const std::uint8_t* rgb);

  // What is left without the borders; nothing if there are none, or if hardly anything is left.
  // Requires that all rows were added.
  [[nodiscard]] std::optional<Rectangle> Find() const;

 private:
  void CloseCells();

  int width_;
  int height_;
  CellGrid grid_;
  int rows_in_cell_ = 0;  // that the open row of cells has so far
  // Of the open row of cells, a sample a column and colour: three a pixel.
  std::vector<std::uint8_t> least_;
  std::vector<std::uint8_t> most_;
  // Of each cell, row by row: bounds of the grey of its pixels.
  std::vector<std::uint8_t> low_;
  std::vector<std::uint8_t> high_;
};

}  // namespace kith::hashing::internal
