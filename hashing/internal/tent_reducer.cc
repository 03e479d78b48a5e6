// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/tent_reducer.h"

#include <algorithm>
#include <cstddef>

namespace kith::hashing::internal {
namespace {

struct Box {
  int first;
  int count;
};

// What a box average of window `window` covers around position i of n samples.
Box BoxAt(int i, int window, int n) {
  const int ahead = (window + 2) / 2;
  const int first = std::max(0, i - (window - ahead));
  const int last = std::min(n - 1, i + ahead - 1);
  return {first, last - first + 1};
}

// Adds the weight of the inner boxes around each position of `outer`, in the order of these.
void AddBoxes(const Box& outer, int window, int n, Taps& tap) {
  for (int k = outer.first; k < outer.first + outer.count; ++k) {
    const Box inner = BoxAt(k, window, n);
    const double weight = 1.0 / (static_cast<double>(outer.count) * inner.count);
    for (int m = inner.first; m < inner.first + inner.count; ++m) {
      tap.weights[static_cast<std::size_t>(m - tap.first)] += weight;
    }
  }
}

// The same, bit for bit, where no inner box is cut off: each sample has the one weight as often as
// boxes cover it.
void AddWholeBoxes(const Box& outer, int window, Taps& tap) {
  const double weight = 1.0 / (static_cast<double>(outer.count) * window);
  const auto size = static_cast<int>(tap.weights.size());
  const int most = std::min(outer.count, window);
  std::vector<double> times(static_cast<std::size_t>(most) + 1, 0.0);
  for (std::size_t i = 1; i < times.size(); ++i) times[i] = times[i - 1] + weight;
  for (int m = 0; m < size; ++m) {
    const int cover = std::min({m + 1, size - m, most});
    tap.weights[static_cast<std::size_t>(m)] = times[static_cast<std::size_t>(cover)];
  }
}

}  // namespace

std::vector<Taps> TentTaps(int n) {
  const int window = (n + 127) / 128;
  std::vector<Taps> taps(kGridSide);
  for (int v = 0; v < kGridSide; ++v) {
    const int centre =
        static_cast<int>((2 * std::int64_t{v} + 1) * n / (std::int64_t{2} * kGridSide));
    const Box outer = BoxAt(centre, window, n);
    const Box low = BoxAt(outer.first, window, n);
    const Box high = BoxAt(outer.first + outer.count - 1, window, n);
    Taps& tap = taps[static_cast<std::size_t>(v)];
    tap.first = low.first;
    tap.weights.assign(static_cast<std::size_t>(high.first + high.count - low.first), 0.0);
    // Made for each frame of an animation: not to be done box by box where nothing asks for it.
    if (low.count == window && high.count == window) {
      AddWholeBoxes(outer, window, tap);
    } else {
      AddBoxes(outer, window, n, tap);
    }
  }
  return taps;
}

TentReducer::TentReducer(int width, int height)
    : width_(width),
      horizontal_(TentTaps(width)),
      vertical_(TentTaps(height)),
      luma_(static_cast<std::size_t>(width)) {
  for (int v = 0, open = 0; v < kGridSide; ++v) {
    while (vertical_[static_cast<std::size_t>(open)].last() <
           vertical_[static_cast<std::size_t>(v)].first) {
      ++open;
    }
    slots_ = std::max(slots_, v - open + 1);
  }
  accumulators_.assign(static_cast<std::size_t>(slots_) * static_cast<std::size_t>(width), 0.0);
}

double* TentReducer::Accumulator(int v) {
  return accumulators_.data() +
         static_cast<std::size_t>(v % slots_) * static_cast<std::size_t>(width_);
}

void TentReducer::AddRow(const std::uint8_t* rgb) {
  const int y = next_row_++;
  // Whole thousandths are exact, so the luma itself has no rounding at all.
  for (int x = 0; x < width_; ++x) {
    const std::uint8_t* pixel = rgb + std::ptrdiff_t{3} * x;
    luma_[static_cast<std::size_t>(x)] = 299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2];
  }
  const double* luma = luma_.data();
  for (int v = first_open_; v < kGridSide; ++v) {
    const Taps& tap = vertical_[static_cast<std::size_t>(v)];
    if (tap.first > y) break;
    const double weight = tap.weights[static_cast<std::size_t>(y - tap.first)];
    double* sum = Accumulator(v);
    // Element by element, so vectorising cannot change the order of any sum.
    for (int x = 0; x < width_; ++x) sum[x] += weight * luma[x];
    if (tap.last() == y) {
      FinishGridRow(v);
      first_open_ = v + 1;
    }
  }
}

void TentReducer::FinishGridRow(int v) {
  double* sum = Accumulator(v);
  for (int u = 0; u < kGridSide; ++u) {
    const Taps& tap = horizontal_[static_cast<std::size_t>(u)];
    const double* in = sum + tap.first;
    double total = 0;
    for (std::size_t k = 0; k < tap.weights.size(); ++k) total += tap.weights[k] * in[k];
    grid_[static_cast<std::size_t>(v) * kGridSide + static_cast<std::size_t>(u)] = total / 1000.0;
  }
  std::fill(sum, sum + width_, 0.0);
}

}  // namespace kith::hashing::internal
