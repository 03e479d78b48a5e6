// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/internal/code_blocks.h"
#include "index/internal/directory_kernel.h"
#include "index/internal/join_kernel.h"
#include "index/internal/segment_plan.h"

namespace kith::index::internal {

// What a search reads of a segment.
struct SegmentTables {
  struct BandTables {
    DirectoryView directory;
    const std::uint8_t* postings = nullptr;  // null: the codes lie in the order of this band
  };
  const std::uint8_t* codes = nullptr;
  std::uint64_t code_count = 0;
  unsigned position_bits = 0;
  std::vector<BandTables> bands;
};

// One search: takes queries through their probes and tells each pair within the radius once, the
// place of the query and the position of the code. The probes go through in blocks, and each step
// fetches for a whole block what the next one needs: samples, directory, postings, codes. So a
// processor waits for many reads at once and for none alone.
class SegmentWalk {
 public:
  // All that is referred to must outlive the walk. `flips` comes from the plan.
  SegmentWalk(const SegmentPlan& plan, const SegmentTables& tables, LocateKernel locate,
              const JoinKernel& kernel, int radius_bits, std::span<const int> flips,
              std::span<const Code> queries, PairSink sink);

  void Run();

 private:
  static constexpr std::size_t kProbes = 128;      // in a block
  static constexpr std::size_t kCandidates = 128;  // in a block

  void AddProbe(std::uint32_t query, std::uint32_t band, std::uint32_t key);
  void LookUp();
  void ReadBucket(std::size_t probe);
  void AddCandidate(std::uint32_t query, std::uint32_t band, std::uint64_t position);
  void Compare();
  [[nodiscard]] bool SeenBefore(std::uint32_t band, const std::uint8_t* code,
                                const std::uint8_t* query) const;

  const SegmentPlan& plan_;
  const SegmentTables& tables_;
  LocateKernel locate_;
  const JoinKernel& kernel_;
  std::uint32_t radius_bits_;
  std::span<const int> flips_;
  std::span<const Code> queries_;
  PairSink sink_;
  std::uint64_t position_mask_;

  std::size_t probe_count_ = 0;
  std::array<DirectoryLookup, kProbes> lookups_{};
  std::array<std::uint32_t, kProbes> probe_queries_;
  std::array<std::uint32_t, kProbes> probe_bands_;

  std::size_t candidate_count_ = 0;
  std::array<const std::uint8_t*, kCandidates> codes_;
  std::array<const std::uint8_t*, kCandidates> query_codes_;
  std::array<std::uint32_t, kCandidates> candidate_queries_;
  std::array<std::uint32_t, kCandidates> candidate_bands_;
  std::array<std::uint32_t, kCandidates> distances_;
};

}  // namespace kith::index::internal
