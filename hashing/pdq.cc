// SPDX-License-Identifier: Apache-2.0
#include "hashing/pdq.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "hashing/digest.h"
#include "hashing/internal/hash_grid.h"
#include "hashing/internal/tent_reducer.h"

namespace kith::hashing {
namespace {

using internal::Grid;
using internal::kGridSide;

constexpr int kCliSide = 512;
constexpr int kFrequencies = 16;
constexpr std::size_t kMedianPlace = 127;  // the 128th smallest

// D[i][j], 16 x 64. libm's cosine is correct to the last place or the one before, which moves a
// coefficient by 1e-13 of a grey level: far below what any stable bit hangs on.
using DctMatrix = std::array<double, std::size_t{kFrequencies} * kGridSide>;

DctMatrix MakeTransform() {
  DctMatrix transform{};
  const double scale = std::sqrt(2.0 / kGridSide);
  for (int i = 0; i < kFrequencies; ++i) {
    for (int j = 0; j < kGridSide; ++j) {
      transform[static_cast<std::size_t>(i) * kGridSide + static_cast<std::size_t>(j)] =
          scale * std::cos(std::numbers::pi / (2 * kGridSide) * (i + 1) * (2 * j + 1));
    }
  }
  return transform;
}

int QualityOf(const Grid& grid) {
  const auto step = [](double a, double b) {
    return std::abs(static_cast<int>((a - b) * 100.0 / 255.0));
  };
  int sum = 0;
  for (int y = 0; y < kGridSide; ++y) {
    for (int x = 0; x < kGridSide; ++x) {
      const auto at = static_cast<std::size_t>(y) * kGridSide + static_cast<std::size_t>(x);
      if (y + 1 < kGridSide) sum += step(grid[at], grid[at + kGridSide]);
      if (x + 1 < kGridSide) sum += step(grid[at], grid[at + 1]);
    }
  }
  return std::min(100, sum / 90);
}

// B = D A D^T; every sum runs over ascending positions.
Coefficients Transform(const Grid& grid) {
  static const DctMatrix kTransform = MakeTransform();
  DctMatrix half{};  // D A
  for (std::size_t i = 0; i < kFrequencies; ++i) {
    double* out = half.data() + i * kGridSide;
    for (std::size_t k = 0; k < kGridSide; ++k) {
      const double weight = kTransform[i * kGridSide + k];
      const double* in = grid.data() + k * kGridSide;
      for (std::size_t x = 0; x < kGridSide; ++x) out[x] += weight * in[x];
    }
  }
  Coefficients result{};
  for (std::size_t i = 0; i < kFrequencies; ++i) {
    for (std::size_t j = 0; j < kFrequencies; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < kGridSide; ++k) {
        sum += half[i * kGridSide + k] * kTransform[j * kGridSide + k];
      }
      result[i * kFrequencies + j] = sum;
    }
  }
  return result;
}

double MedianOf(Coefficients values) {
  const auto middle = values.begin() + kMedianPlace;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::string_view DialectName(Dialect dialect) {
  return dialect == Dialect::kFull ? "full" : "cli512";
}

std::string ToHex(const Code& code) { return DigestHex(code); }

int HammingDistance(const Code& a, const Code& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    bits += std::popcount(static_cast<std::uint8_t>(a[i] ^ b[i]));
  }
  return bits;
}

Code CodeOf(const Coefficients& coefficients) {
  const double median = MedianOf(coefficients);
  Code code{};
  for (std::size_t k = 0; k < coefficients.size(); ++k) {
    if (coefficients[k] > median) {
      code[31 - k / 8] = static_cast<std::uint8_t>(code[31 - k / 8] | 1u << (k % 8));
    }
  }
  return code;
}

double SpreadOf(const Coefficients& coefficients) {
  const double median = MedianOf(coefficients);
  Coefficients away;
  for (std::size_t k = 0; k < away.size(); ++k) away[k] = std::abs(coefficients[k] - median);
  return MedianOf(away);
}

namespace internal {

Pdq HashGrid(const Grid& grid) {
  Pdq pdq;
  pdq.coefficients = Transform(grid);
  pdq.code = CodeOf(pdq.coefficients);
  pdq.quality = QualityOf(grid);
  pdq.spread = SpreadOf(pdq.coefficients);
  return pdq;
}

}  // namespace internal

struct PdqStream::State {
  State(int w, int h, bool is_sampled)
      : width(w),
        height(h),
        sampled(is_sampled),
        reducer(is_sampled ? kCliSide : w, is_sampled ? kCliSide : h),
        sample(is_sampled ? 3 * kCliSide : 0) {}

  int width;
  int height;
  bool sampled;      // cli512 of a larger picture
  int next_row = 0;  // of the picture
  int next_sample_row = 0;
  internal::TentReducer reducer;
  std::vector<std::uint8_t> sample;
};

PdqStream::PdqStream(int width, int height, Dialect dialect)
    : state_(std::make_unique<State>(
          width, height, dialect == Dialect::kCli512 && std::max(width, height) > kCliSide)) {}

PdqStream::~PdqStream() = default;
PdqStream::PdqStream(PdqStream&&) noexcept = default;
PdqStream& PdqStream::operator=(PdqStream&&) noexcept = default;

void PdqStream::AddRow(std::span<const std::uint8_t> rgb) {
  State& s = *state_;
  const int y = s.next_row++;
  if (!s.sampled) {
    s.reducer.AddRow(rgb.data());
    return;
  }
  const auto source_row = [&s](int row) {
    return static_cast<int>(std::int64_t{row} * s.height / kCliSide);
  };
  if (s.next_sample_row == kCliSide || source_row(s.next_sample_row) != y) return;
  for (int x = 0; x < kCliSide; ++x) {
    const auto from = static_cast<std::size_t>(std::int64_t{x} * s.width / kCliSide) * 3;
    std::copy_n(rgb.data() + from, 3, s.sample.data() + std::ptrdiff_t{3} * x);
  }
  while (s.next_sample_row < kCliSide && source_row(s.next_sample_row) == y) {
    s.reducer.AddRow(s.sample.data());
    ++s.next_sample_row;
  }
}

Pdq PdqStream::Finish() {
  if (std::min(state_->width, state_->height) < kMinimumSide) return {};
  return internal::HashGrid(state_->reducer.grid());
}

Pdq HashRgb(std::span<const std::uint8_t> rgb, int width, int height, Dialect dialect) {
  PdqStream stream(width, height, dialect);
  const std::size_t row_bytes = 3 * static_cast<std::size_t>(width);
  for (int y = 0; y < height; ++y) {
    stream.AddRow(rgb.subspan(static_cast<std::size_t>(y) * row_bytes, row_bytes));
  }
  return stream.Finish();
}

}  // namespace kith::hashing
