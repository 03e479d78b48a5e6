// SPDX-License-Identifier: Apache-2.0
//
// How multi-index hashing cuts codes into bands, and what it must look at so that nothing is
// missed: in memory (multi_index_hash.h) and in segment files (mapped_index.h).
//
// The 256 bits are a ring, cut into m bands. For a radius r, each band gets an allotment u of bits,
// r + 1 in all. Let d be the distances of a pair of codes within r in the bands: the numbers d - u
// sum to at most -1, so by the cycle lemma some band starts a run round the ring whose partial sums
// are all below zero. From that band on, any run of bands differs in fewer bits than its allotments
// sum to. Hence it is enough to look, for each band, at
//   - the buckets of all keys that differ in fewer than u bits from the query's, and in them
//   - the codes whose next bits (up to 16 of them, the sketch, are at hand) keep the run below its
//     sum.
// The key may be shorter than the band, as what a part of it differs in the whole does, too: then
// the sketch begins with the rest of the band. With 16 bands and radius 31 that is 17 buckets a
// band, of which one code in 380 survives.
// Source: the cycle lemma of Dvoretzky and Motzkin (1947); for thresholded search, the pigeonring
// principle of Qin and Xiao (VLDB 2018). The plain pigeonhole is the same without the sketches.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "index/hamming_index.h"

namespace kith::index::internal {

inline constexpr int kSketchBits = 16;  // at most

// A code as a ring of 256 bits, counted from the highest bit of its first byte: bit k is bit
// 63 - k % 64 of word k / 64. So the order of the words is that of the bytes.
using RingCode = std::array<std::uint64_t, 4>;

inline std::uint64_t RingWord(const std::uint8_t* code, unsigned word) {
  std::uint64_t value = 0;
  std::memcpy(&value, code + std::size_t{8} * word, sizeof(value));
  return __builtin_bswap64(value);
}

inline RingCode RingOf(const std::uint8_t* code) {
  return {RingWord(code, 0), RingWord(code, 1), RingWord(code, 2), RingWord(code, 3)};
}

// 64 bits of the ring from `first` on, the first highest.
inline std::uint64_t JoinWords(std::uint64_t word, std::uint64_t next, unsigned shift) {
  // Shifted in two steps: a shift by 64 is not defined.
  return word << shift | next >> 1 >> (63 - shift);
}
inline std::uint64_t RingBits(const RingCode& code, unsigned first) {
  return JoinWords(code[first / 64], code[(first / 64 + 1) % 4], first % 64);
}
inline std::uint64_t RingBits(const std::uint8_t* code, unsigned first) {
  return JoinWords(RingWord(code, first / 64), RingWord(code, (first / 64 + 1) % 4), first % 64);
}

struct Band {
  unsigned first_bit;
  unsigned key_bits;
  unsigned span_bits;  // up to where the next band begins, at least those of the key

  [[nodiscard]] std::size_t Buckets() const { return std::size_t{1} << key_bits; }
  // What follows takes what RingBits gave for first_bit. The key comes first,
  [[nodiscard]] std::uint32_t Key(std::uint64_t bits) const {
    return static_cast<std::uint32_t>(bits >> (64 - key_bits));
  }
  // then the sketch, which stands in the lower half, then as many bits again, in the upper one; the
  // first bit of each is its highest.
  [[nodiscard]] std::uint32_t Rest(std::uint64_t bits) const {
    return std::rotl(static_cast<std::uint32_t>(bits << key_bits >> 32), 16);
  }
};

// Bits set. Where the compiler may not use the instruction that counts them, as here, std::popcount
// is a call of a library.
inline int CountBits(std::uint32_t bits) {
  bits -= bits >> 1 & 0x55555555U;
  bits = (bits & 0x33333333U) + (bits >> 2 & 0x33333333U);
  return static_cast<int>(((bits + (bits >> 4)) & 0x0f0f0f0fU) * 0x01010101U >> 24);
}

// How the ring is cut: evenly.
struct BandShape {
  int bands = 0;     // held within BandPlan::kFewestBands and kMaxBands
  int key_bits = 0;  // of each; 0: all of the band
  int sketch_bits = kSketchBits;
  int extra_bits = 0;  // known behind a sketch of 16 bits, 0..16
};

struct FlipPattern {
  std::uint32_t bits;
  std::uint32_t count;  // of bits set
};

// What to look at in one band for some radius.
struct BandProbe {
  int flips = -1;  // bits in which a key may differ; negative: the band is not looked at
  std::span<const FlipPattern> patterns;  // all of up to so many bits
  // Bits that count, and in how many of them and of the key together a code may differ: first of
  // the sketch alone, then of all that is known without fetching the code.
  std::uint16_t sketch_mask = 0;
  int sketch_budget = 0;
  std::uint32_t rest_mask = 0;
  int rest_budget = 0;
};

// What a search of one query is expected to cost, for random codes.
struct ProbeCost {
  double buckets = 0;    // looked up
  double sketches = 0;   // compared
  double positions = 0;  // fetched
  double codes = 0;      // fetched and compared

