// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "index/internal/join_kernel.h"

namespace kith::index::internal {

// Sketches of queries that look at one bucket, copied to lie side by side: they come from lists
// that lie apart, one for each key, and a kernel has many at once for the price of a few.
class GatheredQueries {
 public:
  static constexpr std::size_t kAtOnce = 32;  // so many are copied, whatever is asked for

  [[nodiscard]] bool IsEmpty() const { return count_ == 0; }
  // Where the next one comes to lie.
  [[nodiscard]] const std::uint16_t* End() const { return &sketches_[count_]; }
  // Of the sketches from the first-th on, as many up to the end-th as have room; kAtOnce may be
  // read. Returns how many, 0 if there is no room.
  [[nodiscard]] std::uint32_t Add(const std::uint16_t* sketches, std::uint32_t first,
                                  std::uint32_t end) {
    if (count_ >= kQueries || lists_ == kLists) return 0;
    const auto count = std::min<std::uint32_t>(end - first, kAtOnce);
    // A constant number takes no branch; what is behind is written over by the next.
    std::memcpy(&sketches_[count_], sketches + first, kAtOnce * sizeof(std::uint16_t));
    std::memset(&list_of_[count_], static_cast<int>(lists_), kAtOnce);
    first_of_[lists_++] = first - count_;
    count_ += count;
    return count;
  }
  // The place, among all sketches, of one that lies here.
  [[nodiscard]] std::uint32_t PlaceOf(const std::uint16_t* sketch) const {
    const auto at = static_cast<std::uint32_t>(sketch - sketches_.data());
    return first_of_[list_of_[at]] + at;
  }
  void Clear() { count_ = lists_ = 0; }

 private:
  static constexpr std::size_t kQueries = 4096;
  static constexpr std::size_t kLists = 256;  // list_of_ can tell apart

  std::uint32_t count_ = 0;
  std::uint32_t lists_ = 0;
  std::array<std::uint16_t, kQueries + kAtOnce + kSketchSlack> sketches_;
  std::array<std::uint8_t, kQueries + kAtOnce> list_of_;
  // Of a list, the place of what would lie first here; less than 0 wraps round, and back in
  // PlaceOf.
  std::array<std::uint32_t, kLists> first_of_;
};

}  // namespace kith::index::internal
