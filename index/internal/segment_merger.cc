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

// Segments that wait for a merge before additions wait for it.
constexpr std::size_t kCrowd = 8 * kMergeWidth;
// How soon the memory of merged segments is looked at again, while searches use it.
constexpr std::chrono::milliseconds kRetiredAgain{20};
// Below the threads that answer: a merge may take its time, as long as additions do not wait.
constexpr int kNiceness = 5;
// What a merge holds on its way into a file.
constexpr std::size_t kMergeMemory = std::size_t{96} << 20;

// Read between two looks at whether the index is closed.
constexpr std::uint64_t kVerifyBytes = std::uint64_t{64} << 20;

absl::Status Closed() { return absl::CancelledError("the index is closed"); }

// Reads the whole file of a segment: damage must not get into a new file under right checksums.
absl::Status Verify(Segment& segment, const std::atomic<bool>& stopping) {
  if (!segment.IsMapped()) return absl::OkStatus();
  segment.BeginScrub();
  while (!stopping) {
    const auto done = segment.Scrub(kVerifyBytes);
    if (!done.ok()) return done.status();
    if (*done) return absl::OkStatus();
  }
  return Closed();
}

}  // namespace

MergeRun SegmentedIndex::NextMerge(const Segments& segments) const {
  std::vector<SegmentSize> sizes;
  sizes.reserve(segments.size());
  for (const std::shared_ptr<Segment>& segment : segments) {
    // One segment of what a mark covers and what it does not cover could be kept under no mark.
    if (folder_ != nullptr && sizes.size() == marked_segments_) break;
    sizes.push_back({.rows = segment->size(), .withdrawn = segment->WithdrawnCount()});
  }
  // Nor can neighbours become one while something is missing between them, or without a place to
  // write to.
  const bool can = missing_.empty() && !clearing_ && (trouble_.empty() || !MapsFiles());
  return can ? PickMerge(sizes, head_codes_) : MergeRun{};
}

void SegmentedIndex::WakeMerger() {
  merge_failed_ = false;
  merge_due_ = merge_due_ || NextMerge(Snapshot()->segments).count > 0;
  if (merge_due_ || !retired_.empty() || KeepDue()) merger_wakes_.notify_one();
}

void SegmentedIndex::WaitWhileCrowded(Lock& lock) {
  merger_did_.wait(lock, [this] {
    if (merge_failed_ || !(merge_due_ || merging_)) return true;
    const std::shared_ptr<const State> state = Snapshot();
    return std::count_if(state->segments.begin(), state->segments.end(),
                         [](const std::shared_ptr<Segment>& segment) {
                           return segment->size() < kMaxMergedRows / kMergeWidth;
                         }) < static_cast<std::ptrdiff_t>(kCrowd);
  });
}

void SegmentedIndex::Settle() {
  Lock lock(writer_mutex_);
  merger_did_.wait(lock, [this] { return !merge_due_ && !merging_ && !keeping_ && !KeepDue(); });
}

void SegmentedIndex::MergeLoop() {
  // Without the right to do so it goes on as it is.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  Lock lock(writer_mutex_);
  while (true) {
    const auto called = [this] { return stopping_ || merge_due_ || KeepDue(); };
    if (retired_.empty()) {
      merger_wakes_.wait(lock, [&] { return called() || !retired_.empty(); });
    } else {
      merger_wakes_.wait_for(lock, kRetiredAgain, called);
    }
    if (stopping_) break;
    FreeRetired(lock);
    const MergeRun run = merge_due_ ? NextMerge(Snapshot()->segments) : MergeRun{};
    merge_due_ = false;
    if (run.count > 0) {
      RunMerge(run, lock);
    } else if (KeepDue()) {
      KeepSome(lock);
    }
    merger_did_.notify_all();
  }
  manifest_due_ = manifest_due_ || kept_mark_ != mark_;
  while (KeepDue()) KeepSome(lock);
}

void SegmentedIndex::RunMerge(MergeRun run, Lock& lock) {
  BeginMerge(run);
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
  merging_ = true;
}

absl::StatusOr<SegmentedIndex::Made> SegmentedIndex::BuildMerged() {
  for (const std::shared_ptr<Segment>& segment : merge_.inputs) {
    const absl::Status status = Verify(*segment, stopping_);
    if (status.ok()) continue;
    // A lack of memory tells nothing of the file.
    if (!absl::IsCancelled(status) && !absl::IsResourceExhausted(status)) merge_.damaged = segment;
    return status;
  }
  // The end of the process waits for what is in no file yet, but not for a better order of files.
  const bool may_stop = MapsFiles() && merge_.inputs.size() > 1;
  return MakeSegment(
      [&](RowVisitor visit) -> absl::Status {
        for (const std::shared_ptr<Segment>& segment : merge_.inputs) {
          const absl::Status status =
              segment->ForEachLiveRow([&](const Code& code, const Label& label) {
                return !(may_stop && stopping_) && visit(code, label);
              });
          if (!status.ok()) return status;
        }
        return may_stop && stopping_ ? Closed() : absl::OkStatus();
      },
      kMergeMemory);
}

void SegmentedIndex::EndMerge(absl::StatusOr<Made> merged) {
  merging_ = false;
  const std::shared_ptr<Segment> damaged = std::exchange(merge_.damaged, nullptr);
  if (!merged.ok()) {
    // Everything is still found, only slower; the next change tries again.
    merge_failed_ = true;
    merge_.inputs.clear();
    if (damaged != nullptr) {
      TakeOut(damaged, merged.status());
    } else if (MapsFiles() && !absl::IsCancelled(merged.status())) {
      SetTrouble(std::string(merged.status().message()));
    }
    return;
  }
  const std::shared_ptr<const State> state = Snapshot();
  Segments segments = state->segments;
  // Nobody else takes segments away, so the inputs still stand side by side.
  const auto first = std::find(segments.begin(), segments.end(), merge_.inputs.front());
  const auto place =
      segments.erase(first, first + static_cast<std::ptrdiff_t>(merge_.inputs.size()));
  marked_segments_ -= std::min(marked_segments_, merge_.inputs.size());
  if (merged->segment != nullptr) {
    ++marked_segments_;
    for (const std::uint64_t entry : merge_.withdrawn) merged->segment->Withdraw(entry);
    NoteMade(*merged);
    segments.insert(place, std::move(merged->segment));
  }
  Publish(std::move(segments), state->head);
  manifest_due_ = true;
  for (std::shared_ptr<Segment>& input : merge_.inputs) {
    ForgetKept(*input);
    retired_.push_back(std::move(input));
  }
  merge_.inputs.clear();
  merge_due_ = NextMerge(Snapshot()->segments).count > 0;
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
