// SPDX-License-Identifier: Apache-2.0
//
// What passes between a ProbeWalk and the store of its codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kith::index::internal {

inline void Fetch(const void* at) { __builtin_prefetch(at); }

// So many codes ahead what they touch is fetched: enough for a read from memory to end.
inline constexpr std::size_t kFetchAhead = 16;

// The lines of so many bytes; the processor notices by itself that more are read in order.
inline void FetchLines(const void* at, std::size_t bytes) {
  constexpr std::size_t kLineBytes = 64;
  constexpr std::size_t kLinesFetched = 6;
  if (bytes == 0) return;
  const auto* first = static_cast<const std::uint8_t*>(at);
  const std::size_t end = std::min(bytes, kLinesFetched * kLineBytes);
  for (std::size_t line = 0; line < end; line += kLineBytes) Fetch(first + line);
  Fetch(first + end - 1);
}

// The items of a band that have one key: the start-th and those behind it. Items are numbered in
// the order of their keys, and of equal ones in that of their positions.
struct Bucket {
  std::uint32_t key;
  std::uint32_t start;
  std::uint32_t count;
};

// A pair whose sketches are near enough.
struct Survivor {
  std::uint32_t key;        // of the bucket
  std::uint32_t start;      // of it
  std::uint32_t rank;       // in it
  std::uint32_t query;
  std::uint32_t differing;  // bits of the rests
  std::uint32_t position;   // of the code, once it is known
  std::uint16_t band;
  std::uint16_t flips;  // bits in which the keys differ
};
inline constexpr std::size_t kSurvivorsAtOnce = 256;

}  // namespace kith::index::internal
