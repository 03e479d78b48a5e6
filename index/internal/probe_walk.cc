// SPDX-License-Identifier: Apache-2.0
#include "index/internal/probe_walk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "index/internal/growing_postings.h"
#include "index/internal/mapped_postings.h"
#include "index/internal/postings.h"

namespace kith::index::internal {

template <typename Store>
ProbeWalk<Store>::ProbeWalk(const BandPlan& plan, const Store& store, const std::uint8_t* codes,
                            const JoinKernel& kernel, int radius_bits,
                            std::span<const Code> queries, PairSink sink)
    : plan_(plan),
      store_(store),
      codes_(codes),
      kernel_(kernel),
      radius_bits_(static_cast<std::uint32_t>(radius_bits)),
      queries_(queries),
      sink_(sink),
      probes_(plan.Probes(radius_bits)) {}

template <typename Store>
void ProbeWalk<Store>::Each() {
  const std::span<const Band> bands = plan_.bands();
  std::vector<Sought> sought(bands.size() * queries_.size());
  std::vector<std::uint16_t> sketches(sought.size() + kSketchSlack);
  std::vector<std::uint32_t> told(queries_.size());
  told_ = told.data();
  sought_ = sought.data();
  sketches_ = sketches.data();
  std::size_t at = 0;
  for (std::size_t query = 0; query < queries_.size(); ++query) {
    for (std::size_t band = 0; band < bands.size(); ++band) {
      if (probes_[band].flips < 0) continue;
      const std::uint64_t bits = RingBits(queries_[query].data(), bands[band].first_bit);
      sought[at] = {.rest = bands[band].Rest(bits), .query = static_cast<std::uint32_t>(query)};
      sketches[at] = static_cast<std::uint16_t>(sought[at].rest);
      AddProbes(band, bands[band].Key(bits), at, 1);
      ++at;
    }
  }
  Finish();
}

template <typename Store>
BucketJoin ProbeWalk<Store>::JoinOf(std::size_t band, std::uint32_t flips) const {
  const BandProbe& probe = probes_[band];
  return {
      .entries = nullptr,
      .queries = nullptr,
      .entry_count = 0,
      .query_count = 0,
      .mask = probe.sketch_mask,
      .limit = static_cast<std::uint16_t>(static_cast<std::uint32_t>(probe.sketch_budget) - flips),
      .band = static_cast<std::uint16_t>(band),
      .flips = static_cast<std::uint16_t>(flips),
      .bucket = {},
      .first_rank = 0};
}

template <typename Store>
void ProbeWalk<Store>::AddProbes(std::size_t band, std::uint32_t key, std::size_t first_sought,
                                 std::size_t query_count) {
  for (const FlipPattern& flip : probes_[band].patterns) {
    ProbeBlock& block = blocks_[filling_];
    BucketJoin& join = block.joins[block.count];
    join = JoinOf(band, flip.count);
    join.queries = &sketches_[first_sought];
    join.query_count = static_cast<std::uint32_t>(query_count);
    join.bucket.key = key ^ flip.bits;
    store_.FetchBucket(band, join.bucket.key);
    if (++block.count == kProbes) EndBlock();
  }
}

template <typename Store>
void ProbeWalk<Store>::EndBlock() {
  ProbeBlock& block = blocks_[filling_];
  for (std::size_t at = 0; at < block.count; ++at) {
    BucketJoin& join = block.joins[at];
    join.bucket = store_.BucketAt(join.band, join.bucket.key);
    store_.FetchSketches(join.band, join.bucket);
  }
  filling_ = 1 - filling_;
  CompareSketches(blocks_[filling_]);
}

template <typename Store>
void ProbeWalk<Store>::CompareSketches(ProbeBlock& block) {
  if (store_.HasWholeSketches()) {
    for (std::size_t at = 0; at < block.count; ++at) {
      BucketJoin& join = block.joins[at];
      join.entries = store_.WholeSketches(join.band, join.bucket);
      join.entry_count = join.bucket.count;
    }
    kernel_.join(block.joins.data(), block.count, &OnHits, this);
  } else {
    for (std::size_t at = 0; at < block.count; ++at) {
      BucketJoin& join = block.joins[at];
      for (std::uint32_t rank = 0; rank < join.bucket.count; rank += join.entry_count) {
        join.first_rank = rank;
        join.entry_count = Prepare(join.bucket, join.band, rank, join.entries);
        AddReady(join);
      }
    }
    CompareReady();
    scratch_used_ = 0;
  }
  block.count = 0;
}

template <typename Store>
std::uint32_t ProbeWalk<Store>::Prepare(const Bucket& bucket, std::size_t band,
                                        std::uint32_t first_rank, const std::uint16_t*& entries) {
  if (store_.HasWholeSketches()) {
    entries = store_.WholeSketches(band, bucket);
    return bucket.count;
  }
  if (scratch_used_ == kScratch) {
    CompareReady();
    scratch_used_ = 0;
  }
  const auto count = static_cast<std::uint32_t>(
      std::min<std::size_t>(bucket.count - first_rank, kScratch - scratch_used_));
  std::uint16_t* const to = scratch_.data() + scratch_used_;
  store_.Unpack(kernel_, band, bucket, first_rank, count, to);
  entries = to;
  scratch_used_ += count;
  return count;
}

template <typename Store>
void ProbeWalk<Store>::AddReady(const BucketJoin& join) {
  ready_.joins[ready_.count] = join;
  if (++ready_.count == kProbes) CompareReady();
}

template <typename Store>
void ProbeWalk<Store>::CompareReady() {
  kernel_.join(ready_.joins.data(), ready_.count, gathered_.IsEmpty() ? &OnHits : &OnGatheredHits,
               this);
  ready_.count = 0;
  gathered_.Clear();
}

template <typename Store>
void ProbeWalk<Store>::OnHits(void* context, const SketchHit* hits, std::size_t count) {
  auto& walk = *static_cast<ProbeWalk*>(context);
  for (const SketchHit* hit = hits; hit != hits + count; ++hit) {
    const auto first = static_cast<std::size_t>(hit->join->queries - walk.sketches_);
    walk.AddSurvivor(*hit->join, first + hit->query, hit->entry);
  }
}

template <typename Store>
void ProbeWalk<Store>::OnGatheredHits(void* context, const SketchHit* hits, std::size_t count) {
  auto& walk = *static_cast<ProbeWalk*>(context);
  std::array<std::uint32_t, kHitsAtOnce> sought;
  for (std::size_t at = 0; at < count; ++at) {
    sought[at] = walk.gathered_.PlaceOf(hits[at].join->queries + hits[at].query);
    Fetch(walk.sought_ + sought[at]);
  }
  for (std::size_t at = 0; at < count; ++at) {
    walk.AddSurvivor(*hits[at].join, sought[at], hits[at].entry);
  }
}

template <typename Store>
void ProbeWalk<Store>::AddSurvivor(const BucketJoin& join, std::size_t sought,
                                   std::uint32_t entry) {
  Survivor& survivor = survivors_[survivor_count_++];
  survivor = {.key = join.bucket.key,
              .start = join.bucket.start,
              .rank = join.first_rank + entry,
              .query = sought_[sought].query,
              .differing = sought_[sought].rest ^ join.entries[entry],
              .position = 0,
              .band = join.band,
              .flips = join.flips};
  store_.FetchTail(survivor);
  if (survivor_count_ == kSurvivorsAtOnce) ResolveSurvivors();
}

template <typename Store>
void ProbeWalk<Store>::ResolveSurvivors() {
  const std::size_t count = store_.Resolve(
      std::span(survivors_).first(std::exchange(survivor_count_, 0)), probes_, kernel_);
  for (std::size_t at = 0; at < count; ++at) Fetch(&told_[survivors_[at].query]);
  for (std::size_t at = 0; at < count; ++at) {
    const Survivor& survivor = survivors_[at];
    if (told_[survivor.query] == survivor.position + 1) continue;
    AddCandidate(survivor.query, survivor.position, survivor.band);
  }
}

template <typename Store>
void ProbeWalk<Store>::AddCandidate(std::uint32_t query, std::uint32_t position,
                                    std::uint16_t band) {
  const std::size_t at = candidates_.count++;
  candidates_.codes[at] = codes_ + std::size_t{position} * sizeof(Code);
  candidates_.queries[at] = queries_[query].data();
  Fetch(candidates_.codes[at]);
  Fetch(candidates_.queries[at]);
  candidates_.query_numbers[at] = query;
  candidates_.positions[at] = position;
  candidates_.bands[at] = band;
  if (candidates_.count == kCandidates) CompareCodes();
}

template <typename Store>
void ProbeWalk<Store>::CompareCodes() {
  const std::size_t count = std::exchange(candidates_.count, 0);
  kernel_.distances(candidates_.codes.data(), candidates_.queries.data(), count,
                    candidates_.distances.data());
  const std::span<const Band> bands = plan_.bands();
  for (std::size_t at = 0; at < count; ++at) {
    if (candidates_.distances[at] > radius_bits_) continue;
    const RingCode code = RingOf(candidates_.codes[at]);
    const RingCode query = RingOf(candidates_.queries[at]);
    const RingCode differing = {code[0] ^ query[0], code[1] ^ query[1], code[2] ^ query[2],
                                code[3] ^ query[3]};
    // The first band that sees the pair tells it; one that knew less of the code may come here with
    // a pair that it does not see.
    std::size_t first = 0;
    while (first < bands.size() && !BandPlan::Seen(bands[first], probes_[first], differing))
      ++first;
    if (first == candidates_.bands[at]) {
      told_[candidates_.query_numbers[at]] = candidates_.positions[at] + 1;
      sink_(candidates_.query_numbers[at], candidates_.positions[at],
            static_cast<int>(candidates_.distances[at]));
    }
  }
}

template <typename Store>
void ProbeWalk<Store>::Finish() {
  EndBlock();
  CompareSketches(blocks_[1 - filling_]);
  CompareReady();
  ResolveSurvivors();
  CompareCodes();
}

template class ProbeWalk<Postings>;
template class ProbeWalk<MappedPostings>;
template class ProbeWalk<GrowingPostings>;

}  // namespace kith::index::internal
