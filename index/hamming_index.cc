// SPDX-License-Identifier: Apache-2.0
#include "index/hamming_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "index/internal/engine.h"
#include "index/internal/head.h"
#include "index/internal/nearest.h"
#include "index/internal/rows.h"
#include "index/internal/segment.h"
#include "index/internal/simd_dispatch.h"

namespace kith::index {
namespace {

using internal::Engine;
using internal::Head;
using internal::Nearest;
using internal::Rows;
using internal::Segment;

constexpr std::size_t kMinHeadCodes = internal::kLanes;
constexpr std::size_t kMaxHeadCodes = 65536;
// So many segments of about one size become one: a code is copied at most once a power of eight.
constexpr std::size_t kMergeWidth = 8;
// A segment is rewritten when a quarter of it is withdrawn.
constexpr std::size_t kCompactionShare = 4;

// What a search sees. Never changed once published; the head grows and tombstones are set in it.
struct State {
  std::vector<std::shared_ptr<Segment>> segments;
  std::shared_ptr<Head> head;
};

class SegmentedIndex final : public HammingIndex {
 public:
  SegmentedIndex(const Engine& engine, SimdTarget simd, std::size_t head_codes)
      : engine_(engine), simd_(simd), head_codes_(head_codes) {
    Publish({}, NewHead());
  }

  absl::Status Add(std::span<const Code> codes, std::span<const Label> labels) override;
  absl::StatusOr<std::uint64_t> Withdraw(std::span<const std::uint64_t> entries) override;
  absl::StatusOr<std::vector<SearchResult>> Search(std::span<const Code> queries,
                                                   const SearchOptions& options) const override;
  HammingIndexStats Stats() const override;

 private:
  using Segments = std::vector<std::shared_ptr<Segment>>;

  std::shared_ptr<Head> NewHead() const { return std::make_shared<Head>(head_codes_); }
  std::shared_ptr<const State> Snapshot() const {
    const std::lock_guard lock(state_mutex_);
    return state_;
  }
  void Publish(Segments segments, std::shared_ptr<Head> head) {
    auto state = std::make_shared<const State>(State{std::move(segments), std::move(head)});
    // The old state may hold the last reference to large segments: it is let go outside the lock.
    const std::lock_guard lock(state_mutex_);
    state_.swap(state);
  }

  // The following are called with writer_mutex_ held.
  absl::Status AddSegment(Rows rows, std::shared_ptr<Head> head);
  absl::Status MergeSimilar(Segments& segments) const;
  void Compact();
  std::size_t TierOf(const Segment& segment) const;

  const Engine& engine_;
  const SimdTarget simd_;
  const std::size_t head_codes_;

  std::mutex writer_mutex_;         // one addition or withdrawal at a time
  mutable std::mutex state_mutex_;  // held only to copy or exchange the pointer
  std::shared_ptr<const State> state_;
};

absl::Status SegmentedIndex::Add(std::span<const Code> codes, std::span<const Label> labels) {
  if (codes.size() != labels.size()) {
    return absl::InvalidArgumentError(absl::StrCat("index: ", codes.size(), " codes came with ",
                                                   labels.size(),
                                                   " labels; give one label a code"));
  }
  const std::lock_guard lock(writer_mutex_);
  while (!codes.empty()) {
    const std::shared_ptr<const State> state = Snapshot();
    if (codes.size() >= head_codes_) {
      // A bulk load is a segment at once; the head stays as it is.
      return AddSegment(
          Rows{.codes = {codes.begin(), codes.end()}, .labels = {labels.begin(), labels.end()}},
          state->head);
    }
    const std::size_t count = std::min(codes.size(), state->head->Room());
    state->head->Append(codes.first(count), labels.first(count));
    codes = codes.subspan(count);
    labels = labels.subspan(count);
    if (state->head->Room() == 0) {
      if (absl::Status status = AddSegment(state->head->LiveRows(), NewHead()); !status.ok()) {
        return status;
      }
    }
  }
  return absl::OkStatus();
}

// Publishes the rows as a segment together with the head that goes with it: a search sees each
// code once, in the head or in the segment.
absl::Status SegmentedIndex::AddSegment(Rows rows, std::shared_ptr<Head> head) {
  Segments segments = Snapshot()->segments;
  if (rows.size() > 0) {
    absl::StatusOr<std::shared_ptr<Segment>> segment =
        Segment::Build(engine_, simd_, std::move(rows));
    if (!segment.ok()) return segment.status();
    segments.push_back(*std::move(segment));
  }
  // The codes are in before the merge, which only orders them better.
  Publish(segments, head);
  if (absl::Status status = MergeSimilar(segments); !status.ok()) return status;
  Publish(std::move(segments), std::move(head));
  return absl::OkStatus();
}

// Segments of a tier are within a factor of kMergeWidth of each other.
std::size_t SegmentedIndex::TierOf(const Segment& segment) const {
  std::size_t tier = 0;
  for (std::size_t rows = segment.size() / head_codes_; rows >= kMergeWidth; rows /= kMergeWidth) {
    ++tier;
  }
  return tier;
}

absl::Status SegmentedIndex::MergeSimilar(Segments& segments) const {
  for (std::size_t tier = 0;; ++tier) {
    Segments similar;
    Segments others;
    std::size_t highest = 0;
    for (const std::shared_ptr<Segment>& segment : segments) {
      highest = std::max(highest, TierOf(*segment));
      (TierOf(*segment) == tier ? similar : others).push_back(segment);
    }
    if (tier > highest) return absl::OkStatus();
    if (similar.size() < kMergeWidth) continue;
    Rows rows;
    for (const std::shared_ptr<Segment>& segment : similar) {
      if (absl::Status status = segment->AppendLiveRows(rows); !status.ok()) return status;
    }
    if (rows.size() > 0) {
      absl::StatusOr<std::shared_ptr<Segment>> merged =
          Segment::Build(engine_, simd_, std::move(rows));
      if (!merged.ok()) return merged.status();
      others.push_back(*std::move(merged));
    }
    segments = std::move(others);
  }
}

absl::StatusOr<std::uint64_t> SegmentedIndex::Withdraw(std::span<const std::uint64_t> entries) {
  const std::lock_guard lock(writer_mutex_);
  const absl::flat_hash_set<std::uint64_t> unique(entries.begin(), entries.end());
  const std::shared_ptr<const State> state = Snapshot();
  std::uint64_t silenced = state->head->Withdraw(unique);
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    for (const std::uint64_t entry : unique) silenced += segment->Withdraw(entry);
  }
  Compact();
  return silenced;
}

// Gives back the memory of withdrawn codes. When that fails for want of memory the segment stays
// as it is: the withdrawal itself is done.
void SegmentedIndex::Compact() {
  const std::shared_ptr<const State> state = Snapshot();
  Segments segments;
  bool changed = false;
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    if (segment->WithdrawnCount() * kCompactionShare <= segment->size()) {
      segments.push_back(segment);
      continue;
    }
    Rows rows;
    if (!segment->AppendLiveRows(rows).ok()) {
      segments.push_back(segment);
      continue;
    }
    changed = true;
    if (rows.size() == 0) continue;
    absl::StatusOr<std::shared_ptr<Segment>> compacted =
        Segment::Build(engine_, simd_, std::move(rows));
    segments.push_back(compacted.ok() ? *std::move(compacted) : segment);
  }
  if (changed) Publish(std::move(segments), state->head);
}

