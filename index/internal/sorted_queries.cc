// SPDX-License-Identifier: Apache-2.0
#include "index/internal/sorted_queries.h"

#include "index/internal/bucket.h"

namespace kith::index::internal {

SortedQueries::SortedQueries(std::span<const Code> queries, std::size_t slack)
    : queries_(queries),
      bits_(queries.size()),
      sought_(queries.size()),
      sketches_(queries.size() + slack) {}

void SortedQueries::Sort(const Band& band) {
  starts_.assign(band.Buckets() + 1, 0);
  for (std::size_t query = 0; query < queries_.size(); ++query) {
    bits_[query] = RingBits(queries_[query].data(), band.first_bit);
    ++starts_[band.Key(bits_[query])];
  }
  std::uint32_t end = 0;
  for (std::uint32_t& start : starts_) start = end += start;
  // From the last query to the first, the end of each key moves to its start.
  for (std::size_t query = queries_.size(); query-- > 0;) {
    if (query >= kFetchAhead) Fetch(&sought_[starts_[band.Key(bits_[query - kFetchAhead])] - 1]);
    const std::uint32_t to = --starts_[band.Key(bits_[query])];
    const std::uint32_t rest = band.Rest(bits_[query]);
    sought_[to] = {.rest = rest, .query = static_cast<std::uint32_t>(query)};
    sketches_[to] = static_cast<std::uint16_t>(rest);
  }
}

}  // namespace kith::index::internal
