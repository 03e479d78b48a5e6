// SPDX-License-Identifier: Apache-2.0
//
// Looking up keys in the directories of a segment, once for each instruction set. As with
// scan_kernel.h, the files that implement it hold no inline function and no template of the
// standard library.
//
// A directory tells how many items each bucket has: for each bucket in turn so many ones, then a
// zero. So the zeros before a place are the buckets, and the ones the items, that come before it.
// With 64 buckets begins a group; samples[group] is the number of items before it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kith::index::internal {

struct DirectoryView {
  const std::uint64_t* words = nullptr;
  std::uint64_t word_count = 0;
  const std::uint32_t* samples = nullptr;
  std::uint64_t items = 0;
};

struct DirectoryLookup {
  const DirectoryView* directory;
  std::uint64_t key;    // below the number of buckets
  std::uint64_t start;  // set: items before the bucket
  std::uint64_t count;  // set: items in it
};

// For any bytes at all in the directory: start + count <= items, and nothing outside is read.
using LocateKernel = void (*)(DirectoryLookup* lookups, std::size_t count);

void LocateScalar(DirectoryLookup* lookups, std::size_t count);
void LocateBmi2(DirectoryLookup* lookups, std::size_t count);

}  // namespace kith::index::internal