absl::StatusOr<std::vector<SearchResult>> SegmentedIndex::Search(
    std::span<const Code> queries, const SearchOptions& options) const {
  if (options.radius_bits < 0 || options.radius_bits > engine_.max_radius_bits) {
    return absl::InvalidArgumentError(
        absl::StrCat("index: engine ", std::string(engine_.name), " answers radii from 0 to ",
                     engine_.max_radius_bits, " bits, asked for ", options.radius_bits,
                     engine_.max_radius_bits < kCodeBits ? "; use engine scan for more" : ""));
  }
  const std::shared_ptr<const State> state = Snapshot();
  std::vector<SearchResult> results;
  results.reserve(queries.size());
  for (std::size_t first = 0; first < queries.size(); first += engine_.queries_at_once) {
    const std::span<const Code> some =
        queries.subspan(first, std::min(engine_.queries_at_once, queries.size() - first));
    std::vector<Nearest> nearest(some.size(), Nearest(options.limit));
    const auto sink = [&](std::size_t query, const Label& label, int distance_bits) {
      if (options.keep && !options.keep(first + query, label, distance_bits)) return;
      nearest[query].Offer(
          Hit{.distance_bits = static_cast<std::uint16_t>(distance_bits), .label = label});
    };
    state->head->Search(some, options.radius_bits, internal::ScanKernelOf(simd_), sink);
    for (const std::shared_ptr<Segment>& segment : state->segments) {
      if (absl::Status status = segment->Search(some, options.radius_bits, sink); !status.ok()) {
        return status;
      }
    }
    for (Nearest& hits : nearest) results.push_back(std::move(hits).Finish());
  }
  return results;
}

HammingIndexStats SegmentedIndex::Stats() const {
  const std::shared_ptr<const State> state = Snapshot();
  HammingIndexStats stats;
  stats.engine = std::string(engine_.name);
  stats.simd = std::string(SimdTargetName(simd_));
  stats.segments = state->segments.size();
  // The tombstones are read first: a row is there before it can be withdrawn.
  stats.withdrawn = state->head->WithdrawnCount();
  stats.codes = state->head->size() - stats.withdrawn;
  stats.bytes = state->head->Bytes();
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    const std::size_t withdrawn = segment->WithdrawnCount();
    stats.withdrawn += withdrawn;
    stats.codes += segment->size() - withdrawn;
    stats.bytes += segment->Bytes();
  }
  return stats;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HammingIndex>> HammingIndex::Create(
    const HammingIndexOptions& options) {
  const absl::StatusOr<const Engine*> engine = internal::FindEngine(options.engine);
  if (!engine.ok()) return engine.status();
  const absl::StatusOr<SimdTarget> simd = ActiveSimdTarget();
  if (!simd.ok()) return simd.status();
  if (options.head_codes < kMinHeadCodes || options.head_codes > kMaxHeadCodes) {
    return absl::InvalidArgumentError(absl::StrCat("index: head_codes is ", options.head_codes,
                                                   "; it must be from ", kMinHeadCodes, " to ",
                                                   kMaxHeadCodes));
  }
  return std::make_unique<SegmentedIndex>(**engine, *simd, options.head_codes);
}

int HammingDistance(const Code& a, const Code& b) {
  std::uint64_t words_a[4];
  std::uint64_t words_b[4];
  std::memcpy(words_a, a.data(), sizeof(words_a));
  std::memcpy(words_b, b.data(), sizeof(words_b));
  int distance = 0;
  for (int word = 0; word < 4; ++word) distance += std::popcount(words_a[word] ^ words_b[word]);
  return distance;
}

}  // namespace kith::index
