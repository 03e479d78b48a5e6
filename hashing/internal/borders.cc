// SPDX-License-Identifier: Apache-2.0
// The picture is reduced to cells with bounds of their grey. On these, borders are peeled off side
// by side, outermost line by outermost line, until a round finds none.
#include "hashing/internal/borders.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace kith::hashing::internal {
namespace {

constexpr int kMostCells = 1024;  // a side

// A cell is of the border's colour within so many grey levels, a line with so many of its cells.
constexpr int kSameColour = 16;
constexpr double kUniform = 0.98;
// A line of signs in a bar: so much of it is still the bar; such lines are so few, as a part of the
// longer side, and then the bar goes on.
constexpr double kBehindSigns = 0.5;
constexpr double kSignsHeight = 0.06;
// JPEG blurs an edge over a block: a line there is within so many grey levels on that part of it.
constexpr int kBlockPixels = 8;
constexpr int kBlurredColour = 24;
constexpr double kBlurredShare = 0.75;
constexpr int kRounds = 4;  // a bar, a border, a bar in it, and whatever comes

// Blurred fill: neighbours differ by less than this, the picture beside it stands out by that.
constexpr int kSmooth = 5;
constexpr double kSmoothShare = 0.95;
constexpr int kEdge = 8;
constexpr double kEdgeShare = 0.5;
constexpr double kSmallestBlur = 0.04;  // of a side, each
constexpr double kUnevenBlur = 0.02;    // what one may be larger than the other

// Cells from (left, top) to before (right, bottom).
struct Area {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;

  [[nodiscard]] int width() const { return right - left; }
  [[nodiscard]] int height() const { return bottom - top; }
};

enum class Side { kTop, kBottom, kLeft, kRight };

struct Cells {
  std::span<const std::uint8_t> low;
  std::span<const std::uint8_t> high;
  int columns = 0;
  int rows = 0;
  int cell = 1;  // pixels a side

  [[nodiscard]] std::size_t At(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) +
           static_cast<std::size_t>(x);
  }
};

// The lines of an area, counted from one side inwards.
class Lines {
 public:
  Lines(const Cells& cells, const Area& area, Side side)
      : cells_(cells), area_(area), side_(side) {}

  [[nodiscard]] int count() const { return IsRow() ? area_.height() : area_.width(); }
  [[nodiscard]] int length() const { return IsRow() ? area_.width() : area_.height(); }

  [[nodiscard]] int Low(int line, int i) const { return cells_.low[Place(line, i)]; }
  [[nodiscard]] int High(int line, int i) const { return cells_.high[Place(line, i)]; }
  [[nodiscard]] int Middle(int line, int i) const {
    const std::size_t place = Place(line, i);
    return (cells_.low[place] + cells_.high[place]) / 2;
  }

  [[nodiscard]] int Median(int line) const {
    std::array<int, 256> histogram{};
    for (int i = 0; i < length(); ++i) ++histogram[static_cast<std::size_t>(Middle(line, i))];
    int below = 0;
    int value = 0;
    while ((below += histogram[static_cast<std::size_t>(value)]) * 2 < length()) ++value;
    return value;
  }

  // The part of a line that is within `tolerance` of a grey.
  [[nodiscard]] double ShareOf(int line, int grey, int tolerance) const {
    int count = 0;
    for (int i = 0; i < length(); ++i) {
      count += Low(line, i) >= grey - tolerance && High(line, i) <= grey + tolerance ? 1 : 0;
    }
    return static_cast<double>(count) / length();
  }

  // The part of a line whose cells differ little in themselves and from the next along the line.
  [[nodiscard]] double SmoothShare(int line) const {
    int count = 0;
    for (int i = 0; i < length(); ++i) {
      const int next = std::min(i + 1, length() - 1);
      const int step = std::abs(Middle(line, i) - Middle(line, next));
      count += std::max(step, High(line, i) - Low(line, i)) < kSmooth + cells_.cell ? 1 : 0;
    }
    return static_cast<double>(count) / length();
  }

  // How much a line differs from the one before it, and on what part of it clearly.
  struct Step {
    double mean = 0;
    double share = 0;
  };
  [[nodiscard]] Step StepAt(int line) const {
    std::int64_t sum = 0;
    int clear = 0;
    for (int i = 0; i < length(); ++i) {
      const int step = std::abs(Middle(line, i) - Middle(line - 1, i));
      sum += step;
      clear += step > kEdge ? 1 : 0;
    }
    return {static_cast<double>(sum) / length(), static_cast<double>(clear) / length()};
  }

  // The line with the largest step of those from `first` to `last`.
  [[nodiscard]] int LargestStep(int first, int last) const {
    int largest = std::max(first, 1);
    double step = -1;
    for (int line = largest; line <= std::min(last, count() - 1); ++line) {
      const double here = StepAt(line).mean;
      if (here > step) largest = line;
      step = std::max(step, here);
    }
    return largest;
  }

