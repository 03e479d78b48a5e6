// SPDX-License-Identifier: Apache-2.0
//
// SegmentedIndex: segments that are young. Each head that is sealed would else be a file of its own
// at once, and until eight of them were merged, each would cost every query what a larger one does.
#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

#include "index/internal/segmented_index.h"

namespace kith::index::internal {
namespace {

// Times RipeRows in ripe segments in memory, from which on the thread that adds writes what it
// makes itself, so that memory is bounded while the other one is busy with a merge.
constexpr std::size_t kMostRipe = 3;
// Times RipeRows that become one file: it cannot be stopped, and where the disk is full it is in
// vain.
constexpr std::size_t kRipeAtOnce = 2;

}  // namespace

bool SegmentedIndex::IsYoung(const Segment& segment) const {
  return MapsFiles() && !segment.IsMapped() && segment.size() < RipeRows();
}

bool SegmentedIndex::AwaitsKeeping() const {
  return MayKeep() && KeptSegments() < marks_.newest().segments;
}

std::size_t SegmentedIndex::RipeRowsInMemory() const {
  std::size_t rows = 0;
  for (const std::shared_ptr<Segment>& segment : Snapshot()->segments) {
    if (!segment->IsMapped() && !IsYoung(*segment)) rows += segment->size();
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
  while (end < marked && !IsKept(segments[end]) && rows < kRipeAtOnce * RipeRows()) {
    rows += segments[end++]->size();
  }
  const bool is_quiet = std::chrono::steady_clock::now() - last_sealed_ >= limits_.quiet;
  // Behind what something else follows, nothing is added that would make it ripe.
  const bool may_grow = end == marked && !is_quiet && settling_ == 0 && !stopping_;
  while (may_grow && end > first && IsYoung(*segments[end - 1])) --end;
  return {.first = first, .count = end - first};
}

void SegmentedIndex::MergeYoung() {
  // Nor is anything merged across what is missing.
  if (!MapsFiles() || !missing_.empty()) return;
  Segments segments = Snapshot()->segments;
  const auto is_free = [this](const std::shared_ptr<Segment>& segment) {
    return IsYoung(*segment) && (!merging_ || std::find(merge_.inputs.begin(), merge_.inputs.end(),
                                                        segment) == merge_.inputs.end());
  };
  std::size_t first = segments.size();
  std::size_t rows = 0;
  while (first > 0 && rows < RipeRows() && is_free(segments[first - 1]) &&
         (rows == 0 || segments[first - 1]->size() <= 2 * rows)) {
    rows += segments[--first]->size();
  }
  Segments young(segments.begin() + static_cast<std::ptrdiff_t>(first), segments.end());
  if (young.size() < 2) return;
  absl::StatusOr<Made> made = absl::ResourceExhaustedError("index: no memory for a merge");
  try {
    made = MakeOfYoung(young);
  } catch (const std::bad_alloc&) {  // what it says stands there already
  }
  if (!made.ok()) return;  // everything is found as it is
  const bool has_segment = made->segment != nullptr;
  segments.resize(first);
  if (has_segment) segments.push_back(made->segment);
  Publish(std::move(segments), Snapshot()->head);
  marks_.Replaced(first, young.size(), has_segment ? 1 : 0);
  NoteMade(*made);
  manifest_due_ = manifest_due_ || !has_segment;
  // What no search looks at any more goes here: the other thread, which frees it as well, may be
  // busy for long.
  retired_.insert(retired_.end(), std::make_move_iterator(young.begin()),
                  std::make_move_iterator(young.end()));
  std::erase_if(retired_,
                [](const std::shared_ptr<const void>& held) { return held.use_count() == 1; });
}

absl::StatusOr<SegmentedIndex::Made> SegmentedIndex::MakeOfYoung(
    std::span<const std::shared_ptr<Segment>> young) const {
  const auto hand_on = [&](RowVisitor visit) {
    for (const std::shared_ptr<Segment>& segment : young) {
      if (absl::Status status = segment->ForEachLiveRow(visit); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
  Source source{.rows = hand_on, .memory_bytes = kKeepMemory};
  for (const std::shared_ptr<Segment>& segment : young) source.count += segment->size();
  if (source.count >= RipeRows() && !write_failed_ &&
      RipeRowsInMemory() >= kMostRipe * RipeRows()) {
    absl::StatusOr<Made> written = MakeFile(source);
    // The thread that writes meets the same fault, and tells it.
    if (written.ok()) return written;
  }
  return MakeInMemory(source);
}

}  // namespace kith::index::internal
