// SPDX-License-Identifier: Apache-2.0
//
// SegmentedIndex: the thread that merges. It takes neighbouring segments as they stand, makes one
// of them without holding any lock, and exchanges them in one step; what was withdrawn meanwhile is
// withdrawn from the new one before anybody sees it.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "index/internal/segmented_index.h"

namespace kith::index::internal {
namespace {

// Segments that wait for a merge before additions wait for it, and before one of calm makes way.
constexpr std::ptrdiff_t kCrowd = 8 * kMergeWidth;
constexpr std::ptrdiff_t kHalfACrowd = kCrowd / 2;
// How soon the memory of merged segments is looked at again, while searches use it.
constexpr std::chrono::milliseconds kRetiredAgain{20};
// How soon it is seen whether it is calm.
constexpr std::chrono::milliseconds kCalmAgain{500};
// Below the threads that answer: a merge may take its time, as long as additions do not wait.
constexpr int kNiceness = 5;
// What a merge holds on its way into a file: more for a large one, which would else go through its
// codes again and again.
constexpr std::size_t kLeastMergeMemory = std::size_t{96} << 20;
constexpr std::size_t kMostMergeMemory = std::size_t{512} << 20;
constexpr std::size_t kMergeMemoryPerRow = 2;
// Read between two looks whether a merge is still wanted.
constexpr std::uint64_t kVerifiedAtOnce = std::uint64_t{64} << 20;
// Merges before what they made is named by a manifest: until then the disk holds what they were
// made of as well, and a process that is killed leaves all of it to be done again.
constexpr std::size_t kMostMergesUnkept = 4;
// Hot bytes of a code from which on a segment is not compact.
constexpr std::uint64_t kFastBytes = 70;

absl::Status MakesWay() { return absl::CancelledError("the merge makes way"); }

// Reads the whole file of a segment: damage must not get into a new file under right checksums.
absl::Status Verify(Segment& segment, absl::FunctionRef<bool()> stop) {
  if (!segment.IsMapped()) return absl::OkStatus();
  segment.BeginScrub();
  while (!stop()) {
    const auto done = segment.Scrub(kVerifiedAtOnce);
    if (!done.ok()) return done.status();
    if (*done) return absl::OkStatus();
  }
  return MakesWay();
}

}  // namespace

MergeRun SegmentedIndex::NextRun(const Segments& segments, PickRun pick) const {
  // Neighbours cannot become one while something is missing between them, or without a place to
  // write to; nor does anything begin for which somebody would have to wait.
  const bool can = missing_.empty() && (trouble_.empty() || !MapsFiles());
  if (!can || clearing_ || in_doubt_ > 0) return {};
  std::vector<SegmentSize> sizes;
  const bool is_compact = IsCompact();
  sizes.reserve(segments.size());
  for (const std::shared_ptr<Segment>& segment : segments) {
    const std::size_t rows = segment->size();
    sizes.push_back({.rows = rows,
                     .withdrawn = segment->WithdrawnCount(),
                     .is_outgrown = is_compact && rows >= limits_.least_compact_rows &&
                                    segment->HotBytes() > kFastBytes * rows});
  }
  const std::span<const SegmentSize> all(sizes);
  if (folder_ == nullptr) return pick(all);
  const std::size_t marked = marks_.newest().segments;
  // What still grows is none of it.
  std::size_t grown = marked;
  if (grown > 0 && IsYoung(*segments[grown - 1])) --grown;
  MergeRun run = pick(all.first(grown));
  if (run.count > 0) return run;
  run = pick(all.subspan(marked));
  run.first += marked;
  return run;
}

MergeRun SegmentedIndex::NextMerge(const Segments& segments) const {
  return NextRun(segments, [this](std::span<const SegmentSize> sizes) {
    return PickMerge(sizes, head_codes_, LargeRows());
  });
}

MergeRun SegmentedIndex::NextCalmMerge(const Segments& segments) const {
  std::size_t rows = 0;
  for (const std::shared_ptr<Segment>& segment : segments) rows += segment->size();
  // While it is made, it takes as much of the disk and of the page cache again. In the fast layout
  // nothing is gained by a large one but what is withdrawn; and in memory nobody can stop it.
  const std::size_t fast_rows = MapsFiles() ? LargeRows() : 0;
  const std::size_t most_rows = IsCompact() ? std::max(fast_rows, rows / 2) : fast_rows;
  return NextRun(segments, [&](std::span<const SegmentSize> sizes) {
    const MergeRun large = PickCalmMerge(sizes, LargeRows(), most_rows);
    return large.count > 0 ? large : PickCalmMerge(sizes, 0, most_rows);
  });
}

void SegmentedIndex::NoteDue() {
  const std::shared_ptr<const State> state = Snapshot();
  merge_due_ = NextMerge(state->segments).count > 0;
  const bool calm_was_due = calm_merge_due_;
  calm_merge_due_ = NextCalmMerge(state->segments).count > 0;
  if (calm_merge_due_ && !calm_was_due) calm_due_since_ = std::chrono::steady_clock::now();
}

bool SegmentedIndex::MustKeep() const {
  const bool waits = MapsFiles() && RipeRowsInMemory() > ripe_rows_;
  return (merges_unkept_ >= kMostMergesUnkept || waits) && KeepDue();
}

bool SegmentedIndex::IsCalm() const {
  if (settling_ > 0) return true;
  const auto now = std::chrono::steady_clock::now();
  return now - last_sealed_ >= limits_.quiet || now - calm_due_since_ >= limits_.patience;
}

void SegmentedIndex::WakeMerger() {
  merge_failed_ = false;
  NoteDue();
  // What it looks at now and then anyway wakes it only from a sleep without an end: each time that
  // it wakes, who adds next waits for it.
  const bool later = calm_merge_due_ || !retired_.empty() || AwaitsKeeping();
  if (merge_due_ || KeepDue() || (merger_sleeps_ && later)) merger_wakes_.notify_one();
}

void SegmentedIndex::WaitWhileCrowded(Lock& lock) {
  merger_did_.wait(lock, [this] {
    const bool makes_way = merging_ && merge_.is_of_calm;
    if (merge_failed_ || !(merge_due_ || (merging_ && !makes_way))) return true;
    const std::shared_ptr<const State> state = Snapshot();
    const auto waiting = std::count_if(state->segments.begin(), state->segments.end(),
                                       [this](const std::shared_ptr<Segment>& segment) {
                                         return segment->size() < LargeRows() / kMergeWidth;
                                       });
    if (makes_way && waiting >= kHalfACrowd) give_up_ = true;
    return waiting < kCrowd;
  });
}

void SegmentedIndex::Settle() {
  Lock lock(writer_mutex_);
  ++settling_;
  merger_wakes_.notify_one();
  merger_did_.wait(lock, [this] {
    return !merge_due_ && !calm_merge_due_ && !merging_ && !keeping_ && !KeepDue();
  });
  --settling_;
}

void SegmentedIndex::WaitForWork(Lock& lock) {
  const auto called = [this] {
    return stopping_ || merge_due_ || KeepDue() || (calm_merge_due_ && IsCalm());
  };
  if (!retired_.empty()) {
    merger_wakes_.wait_for(lock, kRetiredAgain, called);
  } else if (calm_merge_due_ || AwaitsKeeping()) {
    merger_wakes_.wait_for(lock, kCalmAgain, called);
  } else {
    merger_sleeps_ = true;
    merger_wakes_.wait(
        lock, [&] { return called() || calm_merge_due_ || !retired_.empty() || AwaitsKeeping(); });
    merger_sleeps_ = false;
  }
}

void SegmentedIndex::MergeLoop() {
  // Without the right to do so it goes on as it is.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  Lock lock(writer_mutex_);
  while (true) {
    WaitForWork(lock);
    if (stopping_) break;
    FreeRetired(lock);
    const bool must_keep = MustKeep();
    MergeRun run = merge_due_ && !must_keep ? NextMerge(Snapshot()->segments) : MergeRun{};
    merge_due_ = merge_due_ && must_keep;
    const bool is_of_calm = run.count == 0;
    if (run.count == 0 && !KeepDue() && calm_merge_due_ && IsCalm()) {
      run = NextCalmMerge(Snapshot()->segments);
      calm_merge_due_ = false;
    }
    if (run.count > 0) {
      RunMerge(run, is_of_calm, lock);
    } else if (KeepDue()) {
      KeepSome(lock);
    }
    merger_did_.notify_all();
  }
  manifest_due_ = manifest_due_ || kept_mark_ != marks_.newest().mark;
  while (KeepDue()) KeepSome(lock);
}

void SegmentedIndex::RunMerge(MergeRun run, bool is_of_calm, Lock& lock) {
  BeginMerge(run);
  merge_.is_of_calm = is_of_calm;
  lock.unlock();
  absl::StatusOr<Made> merged = absl::ResourceExhaustedError("index: no memory for a merge");
  try {
    merged = BuildMerged();
  } catch (const std::bad_alloc&) {  // what it says stands there already
  }
  lock.lock();
  EndMerge(std::move(merged));
}

void SegmentedIndex::BeginMerge(MergeRun run) {
  const std::shared_ptr<const State> state = Snapshot();
  const auto first = state->segments.begin() + static_cast<std::ptrdiff_t>(run.first);
  merge_.inputs.assign(first, first + static_cast<std::ptrdiff_t>(run.count));
  merge_.withdrawn.clear();
  merge_.rows = 0;
  for (const std::shared_ptr<Segment>& input : merge_.inputs) {
    merge_.rows += input->size();
    if (input == growing_) growing_ = nullptr;
  }
  // The end of the process waits for what is in no file yet, but not for a better order of files.
  merge_.may_stop = MapsFiles() && std::any_of(merge_.inputs.begin(), merge_.inputs.end(),
                                               [](const std::shared_ptr<Segment>& input) {
                                                 return input->IsMapped();
                                               });
  give_up_ = false;
  merging_ = true;
}

absl::StatusOr<SegmentedIndex::Made> SegmentedIndex::BuildMerged() {
  const auto stop = [this] { return merge_.may_stop && (stopping_ || give_up_); };
  for (const std::shared_ptr<Segment>& segment : merge_.inputs) {
    const absl::Status status = Verify(*segment, stop);
    if (status.ok()) continue;
    // A lack of memory tells nothing of the file.
    if (!absl::IsCancelled(status) && !absl::IsResourceExhausted(status)) merge_.damaged = segment;
    return status;
  }
  const auto hand_on = [&](RowVisitor visit) -> absl::Status {
    for (const std::shared_ptr<Segment>& segment : merge_.inputs) {
      absl::Status status = segment->ForEachLiveRow(
          [&](const Code& code, const Label& label) { return !stop() && visit(code, label); });
      if (!status.ok()) return status;
    }
    return stop() ? MakesWay() : absl::OkStatus();
  };
  return MakeSegment({.rows = hand_on,
                      .count = merge_.rows,
                      .memory_bytes = std::clamp(merge_.rows * kMergeMemoryPerRow,
                                                 kLeastMergeMemory, kMostMergeMemory),
                      .stop = stop});
}

void SegmentedIndex::EndMerge(absl::StatusOr<Made> merged) {
  merging_ = false;
  const std::shared_ptr<Segment> damaged = std::exchange(merge_.damaged, nullptr);
  if (merged.ok() && in_doubt_ > 0 && merge_.may_stop) {
    // It may have read what was found damaged after it had looked at give_up_ for the last time.
    if (merged->kept) obsolete_.push_back(merged->kept->file);
    merged = MakesWay();
  }
  if (absl::IsCancelled(merged.status())) {
    calm_due_since_ = std::chrono::steady_clock::now();
    merge_.inputs.clear();
    return NoteDue();
  }
  if (!merged.ok()) {
    // Everything is still found, only slower; the next change tries again.
    merge_failed_ = true;
    merge_.inputs.clear();
    if (damaged != nullptr) {
      TakeOut(damaged, merged.status());
    } else if (MapsFiles()) {
      SetTrouble(std::string(merged.status().message()));
    }
    return;
  }
  const std::shared_ptr<const State> state = Snapshot();
  Segments segments = state->segments;
  // Nobody else takes these away, so the inputs still stand side by side.
  const auto first = std::find(segments.begin(), segments.end(), merge_.inputs.front());
  const bool has_segment = merged->segment != nullptr;
  const auto at = static_cast<std::size_t>(first - segments.begin());
  const auto place =
      segments.erase(first, first + static_cast<std::ptrdiff_t>(merge_.inputs.size()));
  if (has_segment) {
    merged->segment->Withdraw(SortedOnce(std::move(merge_.withdrawn)));
    if (merged->kept) write_failed_ = false;
    NoteMade(*merged);
    segments.insert(place, std::move(merged->segment));
  }
  Publish(std::move(segments), state->head);
  marks_.Replaced(at, merge_.inputs.size(), has_segment ? 1 : 0);
  manifest_due_ = true;
  ++merges_unkept_;
  for (const std::shared_ptr<Segment>& input : std::exchange(merge_.inputs, {})) {
    ForgetKept(*input);
    Retire(input);
  }
  NoteDue();
}

void SegmentedIndex::FreeRetired(Lock& lock) {
  std::vector<std::shared_ptr<const void>> unused;
  // Nobody can take a new reference to what is in no state any more.
  std::erase_if(retired_, [&](std::shared_ptr<const void>& held) {
    if (held.use_count() > 1) return false;
    unused.push_back(std::move(held));
    return true;
  });
  lock.unlock();
  unused.clear();
  lock.lock();
}

}  // namespace kith::index::internal
