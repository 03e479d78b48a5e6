// SPDX-License-Identifier: Apache-2.0
//
// Purpose: where the parts of a JPEG lie, for reading its luma without its pixels. Knows Huffman
// coded JPEGs of 8 bits, grey or Y'CbCr, in which the luma is not subsampled; whatever else there
// is, or is not well-formed to the letter, is "don't know" and goes to libjpeg.
//
// Thread-safety: pure functions. Complexity: O(bytes of the headers), and for a progressive file
// one search for markers through all of it. Source: ITU-T T.81; of colour, what libjpeg assumes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {

inline constexpr int kBlockSide = 8;
inline constexpr int kBlockTerms = 64;

// A Huffman table as it stands in the file: how many codes of each length, and their symbols.
struct HuffmanCode {
  std::array<std::uint8_t, 17> counts{};  // [0] is not used
  std::vector<std::uint8_t> symbols;

  friend bool operator==(const HuffmanCode&, const HuffmanCode&) = default;
};

struct JpegComponent {
  std::uint8_t id = 0;
  int across = 1;  // sampling factors
  int down = 1;
  int quantiser = 0;
};

struct JpegScan {
  struct Part {
    int component = 0;  // place in JpegLayout::components
    int dc_code = -1;   // place in JpegLayout::codes; -1: not needed
    int ac_code = -1;
  };
  std::vector<Part> parts;
  int first = 0;  // zigzag places
  int last = 63;
  int high = 0;  // bits known before, bits left unknown
  int low = 0;
  int restart_interval = 0;  // MCUs; 0: none
  std::size_t begin = 0;     // of the entropy-coded bytes
};

struct JpegLayout {
  int width = 0;
  int height = 0;
  bool progressive = false;
  std::vector<JpegComponent> components;  // one, or three; the first is luma
  // The quantiser of each component, in zigzag order; no step is zero.
  using Steps = std::array<std::uint16_t, kBlockTerms>;
  std::vector<Steps> quantisers;
  std::vector<HuffmanCode> codes;
  // Sequential: the one scan, whose end is found by decoding it. Progressive: every scan; together
  // they give every bit of every coefficient.
  std::vector<JpegScan> scans;

  // Blocks of a component, as many as its samples fill.
  [[nodiscard]] int BlocksAcross(int component) const;
  [[nodiscard]] int BlocksDown(int component) const;
  [[nodiscard]] int most_across() const;
  [[nodiscard]] int most_down() const;
};

// Nothing: don't know.
[[nodiscard]] std::optional<JpegLayout> ReadJpegLayout(Bytes bytes, const DecodeLimits& limits);

// Whether at `at`, behind the last scan, nothing but whole segments lie up to an end marker.
[[nodiscard]] bool EndsWell(Bytes bytes, std::size_t at);

}  // namespace kith::hashing::internal
