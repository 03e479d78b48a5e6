// SPDX-License-Identifier: Apache-2.0
#include "index/internal/bands.h"

#include <algorithm>
#include <cmath>

namespace kith::index::internal {
namespace {

// All patterns of `bits` bits with up to `most` bits set, ordered by their number.
std::vector<FlipPattern> Patterns(unsigned bits, int most) {
  std::vector<FlipPattern> patterns = {{.bits = 0, .count = 0}};
  const std::uint32_t end = std::uint32_t{1} << bits;
  for (int set = 1; set <= std::min(most, static_cast<int>(bits)); ++set) {
    // The next greater number with as many bits set: Gosper's step.
    for (std::uint64_t pattern = (std::uint64_t{1} << set) - 1; pattern < end;) {
      patterns.push_back(FlipPattern{.bits = static_cast<std::uint32_t>(pattern),
                                     .count = static_cast<std::uint32_t>(set)});
      const std::uint64_t lowest = pattern & (~pattern + 1);
      const std::uint64_t ripple = pattern + lowest;
      pattern = ripple | ((pattern ^ ripple) >> 2) / lowest;
    }
  }
  return patterns;
}

double Choose(unsigned n, int k) {
  double result = 1;
  for (int i = 0; i < k; ++i) result = result * (n - static_cast<unsigned>(i)) / (i + 1);
  return result;
}

// Patterns of n bits with at most k set.
double Ball(unsigned n, int k) {
  double sum = 0;
  for (int set = 0; set <= std::min(k, static_cast<int>(n)); ++set) sum += Choose(n, set);
  return sum;
}

// Of random patterns of n bits, those with at most k set.
double PassingShare(int n, int k) { return std::ldexp(Ball(static_cast<unsigned>(n), k), -n); }

}  // namespace

BandPlan::BandPlan(int wanted_bands, int extra_bits) : extra_bits_(extra_bits) {
  const int bands = std::clamp(wanted_bands, kMinBands, kMaxBands);
  bands_.reserve(static_cast<std::size_t>(bands));
  for (int band = 0; band < bands; ++band) {
    const int first = band * kCodeBits / bands;
    const int end = (band + 1) * kCodeBits / bands;
    bands_.push_back(Band{.first_bit = static_cast<unsigned>(first),
                          .key_bits = static_cast<unsigned>(end - first)});
  }
  const auto narrow_bits = static_cast<unsigned>(kCodeBits / bands);
  patterns_ = {Patterns(narrow_bits, kMaxFlips), Patterns(narrow_bits + 1, kMaxFlips)};
  // The lists stay small: beyond a few thousand probes a band the scan is faster.
  const int most = bands * (kMaxFlips + 1) - 1;
  for (int radius = 0; radius <= std::min(most, kMaxRadiusBits); ++radius) AddProbes(radius);
}

void BandPlan::AddProbes(int radius_bits) {
  const int count = static_cast<int>(bands_.size());
  // What does not divide evenly is spread round the ring.
  std::vector<int> allotments;
  allotments.reserve(bands_.size());
  for (int band = 0; band < count; ++band) {
    allotments.push_back((band + 1) * (radius_bits + 1) / count - band * (radius_bits + 1) / count);
  }
  const unsigned narrow_bits = bands_.front().key_bits;
  for (std::size_t band = 0; band < bands_.size(); ++band) {
    BandProbe& probe = probes_.emplace_back();
    if (allotments[band] == 0) continue;
    probe.flips = allotments[band] - 1;
    const unsigned key_bits = bands_[band].key_bits;
    probe.patterns = std::span(patterns_[key_bits - narrow_bits])
                         .first(static_cast<std::size_t>(Ball(key_bits, probe.flips)));
    const Run sketch = BestRun(band, kSketchBits, allotments);
    probe.sketch_mask = static_cast<std::uint16_t>((std::uint32_t{1} << sketch.bits) - 1);
    probe.sketch_budget = sketch.budget;
    const Run rest = BestRun(band, kSketchBits + extra_bits_, allotments);
    probe.rest_mask = static_cast<std::uint32_t>((std::uint64_t{1} << rest.bits) - 1);
    probe.rest_budget = rest.budget;
  }
}

BandPlan::Run BandPlan::BestRun(std::size_t band, int known_bits,
                                std::span<const int> allotments) const {
  const int flips = allotments[band] - 1;
  Run run{.bits = 0, .budget = flips};
  Run best = run;
  double best_share = 1;
  // A run may end inside of a band: what differs in a part of it differs in the whole.
  for (std::size_t next = band + 1; run.bits < known_bits; ++next) {
    const std::size_t at = next % bands_.size();
    run.bits = std::min(known_bits, run.bits + static_cast<int>(bands_[at].key_bits));
    run.budget += allotments[at];
    const double share = PassingShare(run.bits, run.budget - flips);
    if (share < best_share) {
      best = run;
      best_share = share;
    }
  }
  return best;
}

ProbeCost BandPlan::CostOf(int radius_bits, std::size_t codes) const {
  ProbeCost cost;
  const std::span<const BandProbe> probes = Probes(radius_bits);
  for (std::size_t at = 0; at < probes.size(); ++at) {
    if (probes[at].flips < 0) continue;
    const unsigned bits = bands_[at].key_bits;
    const double bucket = static_cast<double>(codes) / std::ldexp(1.0, static_cast<int>(bits));
    for (int flips = 0; flips <= probes[at].flips; ++flips) {
      const double buckets = Choose(bits, flips);
      cost.buckets += buckets;
      cost.sketches += buckets * bucket;
      const int in_sketch = std::popcount(probes[at].sketch_mask);
      const int in_rest = std::popcount(probes[at].rest_mask);
      const double survive = PassingShare(in_sketch, probes[at].sketch_budget - flips);
      cost.positions += buckets * bucket * survive;
      cost.codes += buckets * bucket *
                    std::min(survive, PassingShare(in_rest, probes[at].rest_budget - flips));
    }
  }
  return cost;
}

}  // namespace kith::index::internal
