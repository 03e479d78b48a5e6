// SPDX-License-Identifier: Apache-2.0
//
// The part of ProbeWalk that takes a large batch through band by band.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "index/internal/gathered_queries.h"
#include "index/internal/growing_postings.h"
#include "index/internal/huge_array.h"
#include "index/internal/mapped_postings.h"
#include "index/internal/postings.h"
#include "index/internal/probe_walk.h"
#include "index/internal/sorted_queries.h"

namespace kith::index::internal {

template <typename Store>
void ProbeWalk<Store>::Join() {
  const std::span<const Band> bands = plan_.bands();
  HugeArray<std::uint32_t> told(queries_.size());
  told_ = told.data();
  SortedQueries sorted(queries_, std::max(GatheredQueries::kAtOnce, kSketchSlack));
  sorted_ = &sorted;
  sought_ = sorted.sought();
  sketches_ = sorted.sketches();
  for (std::size_t at = 0; at < bands.size(); ++at) {
    if (probes_[at].flips < 0) continue;
    sorted.Sort(bands[at]);
    if (ManyLookAt(bands[at].Buckets())) {
      JoinByBuckets(at);
    } else {
      JoinByQueries(at);
    }
    Finish();
  }
}

template <typename Store>
bool ProbeWalk<Store>::ManyLookAt(std::size_t buckets) const {
  // By measure (bench/SCORES.md): with AVX-512 both ways take the same with 2.7 queries a key where
  // a bucket has 15 codes, with 0.6 where it has 150: to gather queries takes about as long as to
  // compare them with so many codes. Where a bucket must be unpacked, the other way unpacks it for
  // each key that looks at it, and the same is with 0.31 at 15.
  constexpr double kGathering = 24;
  const double enough = store_.HasWholeSketches() ? 4.4 : 0.5;
  const auto keys = static_cast<double>(buckets);
  const double queries = static_cast<double>(queries_.size()) / keys;
  const double codes = static_cast<double>(store_.ExpectedCodes()) / keys;
  return queries * (1 + codes / kGathering) >= enough;
}

template <typename Store>
void ProbeWalk<Store>::JoinByQueries(std::size_t band) {
  for (std::size_t key = 0; key < plan_.bands()[band].Buckets(); ++key) {
    const std::uint32_t start = sorted_->Start(key);
    const std::uint32_t count = sorted_->Start(key + 1) - start;
    if (count == 0) continue;
    AddProbes(band, static_cast<std::uint32_t>(key), start, count);
  }
}

template <typename Store>
void ProbeWalk<Store>::JoinByBuckets(std::size_t band) {
  constexpr std::uint32_t kKeysAhead = 2;
  const std::size_t keys = plan_.bands()[band].Buckets();
  for (std::uint32_t key = 0; key < keys; ++key) {
    if (key + kKeysAhead < keys) {
      for (const FlipPattern& flip : probes_[band].patterns) {
        Fetch(sketches_ + sorted_->Start((key + kKeysAhead) ^ flip.bits));
      }
    }
    BucketJoin join = JoinOf(band, 0);
    join.bucket = store_.BucketAt(band, key);
    while (join.first_rank < join.bucket.count) {
      join.entry_count = Prepare(join.bucket, band, join.first_rank, join.entries);
      JoinEntries(join);
      join.first_rank += join.entry_count;
    }
  }
}

template <typename Store>
void ProbeWalk<Store>::JoinEntries(BucketJoin join) {
  for (int flips = 0; flips <= probes_[join.band].flips; ++flips) {
    GatherQueries(join);
    ++join.flips;
    --join.limit;
  }
}

template <typename Store>
void ProbeWalk<Store>::GatherQueries(BucketJoin join) {
  join.queries = gathered_.End();
  for (const FlipPattern& flip : probes_[join.band].patterns) {
    if (flip.count != join.flips) continue;
    std::uint32_t at = sorted_->Start(join.bucket.key ^ flip.bits);
    const std::uint32_t end = sorted_->Start((join.bucket.key ^ flip.bits) + 1);
    while (at != end) {
      const std::uint32_t added = gathered_.Add(sketches_, at, end);
      at += added;
      join.query_count += added;
      if (added > 0) continue;
      AddReady(join);
      CompareReady();
      join.queries = gathered_.End();
      join.query_count = 0;
    }
  }
  if (join.query_count > 0) AddReady(join);
}

template void ProbeWalk<Postings>::Join();
template void ProbeWalk<MappedPostings>::Join();
template void ProbeWalk<GrowingPostings>::Join();

}  // namespace kith::index::internal
