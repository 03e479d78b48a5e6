// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/block_reducer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace kith::hashing::internal {
namespace {

// Frequencies of the terms in zigzag order.
struct Frequency {
  std::size_t across;
  std::size_t down;
};
constexpr std::array<Frequency, kLumaTerms> kTermFrequencies = {
    {{0, 0}, {1, 0}, {0, 1}, {0, 2}, {1, 1}, {2, 0}}};

// What a coefficient of that frequency adds to pixel x of its block, in one direction.
double Basis(std::size_t frequency, int x) {
  const double scale = frequency == 0 ? 1 / (2 * std::numbers::sqrt2) : 0.5;
  return scale * std::cos((2 * x + 1) * static_cast<double>(frequency) * std::numbers::pi / 16);
}

}  // namespace

std::vector<BlockReducer::BlockTaps> BlockReducer::Fold(int n) {
  std::array<std::array<double, kBlockSide>, kFrequencies> basis{};
  for (std::size_t f = 0; f < kFrequencies; ++f) {
    for (int x = 0; x < kBlockSide; ++x) basis[f][static_cast<std::size_t>(x)] = Basis(f, x);
  }
  std::vector<BlockTaps> folded;
  for (const Taps& taps : TentTaps(n)) {
    BlockTaps& out = folded.emplace_back();
    out.first = taps.first / kBlockSide;
    const int last = taps.last() / kBlockSide;
    out.weights.resize(static_cast<std::size_t>(last - out.first) + 1);
    for (std::size_t k = 0; k < taps.weights.size(); ++k) {
      const int x = taps.first + static_cast<int>(k);
      auto& weights = out.weights[static_cast<std::size_t>(x / kBlockSide - out.first)];
      for (std::size_t f = 0; f < kFrequencies; ++f) {
        weights[f] += taps.weights[k] * basis[f][static_cast<std::size_t>(x % kBlockSide)];
      }
    }
  }
  return folded;
}

BlockReducer::BlockReducer(int width, int height, std::span<const std::uint16_t> steps)
    : across_(Fold(width)),
      down_(Fold(height)),
      blocks_across_((static_cast<std::size_t>(width) + kBlockSide - 1) / kBlockSide),
      terms_(static_cast<int>(steps.size())),
      row_(kLumaTerms * blocks_across_) {
  for (std::size_t k = 0; k < steps.size(); ++k) steps_[k] = steps[k];
  for (int v = 0, open = 0; v < kGridSide; ++v) {
    while (down_[static_cast<std::size_t>(open)].last() <
           down_[static_cast<std::size_t>(v)].first) {
      ++open;
    }
    slots_ = std::max(slots_, v - open + 1);
  }
  accumulators_.assign(static_cast<std::size_t>(slots_) * kFrequencies * blocks_across_, 0.0F);
}

float* BlockReducer::Accumulator(int v, std::size_t frequency) {
  const auto slot = static_cast<std::size_t>(v % slots_);
  return accumulators_.data() + (slot * kFrequencies + frequency) * blocks_across_;
}

void BlockReducer::Dequantise(const LumaRow& row) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(terms_); ++k) {
    const std::int16_t* in = row[k].data();
    float* out = row_.data() + k * blocks_across_;
    const float step = steps_[k];
    for (std::size_t b = 0; b < blocks_across_; ++b) out[b] = step * static_cast<float>(in[b]);
  }
  int low = 0;
  int high = 0;
  for (const std::int16_t mean : row[0]) {
    low = std::min<int>(low, mean);
    high = std::max<int>(high, mean);
  }
  // A mean is an eighth of its coefficient, above 128.
  most_beyond_ = std::max({most_beyond_, steps_[0] * static_cast<float>(high) / 8 - 127,
                           -128 - steps_[0] * static_cast<float>(low) / 8});
}

void BlockReducer::BlockRow(const LumaRow& row) {
  const int y = next_row_++;
  Dequantise(row);
  for (int v = first_open_; v < kGridSide; ++v) {
    const BlockTaps& taps = down_[static_cast<std::size_t>(v)];
    if (taps.first > y) break;
    AddTo(v, taps.weights[static_cast<std::size_t>(y - taps.first)]);
    if (taps.last() == y) {
      FinishGridRow(v);
      first_open_ = v + 1;
    }
  }
}

void BlockReducer::AddTo(int v, const std::array<double, kFrequencies>& weights) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(terms_); ++k) {
    const auto weight = static_cast<float>(weights[kTermFrequencies[k].down]);
    const float* in = row_.data() + k * blocks_across_;
    float* sum = Accumulator(v, kTermFrequencies[k].across);
    for (std::size_t b = 0; b < blocks_across_; ++b) sum[b] += weight * in[b];
  }
}

void BlockReducer::FinishGridRow(int v) {
  for (std::size_t u = 0; u < kGridSide; ++u) {
    const BlockTaps& taps = across_[u];
    double total = 128;
    for (std::size_t f = 0; f < kFrequencies; ++f) {
      const float* in = Accumulator(v, f) + taps.first;
      for (std::size_t k = 0; k < taps.weights.size(); ++k) total += taps.weights[k][f] * in[k];
    }
    grid_[static_cast<std::size_t>(v) * kGridSide + u] = total;
  }
  std::fill_n(Accumulator(v, 0), kFrequencies * blocks_across_, 0.0F);
}

}  // namespace kith::hashing::internal
