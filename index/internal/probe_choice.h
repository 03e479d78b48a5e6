// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "index/internal/bands.h"

namespace kith::index::internal {

// Queries from which on joining a batch is faster than asking each query by itself.
inline constexpr std::size_t kJoinFrom = 2048;

// How codes that lie one by one are searched: scanned, probed query by query, or joined. Without a
// plan they are scanned.
class ProbeChoice {
 public:
  ProbeChoice() = default;
  // For so many codes in the buckets of the plan.
  ProbeChoice(const BandPlan& plan, std::size_t codes) {
    for (int radius = 0; radius <= plan.max_radius_bits(); ++radius) {
      costs_.push_back(plan.CostOf(radius, codes));
    }
  }
  // For tests and measurements: probe as far as the bands reach, even where a scan is faster.
  void NeverScan() { never_scan_ = true; }
  void JoinFrom(std::size_t queries) { join_from_ = queries; }

  [[nodiscard]] bool IsJoined(std::size_t queries) const { return queries >= join_from_; }
  // `rows` would be scanned.
  [[nodiscard]] bool ScanIsFaster(std::size_t rows, std::size_t queries, int radius_bits) const {
    const auto radius = static_cast<std::size_t>(radius_bits);
    if (radius >= costs_.size()) return true;
    if (never_scan_) return false;
    return ScanNanoseconds(rows, queries) < costs_[radius].Nanoseconds(IsJoined(queries));
  }

 private:
  std::vector<ProbeCost> costs_;  // of radius 0, of radius 1, and so on
  bool never_scan_ = false;
  std::size_t join_from_ = kJoinFrom;
};

}  // namespace kith::index::internal
