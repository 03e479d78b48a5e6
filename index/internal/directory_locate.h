// SPDX-License-Identifier: Apache-2.0
//
// The body of both kernels of directory_kernel.h: included once in each, where PlaceOfOne(word, n)
// stands before it: the place of the n-th (from 0) one in a word that has so many. All of it is in
// an unnamed namespace, so that each file has its own.
#pragma once

#include "index/internal/directory_kernel.h"

namespace kith::index::internal {
namespace {

void LocateOne(DirectoryLookup& lookup) {
  const DirectoryView& directory = *lookup.directory;
  const std::uint64_t group = lookup.key >> 6;
  std::uint64_t skip = lookup.key & 63;
  const std::uint64_t first = directory.samples[group] + (group << 6);
  lookup.start = 0;
  lookup.count = 0;
  std::uint64_t word = first >> 6;
  if (word >= directory.word_count) return;
  const std::uint64_t first_word = word;
  const std::uint64_t first_mask = ~std::uint64_t{0} << (first & 63);
  std::uint64_t zeros = ~directory.words[word] & first_mask;
  std::uint64_t in_word = static_cast<std::uint64_t>(__builtin_popcountll(zeros));
  while (skip >= in_word) {
    skip -= in_word;
    if (++word >= directory.word_count) return;
    zeros = ~directory.words[word];
    in_word = static_cast<std::uint64_t>(__builtin_popcountll(zeros));
  }
  const unsigned end_bit = PlaceOfOne(zeros, static_cast<unsigned>(skip));
  const std::uint64_t end = (word << 6) + end_bit;
  // The bucket begins behind the zero before, or with the group.
  std::uint64_t start = first;
  if ((lookup.key & 63) != 0) {
    std::uint64_t before = zeros & ((std::uint64_t{1} << end_bit) - 1);
    while (before == 0 && word > first_word) {
      --word;
      before = ~directory.words[word];
      if (word == first_word) before &= first_mask;
    }
    if (before == 0) return;
    start = (word << 6) + 64 - static_cast<unsigned>(__builtin_clzll(before));
  }
  if (start < lookup.key) return;
  const std::uint64_t items_before = start - lookup.key;
  const std::uint64_t items = end - start;
  if (items_before > directory.items || items > directory.items - items_before) return;
  lookup.start = items_before;
  lookup.count = items;
}

void LocateAll(DirectoryLookup* lookups, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) LocateOne(lookups[at]);
}

}  // namespace
}  // namespace kith::index::internal
