// SPDX-License-Identifier: Apache-2.0
//
// SegmentedIndex: where the newest codes grow. Each head that is sealed would else be a segment of
// its own, and a search looks at as many buckets of a small segment as of a large one.
#include <algorithm>
#include <utility>

#include "index/internal/guarded.h"
#include "index/internal/segmented_index.h"

namespace kith::index::internal {
namespace {

// Times ripe_rows_ in ripe segments in memory, from which on the thread that adds writes what is
// ripe itself, so that memory is bounded while the other one is busy with a merge.
constexpr std::size_t kMostRipe = 2;
// The memory of what grows is reserved in steps, each so many times the one before: all of it is
// touched soon, also by few codes.
constexpr std::size_t kGrowth = 4;
constexpr std::size_t kLeastCapacity = 16384;

// Of the steps that lead to `most`, the first with room for so many rows.
std::size_t CapacityFor(std::size_t rows, std::size_t most) {
  std::size_t capacity = most;
  while (capacity / kGrowth >= std::max(rows, kLeastCapacity)) capacity /= kGrowth;
  return capacity;
}

}  // namespace

bool SegmentedIndex::AwaitsKeeping() const {
  return MayKeep() && KeptSegments() < marks_.newest().segments;
}

std::size_t SegmentedIndex::RipeRowsInMemory() const {
  std::size_t rows = 0;
  for (const std::shared_ptr<Segment>& segment : Snapshot()->segments) {
    if (!segment->IsMapped() && !IsYoung(*segment)) rows += segment->RowsOfMemory();
  }
  return rows;
}

MergeRun SegmentedIndex::NextUnkept() const {
  const std::shared_ptr<const State> state = Snapshot();
  const Segments& segments = state->segments;
  const std::size_t marked = marks_.newest().segments;
  const std::size_t first = KeptSegments();
  if (first >= marked) return {};
  if (!MapsFiles()) return {.first = first, .count = 1};
  std::size_t end = first;
  std::size_t rows = 0;
  while (end < marked && !IsKept(segments[end]) && rows < ripe_rows_) {
    rows += segments[end++]->size();
  }
  const bool is_quiet = std::chrono::steady_clock::now() - last_sealed_ >= limits_.quiet;
  // Behind what something else follows, nothing is added that would make it ripe.
  const bool may_grow = end == marked && !is_quiet && settling_ == 0 && !stopping_;
  if (may_grow && end > first && IsYoung(*segments[end - 1])) --end;
  return {.first = first, .count = end - first};
}

bool SegmentedIndex::MayGrow(const Segments& segments) const {
  // Nothing grows across what is missing; and where there are more codes than it knows of, memory
  // ran out as they were added.
  return growing_ != nullptr && missing_.empty() && !segments.empty() &&
         segments.back() == growing_ && growing_->codes()->size() == growing_->size() &&
         marks_.MayGrow(segments.size());
}

bool SegmentedIndex::IsYoung(const Segment& segment) const {
  if (&segment != growing_.get() || segment.size() >= ripe_rows_) return false;
  const GrowingCodes& codes = *growing_->codes();
  return !codes.IsCrowded() || codes.capacity() < ripe_rows_;
}

std::shared_ptr<GrowingCodes> SegmentedIndex::RoomFor(std::size_t rows, bool replaces) const {
  Rows before;
  std::size_t least = rows;
  if (replaces) {
    const GrowingCodes& codes = *growing_->codes();
    if (!codes.IsCrowded() && codes.Room() >= rows) return growing_->codes();
    // A larger one takes over what there is: its longer keys part what crowded it, or nothing does.
    before = codes.LiveRows();
    least = std::max(before.size() + rows, codes.IsCrowded() ? codes.capacity() + 1 : 0);
  }
  auto codes =
      std::make_shared<GrowingCodes>(CapacityFor(least, ripe_rows_), simd_, limits_.never_scan);
  codes->Append(before.codes, before.labels);
  return codes;
}

absl::Status SegmentedIndex::Grow(Segments& segments, const Rows& rows) {
  return Guarded("adding to", "a segment", [&] {
    const bool may_grow = MayGrow(segments);
    const bool replaces =
        may_grow && IsYoung(*growing_) && growing_->size() + rows.size() <= ripe_rows_;
    std::shared_ptr<GrowingCodes> codes = RoomFor(rows.size(), replaces);
    codes->Append(rows.codes, rows.labels);
    auto grown = std::make_shared<GrowingSegment>(std::move(codes));
    if (replaces) {
      if (grown->Shared() != growing_->Shared()) Retire(growing_);
      marks_.Grew(segments.size());
      segments.back() = grown;
    } else {
      if (may_grow) Ripen(segments);
      segments.push_back(grown);
    }
    growing_ = std::move(grown);
  });
}

void SegmentedIndex::Ripen(Segments& segments) {
  const std::size_t more = IsYoung(*growing_) ? growing_->RowsOfMemory() : 0;
  if (write_failed_ || RipeRowsInMemory() + more < kMostRipe * ripe_rows_) return;
  const std::shared_ptr<Segment> ripe = segments.back();
  absl::StatusOr<Made> written =
      MakeFile({.rows = [&](RowVisitor visit) { return ripe->ForEachLiveRow(visit); },
                .count = ripe->size(),
                .memory_bytes = kKeepMemory});
  // The thread that writes meets the same fault, and tells it.
  if (!written.ok()) return;
  const bool has_segment = written->segment != nullptr;
  segments.pop_back();
  marks_.Replaced(segments.size(), 1, has_segment ? 1 : 0);
  if (has_segment) segments.push_back(written->segment);
  NoteMade(*written);
  manifest_due_ = manifest_due_ || !has_segment;
  Retire(ripe);
}

void SegmentedIndex::Retire(const std::shared_ptr<Segment>& segment) {
  if (std::shared_ptr<const void> shared = segment->Shared()) retired_.push_back(std::move(shared));
  retired_.push_back(segment);
}

void SegmentedIndex::FreeUnused() {
  // A part in common goes after those that have it.
  for (int round = 0; round < 2; ++round) {
    std::erase_if(retired_,
                  [](const std::shared_ptr<const void>& held) { return held.use_count() == 1; });
  }
}

}  // namespace kith::index::internal
