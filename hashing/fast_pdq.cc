// SPDX-License-Identifier: Apache-2.0
#include "hashing/fast_pdq.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <new>

#include "hashing/internal/block_reducer.h"
#include "hashing/internal/hash_grid.h"
#include "hashing/internal/jpeg_edges.h"
#include "hashing/internal/jpeg_layout.h"
#include "hashing/internal/jpeg_luma.h"

namespace kith::hashing {
namespace {

// The bounds of the domain, in pixels, grey levels and bits, as measured.
//
// Where the kernel is not much wider than a block, the terms that are left out matter.
constexpr int kSmallestSide = 640;
// From here on the terms of one frequency are near enough, and the mean alone.
constexpr int kMiddleSide = 1200;
constexpr int kLargeSide = 2560;
// Coarser steps of the mean and of the first AC terms come with ringing that is cut off at black
// and white, which only the pixels tell.
constexpr int kLargestMeanStep = 20;
constexpr int kLargestAcStep = 24;
// What progressive scans leave open of the first AC terms.
constexpr int kMostUnknown = 20;
// Beyond it blocks are cut off at black or white.
constexpr double kMostBeyond = 4;
// Near these gates the exact hash may lie on the other side.
constexpr int kClearlyUsable = kUsableQuality + 10;
constexpr int kClearlyUnusable = kUsableQuality - 10;
constexpr double kClearSpread = 4 * kMinimumSpread;
// So near to the median a coefficient may lie on the other side of it, and so many may.
constexpr double kNear = 0.5;
constexpr int kMostNear = 24;

int TermsFor(const internal::JpegLayout& layout) {
  const int side = std::min(layout.width, layout.height);
  if (side >= kLargeSide) return 1;
  return side >= kMiddleSide ? 3 : internal::kLumaTerms;
}

bool IsInDomain(const internal::JpegLayout& layout, int terms) {
  if (std::min(layout.width, layout.height) < kSmallestSide) return false;
  if (layout.quantisers[0][0] > kLargestMeanStep) return false;
  const int step = std::max(layout.quantisers[0][1], layout.quantisers[0][2]);
  if (step > kLargestAcStep) return false;
  if (terms == 1) return true;
  return ((1 << internal::UnknownAcBits(layout)) - 1) * step <= kMostUnknown;
}

bool IsClear(const Pdq& pdq) {
  if (pdq.quality <= kClearlyUnusable) return true;
  if (pdq.quality < kClearlyUsable || pdq.spread < kClearSpread) return false;
  Coefficients sorted = pdq.coefficients;
  const auto middle = sorted.begin() + 127;
  std::nth_element(sorted.begin(), middle, sorted.end());
  const auto near = std::ranges::count_if(
      pdq.coefficients, [median = *middle](double c) { return std::abs(c - median) <= kNear; });
  return near <= kMostNear;
}

std::optional<FastPdq> Hash(std::span<const std::uint8_t> bytes, const DecodeLimits& limits,
                            bool bare) {
  if (bytes.size() > limits.max_bytes) return std::nullopt;
  try {
    const auto layout = internal::ReadJpegLayout(bytes, limits);
    if (!layout.has_value() || (bare && layout->progressive)) return std::nullopt;
    const int terms = TermsFor(*layout);
    if (!IsInDomain(*layout, terms)) return std::nullopt;
    internal::BlockReducer reducer(
        layout->width, layout->height,
        std::span(layout->quantisers.front()).first(static_cast<std::size_t>(terms)));
    std::optional<internal::JpegEdges> edges;
    if (bare) edges.emplace(*layout);
    if (!internal::ReadLuma(bytes, *layout, terms, reducer, edges ? &*edges : nullptr)) {
      return std::nullopt;
    }
    if (reducer.most_beyond() > kMostBeyond) return std::nullopt;
    FastPdq fast{.pdq = internal::HashGrid(reducer.grid()),
                 .width = layout->width,
                 .height = layout->height};
    if (!IsClear(fast.pdq) || (edges && edges->MayHaveBorders())) return std::nullopt;
    return fast;
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<FastPdq> HashFast(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
  return Hash(bytes, limits, false);
}

std::optional<FastPdq> HashFastIfBare(std::span<const std::uint8_t> bytes,
                                      const DecodeLimits& limits) {
  return Hash(bytes, limits, true);
}

}  // namespace kith::hashing