  // What a query takes about on a Zen 5, asked by itself or in a batch; elsewhere about in
  // proportion. It decides between probing and scanning only, which differ by much at nearly all
  // radii.
  [[nodiscard]] double Nanoseconds(bool in_batch) const {
    return buckets * (in_batch ? 4 : 15) + sketches * (in_batch ? 0.08 : 0.3) + positions * 20 +
           codes * 20;
  }
};

// How many bands are fastest for so many codes at radius 31, with sketches of 16 bits and where
// memory does not matter. 0: a scan is.
[[nodiscard]] int FastestBands(std::size_t codes);

// What a query takes of a scan of so many codes that lie one by one, in the same nanoseconds.
[[nodiscard]] double ScanNanoseconds(std::size_t codes, std::size_t queries);

class BandPlan {
 public:
  static constexpr int kMinBands = 12;  // in memory
  static constexpr int kFewestBands = 8;
  static constexpr int kMaxBands = 32;
  static constexpr int kMaxFlips = 4;
  static constexpr int kMaxRadiusBits = 63;

  explicit BandPlan(const BandShape& shape);
  BandPlan(const BandPlan&) = delete;
  BandPlan& operator=(const BandPlan&) = delete;

  [[nodiscard]] std::span<const Band> bands() const { return bands_; }

  // One for each band. Every pair within the radius is seen in some band; see Seen.
  // `radius_bits` is at most max_radius_bits.
  [[nodiscard]] std::span<const BandProbe> Probes(int radius_bits) const {
    return std::span(probes_).subspan(static_cast<std::size_t>(radius_bits) * bands_.size(),
                                      bands_.size());
  }
  [[nodiscard]] int max_radius_bits() const {
    return static_cast<int>(probes_.size() / bands_.size()) - 1;
  }

  // Whether a search with these probes sees a pair in a band. `differing` is the ring of bits in
  // which the two codes differ.
  [[nodiscard]] static bool Seen(const Band& band, const BandProbe& probe,
                                 const RingCode& differing) {
    const std::uint64_t bits = RingBits(differing, band.first_bit);
    const int key = CountBits(band.Key(bits));
    if (key > probe.flips) return false;
    const std::uint32_t rest = band.Rest(bits);
    return key + CountBits(rest & probe.sketch_mask) <= probe.sketch_budget &&
           key + CountBits(rest & probe.rest_mask) <= probe.rest_budget;
  }

  [[nodiscard]] ProbeCost CostOf(int radius_bits, std::size_t codes) const;

 private:
  // How many bits after the key are best looked at, and how many may differ.
  struct Run {
    int bits;
    int budget;
  };
  void AddProbes(int radius_bits);
  [[nodiscard]] Run BestRun(std::size_t band, int known_bits,
                            std::span<const int> allotments) const;

  std::vector<Band> bands_;
  int sketch_bits_;
  int extra_bits_;
  // Of up to so many flips, for keys of the narrowest bands and for those one bit wider.
  std::array<std::array<std::vector<FlipPattern>, 2>, kMaxFlips + 1> patterns_;
  std::vector<BandProbe> probes_;  // those of radius 0, of radius 1, and so on
};

}  // namespace kith::index::internal
