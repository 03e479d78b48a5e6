// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/internal/bands.h"
#include "index/internal/huge_array.h"

namespace kith::index::internal {

// A query in a band.
struct Sought {
  std::uint32_t rest;  // Band::Rest
  std::uint32_t query;
};

// The queries of a batch in the order of their keys, in one band after the other.
class SortedQueries {
 public:
  // `slack`: so many sketches behind the last one may be read.
  // `queries` must outlive this. 18 bytes of memory a query and 4 a bucket, in huge pages, as what
  // is written here lies at random places. Throws std::bad_alloc.
  SortedQueries(std::span<const Code> queries, std::size_t slack);

  // What the rest tells about is that band then. O(queries + buckets).
  void Sort(const Band& band);

  // The places of the queries of a key: from Start(key) up to Start(key + 1).
  [[nodiscard]] std::uint32_t Start(std::size_t key) const { return starts_[key]; }
  [[nodiscard]] const Sought* sought() const { return sought_.data(); }
  [[nodiscard]] const std::uint16_t* sketches() const { return sketches_.data(); }

 private:
  std::span<const Code> queries_;
  HugeArray<std::uint64_t> bits_;  // of the queries, from the first bit of the band on
  HugeArray<Sought> sought_;
  HugeArray<std::uint16_t> sketches_;
  std::vector<std::uint32_t> starts_;
};

}  // namespace kith::index::internal
