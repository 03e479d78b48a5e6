// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "index/internal/bands.h"
#include "index/internal/bucket.h"
#include "index/internal/code_blocks.h"
#include "index/internal/gathered_queries.h"
#include "index/internal/join_kernel.h"
#include "index/internal/sorted_queries.h"

namespace kith::index::internal {

// One search: takes queries through their probes and tells each pair within the radius once, the
// place of the query and the position of the code. The work goes through in blocks, and while one
// block is compared, what the next one needs is fetched: entries of the directory, then buckets,
// then tails, then codes. So a processor waits for many reads at once and for none alone.
//
// The store is Postings (in memory), GrowingPostings (likewise, while codes are added) or
// MappedPostings (in a file). It tells about how many codes there are, where the buckets of a band
// begin, their sketches (as the kernel takes them, or to be copied for it), and which codes
// survivors are.
template <typename Store>
class ProbeWalk {
 public:
  // All that is referred to must outlive the walk. `codes` are those of the positions, 32 bytes
  // each; `radius_bits` is at most that of the plan.
  ProbeWalk(const BandPlan& plan, const Store& store, const std::uint8_t* codes,
            const JoinKernel& kernel, int radius_bits, std::span<const Code> queries,
            PairSink sink);

  // Call one of these, once.
  void Search(bool joined) { joined ? Join() : Each(); }
  // Every query by itself: for small batches.
  void Each();
  // Band by band, queries of one key together: for large batches. Where many look at each bucket,
  // the buckets are walked in their order and each meets all queries that look at it, gathered into
  // one list: so the index is read once a band, what is read at random are the queries, which are
  // few and near, and a kernel has long lists. Else the queries are walked in the order of their
  // keys.
  void Join();

 private:
  static constexpr std::size_t kProbes = 128;     // in a block
  static constexpr std::size_t kCandidates = 64;  // in a block
  static constexpr std::size_t kScratch = 8192;   // unpacked sketches, in the nearest cache

  struct ProbeBlock {
    std::size_t count = 0;
    std::array<BucketJoin, kProbes> joins;
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

  // Whether so many queries look at each bucket of a band that the buckets are walked.
  [[nodiscard]] bool ManyLookAt(std::size_t buckets) const;
  void JoinByQueries(std::size_t band);
  void JoinByBuckets(std::size_t band);
  // Compares entries of a bucket with all queries that look at it.
  void JoinEntries(BucketJoin join);
  // With those whose keys differ from that of the bucket in as many bits as the join says.
  void GatherQueries(BucketJoin join);

  [[nodiscard]] BucketJoin JoinOf(std::size_t band, std::uint32_t flips) const;
  void AddProbes(std::size_t band, std::uint32_t key, std::size_t first_sought,
                 std::size_t query_count);
  void EndBlock();  // fetches the buckets of the block, compares those of the one before
  void CompareSketches(ProbeBlock& block);
  // Joins whose entries stand ready.
  void AddReady(const BucketJoin& join);
  void CompareReady();
  // Makes entries of so many items of a bucket, in the scratch where the kernel cannot take them as
  // they lie.
  std::uint32_t Prepare(const Bucket& bucket, std::size_t band, std::uint32_t first_rank,
                        const std::uint16_t*& entries);

  static void OnHits(void* context, const SketchHit* hits, std::size_t count);
  // As OnHits, where the queries of the joins are gathered.
  static void OnGatheredHits(void* context, const SketchHit* hits, std::size_t count);
  void AddSurvivor(const BucketJoin& join, std::size_t sought, std::uint32_t entry);
  void ResolveSurvivors();
  void AddCandidate(std::uint32_t query, std::uint32_t position, std::uint16_t band);
  void CompareCodes();
  void Finish();

  const BandPlan& plan_;
  const Store& store_;
  const std::uint8_t* codes_;
  const JoinKernel& kernel_;
  std::uint32_t radius_bits_;
  std::span<const Code> queries_;
  PairSink sink_;

  std::span<const BandProbe> probes_;
  const SortedQueries* sorted_ = nullptr;  // while they are joined
  const Sought* sought_ = nullptr;
  const std::uint16_t* sketches_ = nullptr;  // of those, which the probes point to
  // Of each query the pair that was told last: its position and 1 more. Most queries have one near
  // code at most, which many bands see.
  std::uint32_t* told_ = nullptr;
  std::array<ProbeBlock, 2> blocks_;
  std::size_t filling_ = 0;
  ProbeBlock ready_;
  std::size_t scratch_used_ = 0;
  std::array<std::uint16_t, kScratch + kSketchSlack> scratch_;
  GatheredQueries gathered_;
  std::size_t survivor_count_ = 0;
  std::array<Survivor, kSurvivorsAtOnce> survivors_;
  CandidateBlock candidates_;
};

}  // namespace kith::index::internal