  [[nodiscard]] int BlockLines() const { return (kBlockPixels + cells_.cell - 1) / cells_.cell; }
  [[nodiscard]] bool IsRow() const { return side_ == Side::kTop || side_ == Side::kBottom; }

 private:
  [[nodiscard]] std::size_t Place(int line, int i) const {
    switch (side_) {
      case Side::kTop:
        return cells_.At(area_.left + i, area_.top + line);
      case Side::kBottom:
        return cells_.At(area_.left + i, area_.bottom - 1 - line);
      case Side::kLeft:
        return cells_.At(area_.left + line, area_.top + i);
      case Side::kRight:
        break;
    }
    return cells_.At(area_.right - 1 - line, area_.top + i);
  }

  const Cells& cells_;
  const Area& area_;
  const Side side_;
};

// How many lines of one colour lie at a side, signs in a bar included.
int UniformLines(const Lines& lines, int longest_signs) {
  const int grey = lines.Median(0);
  const auto uniform = [&](int line) { return lines.ShareOf(line, grey, kSameColour) >= kUniform; };
  int border = 0;
  for (int line = 0; line < lines.count(); ++line) {
    if (uniform(line)) {
      border = line + 1;
      continue;
    }
    const bool signs = border > 0 && lines.IsRow() && line - border < longest_signs &&
                       lines.ShareOf(line, grey, kSameColour) >= kBehindSigns;
    if (!signs) break;
  }
  if (border == 0 || border == lines.count()) return border;
  // What the encoder blurred is border too, up to the edge itself.
  int last = border;
  while (last < border + lines.BlockLines() && last < lines.count() &&
         lines.ShareOf(last, grey, kBlurredColour) >= kBlurredShare) {
    ++last;
  }
  return last == border ? border : lines.LargestStep(border, last);
}

void CutOff(Area& area, Side side, int lines) {
  switch (side) {
    case Side::kTop:
      area.top += lines;
      break;
    case Side::kBottom:
      area.bottom -= lines;
      break;
    case Side::kLeft:
      area.left += lines;
      break;
    case Side::kRight:
      area.right -= lines;
      break;
  }
}

// False if nothing is left.
bool PeelUniform(const Cells& cells, Area& area) {
  const int longest_signs =
      std::max(2, static_cast<int>(kSignsHeight * std::max(cells.columns, cells.rows)));
  for (int round = 0; round < kRounds; ++round) {
    bool found = false;
    for (const Side side : {Side::kTop, Side::kBottom, Side::kLeft, Side::kRight}) {
      const Lines lines(cells, area, side);
      const int border = UniformLines(lines, longest_signs);
      if (border == lines.count()) return false;
      CutOff(area, side, border);
      found = found || border > 0;
    }
    if (!found) break;
  }
  return true;
}

// How many lines of blurred fill lie at a side; 0 if it does not end at a clear edge.
int BlurredLines(const Lines& lines) {
  int smooth = 0;
  while (smooth < lines.count() && lines.SmoothShare(smooth) >= kSmoothShare) ++smooth;
  if (smooth < kSmallestBlur * lines.count() || smooth == lines.count()) return 0;
  const int edge = lines.LargestStep(smooth - 1, smooth + lines.BlockLines());
  const Lines::Step step = lines.StepAt(edge);
  return step.mean > kEdge && step.share >= kEdgeShare ? edge : 0;
}

// Fill is on both sides, and as much on one as on the other.
bool PeelBlurred(const Cells& cells, Area& area, Side first, Side second) {
  const Lines lines(cells, area, first);
  const int before = BlurredLines(lines);
  if (before == 0) return false;
  const int after = BlurredLines(Lines(cells, area, second));
  const double uneven = 1 + kUnevenBlur * lines.count();
  if (after == 0 || std::abs(before - after) > uneven) return false;
  if (before + after >= lines.count()) return false;
  CutOff(area, first, before);
  CutOff(area, second, after);
  return true;
}

// Whether a line may be of one colour: for some grey, enough of its cells may be near it.
bool MayBeUniform(std::span<const KnownCell> line) {
  if (line.empty()) return false;
  // At each grey, how many more cells may be near it than near the one below.
  std::array<int, 257> more{};
  for (const KnownCell& cell : line) {
    const int first = std::max(0, cell.least_high - kSameColour);
    const int last = std::min(255, cell.most_low + kSameColour);
    if (first > last) continue;
    ++more[static_cast<std::size_t>(first)];
    --more[static_cast<std::size_t>(last) + 1];
  }
  int count = 0;
  int most = 0;
  for (const int step : more) most = std::max(most, count += step);
  return static_cast<double>(most) / static_cast<double>(line.size()) >= kUniform;
}

