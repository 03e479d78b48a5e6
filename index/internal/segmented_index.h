// SPDX-License-Identifier: Apache-2.0
//
// HammingIndex as a head, segments, and a thread that makes few large segments of many small ones.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "index/internal/engine.h"
#include "index/internal/head.h"
#include "index/internal/merge_policy.h"
#include "index/internal/rows.h"
#include "index/internal/segment.h"

namespace kith::index::internal {

class SegmentedIndex final : public HammingIndex {
 public:
  // bands: of the segments, 0: as many as suit each (Engine::make).
  SegmentedIndex(const Engine& engine, SimdTarget simd, int bands, std::size_t head_codes);
  // Lets a merge that runs come to its end.
  ~SegmentedIndex() override;

  absl::Status Add(std::span<const Code> codes, std::span<const Label> labels) override;
  absl::StatusOr<std::uint64_t> Withdraw(std::span<const std::uint64_t> entries) override;
  absl::StatusOr<std::vector<SearchResult>> Search(std::span<const Code> queries,
                                                   const SearchOptions& options) const override;
  HammingIndexStats Stats() const override;
  void Settle() override;

 private:
  using Segments = std::vector<std::shared_ptr<Segment>>;
  using Lock = std::unique_lock<std::mutex>;

  // What a search sees. Never changed once published; the head grows and tombstones are set in it.
  struct State {
    Segments segments;
    std::shared_ptr<Head> head;
  };
  // A merge that runs.
  struct Merge {
    Segments inputs;                       // neighbours
    std::vector<std::uint64_t> withdrawn;  // entries withdrawn since it began
  };

  std::shared_ptr<Head> NewHead() const { return std::make_shared<Head>(head_codes_); }
  std::shared_ptr<const State> Snapshot() const;

  // All of these with writer_mutex_ held.
  void Publish(Segments segments, std::shared_ptr<Head> head);
  // What is in the head, and then these, become a segment.
  absl::Status Seal(std::span<const Code> codes, std::span<const Label> labels);
  MergeRun NextMerge(const Segments& segments) const;
  void WakeMerger();
  // Additions that come faster than merges wait, lest searches pass over ever more segments.
  void WaitWhileCrowded(Lock& lock);
  void BeginMerge(MergeRun run);
  void EndMerge(absl::StatusOr<std::shared_ptr<Segment>> merged);

  // The thread.
  void MergeLoop();
  // Without the lock. Null when nothing is left of the inputs.
  absl::StatusOr<std::shared_ptr<Segment>> BuildMerged() const;
  // Lets go what no search looks at any more.
  void FreeRetired(Lock& lock);

  const Engine& engine_;
  const SimdTarget simd_;
  const int bands_;
  const std::size_t head_codes_;

  std::mutex writer_mutex_;         // one addition or withdrawal, or begin or end of a merge
  mutable std::mutex state_mutex_;  // held only to copy or exchange the pointer
  std::shared_ptr<const State> state_;

  // Guarded by writer_mutex_.
  std::condition_variable merger_wakes_;
  std::condition_variable merger_did_;
  bool merge_due_ = false;
  bool merging_ = false;
  bool merge_failed_ = false;  // for want of memory; tried again after the next change
  bool stopping_ = false;
  Merge merge_;
  // Large memory that a search may still look at. Freeing it takes milliseconds, which no search
  // should pay because it was the last to look.
  std::vector<std::shared_ptr<const void>> retired_;

  std::thread merger_;  // last: it uses all the others
};

}  // namespace kith::index::internal
