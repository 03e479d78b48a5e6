// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/internal/bands.h"
#include "index/internal/code_blocks.h"
#include "index/internal/join_kernel.h"
#include "index/internal/postings.h"

namespace kith::index::internal {

// One search: takes queries through their probes and tells each pair within the radius once, the
// place of the query and the position of the code. The work goes through in blocks, and while one
// block is compared, what the next one needs is fetched: entries of the directory, then buckets,
// then tails, then codes. So a processor waits for many reads at once and for none alone.
class ProbeWalk {
 public:
  // All that is referred to must outlive the walk. `radius_bits` is at most that of the plan.
  ProbeWalk(const BandPlan& plan, const Postings& postings, std::span<const RingCode> codes,
            const JoinKernel& kernel, int radius_bits, std::span<const RingCode> queries,
            PairSink sink);

  // Call one of these, once.
  // Every query by itself: for small batches.
  void Each();
  // Band by band, queries of one key together and in the order of the keys: for large batches. A
  // bucket is read once for all queries that share the key, and the directory nearly in order.
  void Join();

 private:
  static constexpr std::size_t kProbes = 128;     // in a block
  static constexpr std::size_t kSurvivors = 256;  // in a block
  static constexpr std::size_t kCandidates = 64;  // in a block

  struct ProbeBlock {
    std::size_t count = 0;
    std::array<BucketJoin, kProbes> joins;
    std::array<const std::uint32_t*, kProbes> starts;
  };
  // Pairs whose sketches are near enough.
  struct SurvivorBlock {
    std::size_t count = 0;
    std::array<const std::uint32_t*, kSurvivors> tails;
    std::array<const std::uint32_t*, kSurvivors> rests;  // of the queries
    std::array<std::uint32_t, kSurvivors> differing;     // bits of the rests
    std::array<std::uint16_t, kSurvivors> bands;
    std::array<std::uint16_t, kSurvivors> flips;
  };
  // Pairs whose codes are to be compared.
  struct CandidateBlock {
    std::size_t count = 0;
    std::array<const std::uint8_t*, kCandidates> codes;
    std::array<const std::uint8_t*, kCandidates> queries;
    std::array<std::uint32_t, kCandidates> query_numbers;
    std::array<std::uint32_t, kCandidates> positions;
    std::array<std::uint32_t, kCandidates> distances;
    std::array<std::uint16_t, kCandidates> bands;
  };

  void AddProbes(std::size_t band, std::uint32_t key, const std::uint32_t* rests,
                 std::size_t query_count);
  void EndBlock();  // fetches the buckets of the block, compares those of the one before
  void CompareSketches(ProbeBlock& block);
  static void OnHits(void* context, const SketchHit* hits, std::size_t count);
  void AddSurvivor(const BucketJoin& join, std::uint32_t query, std::uint32_t entry);
  void CompareRests();
  void AddCandidate(std::uint32_t query, std::uint32_t position, std::uint16_t band);
  void CompareCodes();
  void Finish();

  const BandPlan& plan_;
  const Postings& postings_;
  std::span<const RingCode> codes_;
  const JoinKernel& kernel_;
  std::uint32_t radius_bits_;
  std::span<const RingCode> queries_;
  PairSink sink_;

  std::span<const BandProbe> probes_;
  std::array<Postings::View, BandPlan::kMaxBands> views_;
  std::vector<std::uint32_t> rests_;  // what the probes point to
  std::vector<std::uint32_t> order_;  // the query of each rest
  std::array<ProbeBlock, 2> blocks_;
  std::size_t filling_ = 0;
  SurvivorBlock survivors_;
  CandidateBlock candidates_;
};

}  // namespace kith::index::internal