// Whether a line may begin blurred fill.
bool MayBeSmooth(std::span<const KnownCell> line, int cell) {
  if (line.empty()) return false;
  int count = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const KnownCell& one = line[i];
    const KnownCell& next = line[std::min(i + 1, line.size() - 1)];
    const int up = (next.least_low + next.least_high) / 2 - (one.most_low + one.most_high) / 2;
    const int down = (one.least_low + one.least_high) / 2 - (next.most_low + next.most_high) / 2;
    const int least = std::max({one.least_high - one.most_low, i + 1 < line.size() ? up : 0,
                                i + 1 < line.size() ? down : 0});
    count += least < kSmooth + cell ? 1 : 0;
  }
  return static_cast<double>(count) / static_cast<double>(line.size()) >= kSmoothShare;
}

}  // namespace

CellGrid::CellGrid(int width, int height)
    : cell((std::max(width, height) + kMostCells - 1) / kMostCells),
      columns((width + cell - 1) / cell),
      rows(height / cell) {}

// What Find takes off begins at an outermost line: of one colour, or of blurred fill and then on
// opposite sides. Where no line can be that, no step of it takes anything off.
bool MayHaveBorders(const KnownEdges& edges, int cell) {
  const auto smooth = [cell](const auto& line) { return MayBeSmooth(line, cell); };
  return MayBeUniform(edges.top) || MayBeUniform(edges.bottom) || MayBeUniform(edges.left) ||
         MayBeUniform(edges.right) || (smooth(edges.left) && smooth(edges.right)) ||
         (smooth(edges.top) && smooth(edges.bottom));
}

BorderFinder::BorderFinder(int width, int height)
    : width_(width),
      height_(height),
      grid_(width, height),
      least_(3 * static_cast<std::size_t>(width), 255),
      most_(3 * static_cast<std::size_t>(width), 0) {
  const auto cells = static_cast<std::size_t>(grid_.columns) * static_cast<std::size_t>(grid_.rows);
  low_.reserve(cells);
  high_.reserve(cells);
}

void BorderFinder::AddRow(const std::uint8_t* rgb) {
  std::uint8_t* least = least_.data();
  std::uint8_t* most = most_.data();
  const std::size_t samples = least_.size();
  for (std::size_t i = 0; i < samples; ++i) {
    least[i] = std::min(least[i], rgb[i]);
    most[i] = std::max(most[i], rgb[i]);
  }
  if (++rows_in_cell_ == grid_.cell) CloseCells();
}

void BorderFinder::CloseCells() {
  for (int column = 0; column < grid_.columns; ++column) {
    std::array<std::uint8_t, 3> low = {255, 255, 255};
    std::array<std::uint8_t, 3> high = {0, 0, 0};
    const int end = std::min(width_, (column + 1) * grid_.cell);
    for (int x = column * grid_.cell; x < end; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t at = 3 * static_cast<std::size_t>(x) + c;
        low[c] = std::min(low[c], least_[at]);
        high[c] = std::max(high[c], most_[at]);
      }
    }
    low_.push_back(static_cast<std::uint8_t>((low[0] + 2 * low[1] + low[2]) / 4));
    high_.push_back(static_cast<std::uint8_t>((high[0] + 2 * high[1] + high[2]) / 4));
  }
  std::fill(least_.begin(), least_.end(), std::uint8_t{255});
  std::fill(most_.begin(), most_.end(), std::uint8_t{0});
  rows_in_cell_ = 0;
}

std::optional<Rectangle> BorderFinder::Find() const {
  // The rows of an incomplete last row of cells are the others' continuation: they are left alone.
  const auto [cell, columns, rows] = grid_;
  if (rows == 0) return std::nullopt;
  const Cells cells{low_, high_, columns, rows, cell};
  Area area{0, 0, columns, rows};
  if (!PeelUniform(cells, area)) return std::nullopt;
  if (PeelBlurred(cells, area, Side::kLeft, Side::kRight) ||
      PeelBlurred(cells, area, Side::kTop, Side::kBottom)) {
    if (!PeelUniform(cells, area)) return std::nullopt;
  }
  const int right = area.right == columns ? width_ : area.right * cell;
  const int bottom = area.bottom == rows ? height_ : area.bottom * cell;
  const Rectangle found{area.left * cell, area.top * cell, right - area.left * cell,
                        bottom - area.top * cell};
  const bool much = width_ - found.width > width_ / kSmallestTrimming ||
                    height_ - found.height > height_ / kSmallestTrimming;
  const bool enough = std::min(found.width, found.height) >= kMinimumTrimmedSide &&
                      found.width >= width_ / kLargestTrimming &&
                      found.height >= height_ / kLargestTrimming;
  return much && enough ? std::optional(found) : std::nullopt;
}

}  // namespace kith::hashing::internal
