// SPDX-License-Identifier: Apache-2.0
#include "index/internal/bands.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

namespace kith::index::internal {
namespace {

// The number of bands that was fastest on random codes at radius 31, by measure (bench/SCORES.md):
// more codes want longer keys. Below the first count the scan was faster.
struct BandsFrom {
  std::size_t codes;
  int bands;
};
constexpr BandsFrom kBandsFrom[] = {{15000000, 14}, {600000, 16}, {200000, 18},
                                    {50000, 20},    {16384, 24},  {0, 0}};

// All patterns of `bits` bits with up to `most` bits set, ascending: neighbours share what is
// fetched.
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
  std::sort(patterns.begin(), patterns.end(),
            [](const FlipPattern& a, const FlipPattern& b) { return a.bits < b.bits; });
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

// The first so many bits behind a key, as Band::Rest has them.
std::uint32_t FirstBits(int bits) {
  return std::rotl(static_cast<std::uint32_t>(~std::uint64_t{0} << 32 >> bits), 16);
}

}  // namespace

int FastestBands(std::size_t codes) {
  return std::find_if(std::begin(kBandsFrom), std::end(kBandsFrom),
                      [&](const BandsFrom& from) { return codes >= from.codes; })
      ->bands;
}

double ScanNanoseconds(std::size_t codes, std::size_t queries) {
  // A code: to bring it into the order of the kernel, and to compare it.
  constexpr double kTransposeCost = 1.0;
  constexpr double kCompareCost = 0.05;
  return static_cast<double>(codes) *
         (kCompareCost + kTransposeCost / static_cast<double>(queries));
}

BandPlan::BandPlan(const BandShape& shape)
    : sketch_bits_(shape.sketch_bits), extra_bits_(shape.extra_bits) {
  const int bands = std::clamp(shape.bands, kFewestBands, kMaxBands);
  bands_.reserve(static_cast<std::size_t>(bands));
  for (int band = 0; band < bands; ++band) {
    const int first = band * kCodeBits / bands;
    const int end = (band + 1) * kCodeBits / bands;
    const int key_bits = shape.key_bits == 0 ? end - first : shape.key_bits;
    bands_.push_back(Band{.first_bit = static_cast<unsigned>(first),
                          .key_bits = static_cast<unsigned>(key_bits),
                          .span_bits = static_cast<unsigned>(end - first)});
  }
  // The first band is one of the narrowest.
  const unsigned narrow_bits = bands_.front().key_bits;
  for (std::size_t flips = 0; flips < patterns_.size(); ++flips) {
    for (unsigned wider = 0; wider < patterns_[flips].size(); ++wider) {
      patterns_[flips][wider] = Patterns(narrow_bits + wider, static_cast<int>(flips));
    }
  }
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
    probe.patterns = patterns_[static_cast<std::size_t>(probe.flips)][key_bits - narrow_bits];
    const Run sketch = BestRun(band, sketch_bits_, allotments);
    probe.sketch_mask = static_cast<std::uint16_t>(FirstBits(sketch.bits));
    probe.sketch_budget = sketch.budget;
    const Run rest = BestRun(band, sketch_bits_ + extra_bits_, allotments);
    probe.rest_mask = FirstBits(rest.bits);
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
  for (std::size_t next = band; run.bits < known_bits; ++next) {
    const Band& at = bands_[next % bands_.size()];
    const unsigned more = next == band ? at.span_bits - at.key_bits : at.span_bits;
    run.bits = std::min(known_bits, run.bits + static_cast<int>(more));
    if (next != band) run.budget += allotments[next % bands_.size()];
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
