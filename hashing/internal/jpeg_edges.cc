// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/jpeg_edges.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <span>

namespace kith::hashing::internal {
namespace {

// libjpeg's samples may be so far from those of an exact transform ...
constexpr int kSampleSlack = 1;
// ... and its conversion to RGB rounds.
constexpr double kRounding = 0.5;
// JFIF: what chroma adds to the luma, and to the grey of a BorderFinder, (R + 2 G + B) / 4.
constexpr int kMiddle = 128;
constexpr double kRedOfRed = 1.402;
constexpr double kGreenOfBlue = 0.344136;
constexpr double kGreenOfRed = 0.714136;
constexpr double kBlueOfBlue = 1.772;
constexpr double kGreyOfBlue = (kBlueOfBlue - 2 * kGreenOfBlue) / 4;
constexpr double kGreyOfRed = (2 * kGreenOfRed - kRedOfRed) / 4;  // less than a hundredth
// Beyond these, as no picture has them, libjpeg's integers wrap: of the terms of a block together,
// and of a sample before it is cut off.
constexpr int kMostOfTerms = 8191;
constexpr float kLargestSample = 500;

// The place in a block, row by row, of each term.
constexpr std::array<std::uint8_t, kBlockTerms> kPlaces = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

using Line = std::array<float, kBlockSide>;

// What a coefficient of each frequency adds to the samples of its line.
std::array<Line, kBlockSide> Waves() {
  std::array<Line, kBlockSide> waves{};
  for (std::size_t f = 0; f < kBlockSide; ++f) {
    const double scale = f == 0 ? 1 / (2 * std::numbers::sqrt2) : 0.5;
    for (std::size_t x = 0; x < kBlockSide; ++x) {
      waves[f][x] = static_cast<float>(
          scale * std::cos(static_cast<double>((2 * x + 1) * f) * std::numbers::pi / 16));
    }
  }
  return waves;
}

// The samples of a block, row by row; nothing where libjpeg may give others.
std::optional<std::array<Line, kBlockSide>> Transform(const JpegBlock& block,
                                                      const JpegLayout::Steps& steps) {
  static const std::array<Line, kBlockSide> waves = Waves();
  std::array<Line, kBlockSide> across{};  // by frequency down
  std::array<bool, kBlockSide> any{};
  int total = 0;
  for (std::size_t k = 0; k < kBlockTerms; ++k) {
    if (block[k] == 0) continue;
    const int term = block[k] * steps[k];
    total += std::abs(term);
    if (total > kMostOfTerms) return std::nullopt;
    const std::size_t down = kPlaces[k] / kBlockSide;
    const Line& wave = waves[kPlaces[k] % kBlockSide];
    any[down] = true;
    for (std::size_t x = 0; x < kBlockSide; ++x) {
      across[down][x] += static_cast<float>(term) * wave[x];
    }
  }
  std::array<Line, kBlockSide> samples{};
  for (std::size_t down = 0; down < kBlockSide; ++down) {
    if (!any[down]) continue;
    for (std::size_t y = 0; y < kBlockSide; ++y) {
      for (std::size_t x = 0; x < kBlockSide; ++x) {
        samples[y][x] += across[down][x] * waves[down][y];
      }
    }
  }
  for (const Line& line : samples) {
    for (const float sample : line) {
      if (std::abs(sample) > kLargestSample) return std::nullopt;
    }
  }
  return samples;
}

int CeilDiv(int a, int b) { return (a + b - 1) / b; }

}  // namespace

JpegEdges::JpegEdges(const JpegLayout& layout)
    : layout_(layout), grid_(layout.width, layout.height) {
  const bool alone = layout.components.size() == 1;
  const int most_across = layout.most_across();
  const int most_down = layout.most_down();
  const int mcu_width = kBlockSide * (alone ? 1 : most_across);
  mcu_height_ = kBlockSide * (alone ? 1 : most_down);
  const int columns = CeilDiv(layout.width, mcu_width);
  const int rows = CeilDiv(layout.height, mcu_height_);
  // That of the last line of pixels of the last whole row of cells.
  bottom_row_ = std::max(0, grid_.rows * grid_.cell - 1) / mcu_height_;
  middle_ = rows / 2;
  for (const JpegComponent& one : layout.components) {
    // libjpeg knows no other ratios.
    told_ = told_ && most_across % one.across == 0 && most_down % one.down == 0;
    Component& component = components_.emplace_back();
    component.block_columns = alone ? 1 : one.across;
    component.block_rows = alone ? 1 : one.down;
    component.width = CeilDiv(layout.width * one.across, most_across);
    component.height = CeilDiv(layout.height * one.down, most_down);
    const int wide = kBlockSide * component.block_columns;
    const int high = kBlockSide * component.block_rows;
    component.pieces = {{{0, 0, wide * columns, high, {}},
                         {0, high * bottom_row_, wide * columns, high, {}},
                         {0, 0, wide, high * rows, {}},
                         {wide * (columns - 1), 0, wide, high * rows, {}}}};
    for (Piece& piece : component.pieces) {
      piece.samples.resize(static_cast<std::size_t>(piece.width) *
                           static_cast<std::size_t>(piece.height));
    }
  }
}

void JpegEdges::EdgeBlock(int component, int x, int y, const JpegBlock& block) {
  const auto at = static_cast<std::size_t>(component);
  const auto samples = Transform(block, layout_.quantisers[at]);
  if (!samples.has_value()) {
    told_ = false;
    return;
  }
  std::array<std::array<std::uint8_t, kBlockSide>, kBlockSide> bytes{};
  for (std::size_t row = 0; row < kBlockSide; ++row) {
    for (std::size_t column = 0; column < kBlockSide; ++column) {
      bytes[row][column] = static_cast<std::uint8_t>(
          std::clamp(static_cast<int>(std::lround((*samples)[row][column])) + 128, 0, 255));
    }
  }
  for (Piece& piece : components_[at].pieces) {
    const int left = x * kBlockSide - piece.left;
    const int top = y * kBlockSide - piece.top;
    if (left < 0 || top < 0 || left >= piece.width || top >= piece.height) continue;
    for (std::size_t row = 0; row < kBlockSide; ++row) {
      std::ranges::copy(bytes[row],
                        piece.samples.begin() +
                            (std::ptrdiff_t{top} + static_cast<std::ptrdiff_t>(row)) * piece.width +
                            left);
    }
  }
}

// Null where it is not known. Beyond the picture stands what stands at its edge.
const std::uint8_t* JpegEdges::Component::At(Side side, int x, int y) const {
  const Piece& piece = pieces[static_cast<std::size_t>(side)];
  const int column = std::clamp(x, 0, width - 1) - piece.left;
  const int row = std::clamp(y, 0, height - 1) - piece.top;
  if (column < 0 || row < 0 || column >= piece.width || row >= piece.height) return nullptr;
  return &piece.samples[static_cast<std::size_t>(row) * static_cast<std::size_t>(piece.width) +
                        static_cast<std::size_t>(column)];
}

// Of the pixels from `first` to `last` of a row: between the least and the most of the samples
// around them.
std::optional<JpegEdges::Bounds> JpegEdges::ChromaOfRow(const Component& component, Side side,
                                                        int first, int last, int y) const {
  const Component& luma = components_.front();
  const int across = luma.block_columns / component.block_columns;
  const int down = luma.block_rows / component.block_rows;
  const int reach_across = across > 1 ? 1 : 0;
  const int reach_down = down > 1 ? 1 : 0;
  Bounds bounds;
  for (int row = y / down - reach_down; row <= y / down + reach_down; ++row) {
    for (int column = first / across - reach_across; column <= last / across + reach_across;
         ++column) {
      const std::uint8_t* sample = component.At(side, column, row);
      if (sample == nullptr) return std::nullopt;
      bounds.Widen(*sample);
    }
  }
  return bounds;
}

// Adds what a row of pixels tells of a cell; false where it is not known.
bool JpegEdges::AddRow(Side side, int first, int last, int y, KnownCell& cell,
                       std::array<Bounds, 6>& rgb) const {
  Bounds luma;
  for (int x = first; x <= last; ++x) {
    const std::uint8_t* sample = components_.front().At(side, x, y);
    if (sample == nullptr) return false;
    luma.Widen(*sample);
  }
  Bounds blue{.least = kMiddle, .most = kMiddle};
  Bounds red = blue;
  if (components_.size() == 3) {
    const auto blue_of_row = ChromaOfRow(components_[1], side, first, last, y);
    const auto red_of_row = ChromaOfRow(components_[2], side, first, last, y);
    if (!blue_of_row.has_value() || !red_of_row.has_value()) return false;
    blue = *blue_of_row;
    red = *red_of_row;
  }
  const std::array<double, 6> chroma = {kRedOfRed * (red.least - kMiddle - kSampleSlack),
                                        kRedOfRed * (red.most - kMiddle + kSampleSlack),
                                        -kGreenOfBlue * (blue.most - kMiddle + kSampleSlack) -
                                            kGreenOfRed * (red.most - kMiddle + kSampleSlack),
                                        -kGreenOfBlue * (blue.least - kMiddle - kSampleSlack) -
                                            kGreenOfRed * (red.least - kMiddle - kSampleSlack),
                                        kBlueOfBlue * (blue.least - kMiddle - kSampleSlack),
                                        kBlueOfBlue * (blue.most - kMiddle + kSampleSlack)};
  // Pixel by pixel each colour lies between these two, added to the luma; `rgb` holds, of each of
  // the two, the least and the most in the cell.
  bool cut_off = false;
  for (std::size_t i = 0; i < chroma.size(); ++i) {
    const bool lower = i % 2 == 0;
    const double slack = (kSampleSlack + kRounding) * (lower ? -1 : 1);
    for (const int sample : {luma.least, luma.most}) {
      const double exact = sample + chroma[i] + slack;
      const int value = static_cast<int>(lower ? std::floor(exact) : std::ceil(exact));
      cut_off = cut_off || value < 0 || value > 255;
      rgb[i].Widen(std::clamp(value, 0, 255));
    }
  }
  // Where no colour is cut off, the grey of a pixel hangs on its luma and little else.
  if (cut_off) return true;
  const double slack = kSampleSlack + kRounding + (kGreyOfBlue + kGreyOfRed) * kSampleSlack;
  const double low =
      kGreyOfBlue * (blue.least - kMiddle) - kGreyOfRed * (red.most - kMiddle) - slack;
  const double high =
      kGreyOfBlue * (blue.most - kMiddle) - kGreyOfRed * (red.least - kMiddle) + slack;
  cell.most_low = std::min(cell.most_low, static_cast<int>(std::ceil(luma.least + high)));
  cell.least_high = std::max(cell.least_high, static_cast<int>(std::floor(luma.most + low)));
  return true;
}

// Bounds of what a BorderFinder makes of the cell: a least and a most of each colour, and of these
// a low and a high grey. Of each pixel it sees the grey lies between the two.
KnownCell JpegEdges::CellAt(Side side, int column, int row) const {
  KnownCell cell;
  std::array<Bounds, 6> rgb;
  bool whole = true;
  const int first = column * grid_.cell;
  const int last = std::min(layout_.width, first + grid_.cell) - 1;
  bool any = false;
  for (int y = row * grid_.cell; y < (row + 1) * grid_.cell; ++y) {
    const bool known = AddRow(side, first, last, y, cell, rgb);
    whole = whole && known;
    any = any || known;
  }
  if (!any) return cell;
  const auto grey = [](int r, int g, int b) { return (r + 2 * g + b) / 4; };
  cell.most_low = std::min(cell.most_low, grey(rgb[1].least, rgb[3].least, rgb[5].least));
  cell.least_high = std::max(cell.least_high, grey(rgb[0].most, rgb[2].most, rgb[4].most));
  if (whole) {
    cell.least_low = grey(rgb[0].least, rgb[2].least, rgb[4].least);
    cell.most_high = grey(rgb[1].most, rgb[3].most, rgb[5].most);
  }
  return cell;
}

KnownEdges JpegEdges::KnownAbove(int rows) const {
  KnownEdges edges;
  for (int column = 0; grid_.rows > 0 && column < grid_.columns; ++column) {
    edges.top.push_back(CellAt(Side::kTop, column, 0));
  }
  for (int row = 0; row < rows; ++row) {
    edges.left.push_back(CellAt(Side::kLeft, 0, row));
    edges.right.push_back(CellAt(Side::kRight, grid_.columns - 1, row));
  }
  return edges;
}

bool JpegEdges::GoOn(int row) {
  if (row != 0 && row != middle_) return true;
  const int cells = row == 0 ? 0 : std::min(grid_.rows, (row + 1) * mcu_height_ / grid_.cell);
  return told_ && !internal::MayHaveBorders(KnownAbove(cells), grid_.cell);
}

std::optional<KnownEdges> JpegEdges::Known() const {
  if (!told_) return std::nullopt;
  KnownEdges edges = KnownAbove(grid_.rows);
  for (int column = 0; grid_.rows > 0 && column < grid_.columns; ++column) {
    edges.bottom.push_back(CellAt(Side::kBottom, column, grid_.rows - 1));
  }
  return edges;
}

bool JpegEdges::MayHaveBorders() const {
  const auto edges = Known();
  return !edges.has_value() || internal::MayHaveBorders(*edges, grid_.cell);
}

}  // namespace kith::hashing::internal
