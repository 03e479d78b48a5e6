// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the blocks at the edges of a sequential JPEG tell of its outermost pixels, as far
// as a BorderFinder looks at them: enough to say, without the rest of the picture, that it has no
// borders.
//
// Precision: samples are told within a few grey levels of libjpeg's, whose inverse transform rounds
// otherwise; chroma between samples lies within those around it, however it is interpolated. Both
// are in the bounds that come out. What is not known of a cell is left open.
//
// Thread-safety: one thread at a time. Complexity: O(width + height) blocks, and as much memory.
// Source: ITU-T T.81, A.3.3; JFIF for the colours.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "hashing/internal/borders.h"
#include "hashing/internal/jpeg_luma.h"

namespace kith::hashing::internal {

class JpegEdges : public EdgeSink {
 public:
  // `layout` stays as long as this.
  explicit JpegEdges(const JpegLayout& layout);

  [[nodiscard]] int bottom_row() const override { return bottom_row_; }
  void EdgeBlock(int component, int x, int y, const JpegBlock& block) override;

  // False when the top, or the sides of the upper half, look as if there were borders.
  [[nodiscard]] bool GoOn(int row) override;

  // Requires all blocks. Nothing where libjpeg may make other samples of them.
  [[nodiscard]] std::optional<KnownEdges> Known() const;
  // False only if a BorderFinder would find nothing in the picture.
  [[nodiscard]] bool MayHaveBorders() const;

 private:
  enum class Side : std::uint8_t { kTop, kBottom, kLeft, kRight };
  // Samples of one component in a row or column of MCUs.
  struct Piece {
    int left = 0;
    int top = 0;
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> samples;
  };
  struct Component {
    int block_columns = 1;  // of an MCU
    int block_rows = 1;
    int width = 0;  // of the samples that belong to the picture
    int height = 0;
    std::array<Piece, 4> pieces;  // at the place of a Side's value

    [[nodiscard]] const std::uint8_t* At(Side side, int x, int y) const;
  };
  struct Bounds {
    int least = 255;
    int most = 0;
    void Widen(int value) {
      least = std::min(least, value);
      most = std::max(most, value);
    }
  };

  [[nodiscard]] std::optional<Bounds> ChromaOfRow(const Component& component, Side side, int first,
                                                  int last, int y) const;
  [[nodiscard]] bool AddRow(Side side, int first, int last, int y, KnownCell& cell,
                            std::array<Bounds, 6>& rgb) const;
  [[nodiscard]] KnownCell CellAt(Side side, int column, int row) const;
  // The top, and of the sides so many cells.
  [[nodiscard]] KnownEdges KnownAbove(int rows) const;

  const JpegLayout& layout_;
  const CellGrid grid_;
  int mcu_height_ = 0;
  int bottom_row_ = 0;
  int middle_ = 0;    // a row of MCUs
  bool told_ = true;  // false: something here is not as an encoder makes it
  std::vector<Component> components_;
};

}  // namespace kith::hashing::internal
