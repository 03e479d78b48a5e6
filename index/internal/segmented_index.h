// SPDX-License-Identifier: Apache-2.0
//
// HammingIndex as a head, segments, and a thread that makes few large segments of many small ones
// and, where there is a folder, keeps them there.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "index/internal/engine.h"
#include "index/internal/fair_mutex.h"
#include "index/internal/growing_segment.h"
#include "index/internal/head.h"
#include "index/internal/index_folder.h"
#include "index/internal/index_limits.h"
#include "index/internal/marks.h"
#include "index/internal/merge_policy.h"
#include "index/internal/rows.h"
#include "index/internal/segment.h"

namespace kith::index::internal {

// Ascending, each once.
[[nodiscard]] inline std::vector<std::uint64_t> SortedOnce(std::vector<std::uint64_t> entries) {
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

class SegmentedIndex final : public HammingIndex {
 public:
  // Errors: ResourceExhausted when memory ran out.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HammingIndex>> Make(
      const Engine& engine, SimdTarget simd, const HammingIndexOptions& options,
      const IndexLimits& limits = {});
  // Lets a merge that runs come to its end and keeps what is marked.
  ~SegmentedIndex() override;

  absl::Status Add(std::span<const Code> codes, std::span<const Label> labels) override;
  absl::StatusOr<std::uint64_t> Withdraw(std::span<const std::uint64_t> entries) override;
  absl::StatusOr<std::vector<SearchResult>> Search(std::span<const Code> queries,
                                                   const SearchOptions& options) const override;
  HammingIndexStats Stats() const override;
  absl::StatusOr<std::uint64_t> ContentDigest() const override;
  void Settle() override;
  const RecoveredIndex& recovered() const override { return recovered_; }
  absl::Status Restore(const EntryRange& range, std::span<const Code> codes,
                       std::span<const Label> labels) override;
  absl::Status Clear() override;
  void Touches(std::string_view mark) override;
  absl::Status Reached(std::string_view mark) override;
  std::vector<EntryRange> Missing() const override;
  absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) override;

 private:
  // What a segment in memory needs on its way into a file.
  static constexpr std::size_t kKeepMemory = std::size_t{48} << 20;

  using Segments = std::vector<std::shared_ptr<Segment>>;
  using Lock = std::unique_lock<FairMutex>;

  // What a search sees. Never changed once published; the head grows and tombstones are set in it.
  struct State {
    Segments segments;
    std::shared_ptr<Head> head;
    bool is_whole = true;  // nothing is missing
  };
  // A segment, and how a manifest has to name it if it is in the folder.
  struct Made {
    std::shared_ptr<Segment> segment;
    std::optional<ManifestSegment> kept;
  };
  struct MissingRange {
    EntryRange range;
    bool marked = false;  // among what the newest mark covers
  };
  // A merge that runs.
  struct Merge {
    Segments inputs;                       // neighbours; or a single one that is to become a file
    std::vector<std::uint64_t> withdrawn;  // entries withdrawn since it began
    std::shared_ptr<Segment> damaged;      // of the inputs; ends it
    std::size_t rows = 0;                  // of the inputs
    bool may_stop = false;                 // it only makes a better order of files
    bool is_of_calm = false;               // it makes way for what cannot wait
  };
  // What a segment is made of.
  struct Source {
    IndexFolder::RowSource rows;
    std::size_t count = 0;  // of them, about
    std::size_t memory_bytes = 0;
    std::function<bool()> stop = {};  // asked now and then; true gives it up
  };

  SegmentedIndex(const Engine& engine, SimdTarget simd, const HammingIndexOptions& options,
                 const IndexLimits& limits);

  std::shared_ptr<Head> NewHead() const { return std::make_shared<Head>(head_codes_); }
  std::shared_ptr<const State> Snapshot() const;

  // All of these with writer_mutex_ held.
  void Publish(Segments segments, std::shared_ptr<Head> head);
  // Likewise, in a state that nobody has seen; needs no memory.
  void PublishAs(const std::shared_ptr<State>& state, Segments segments,
                 std::shared_ptr<Head> head);
  // What is in the head, and then these, become a segment, or a part of what grows.
  absl::Status Seal(std::span<const Code> codes, std::span<const Label> labels);
  absl::Status AddInMemory(Segments& segments, Rows rows);
  // Segments that a mark covers, and those that none covers, each among themselves: one of both
  // could be kept under no mark.
  using PickRun = absl::FunctionRef<MergeRun(std::span<const SegmentSize>)>;
  MergeRun NextRun(const Segments& segments, PickRun pick) const;
  MergeRun NextMerge(const Segments& segments) const;
  MergeRun NextCalmMerge(const Segments& segments) const;
  // More is made of smaller segments only in a compact index, and where it is calm.
  std::size_t LargeRows() const { return limits_.large_heads * head_codes_; }
  void NoteDue();
  void WakeMerger();
  // Whether a merge may begin that only makes segments fewer.
  bool IsCalm() const;
  // Additions that come faster than merges wait, lest searches pass over ever more segments.
  void WaitWhileCrowded(Lock& lock);
  // One segment of some, without the lock meanwhile.
  void RunMerge(MergeRun run, bool is_of_calm, Lock& lock);
  void BeginMerge(MergeRun run);
  void EndMerge(absl::StatusOr<Made> merged);
  // Whether segments are searched in their files.
  bool MapsFiles() const { return engine_.maps_files && folder_ != nullptr; }
  void NoteMade(const Made& made);
  void ForgetKept(const Segment& segment);
  // Takes one away whose file is damaged: its entries are missing from now on. One that is not
  // there any more is left alone.
  void TakeOut(const std::shared_ptr<Segment>& segment, const absl::Status& why);
  // Also what holds entries of this range: a merge that ended between the reading of a damaged file
  // and the lock may have made it, with the damage under right checksums.
  void TakeOutWithin(const EntryRange& range, const absl::Status& why);

  // Where segments are searched in files, the newest codes grow in memory, in one segment, so that
  // a search passes over one and not over many small ones. When it is ripe, or nothing comes any
  // more, it becomes a file.
  bool IsYoung(const Segment& segment) const;
  // Whether another may stand in the place of the last segment, with more rows.
  bool MayGrow(const Segments& segments) const;
  // The rows are added to what grows. Errors: ResourceExhausted, and then they are not.
  absl::Status Grow(Segments& segments, const Rows& rows);
  // Where so many rows can be added; with `replaces` behind those that grow.
  std::shared_ptr<GrowingCodes> RoomFor(std::size_t rows, bool replaces) const;
  // What grew is ripe, and a file where much that is waits for the thread that writes.
  void Ripen(Segments& segments);
  // No state has it any more, but searches may.
  void Retire(const std::shared_ptr<Segment>& segment);
  // By the thread that adds: the one that merges, which does it as well, may be busy for long.
  void FreeUnused();
  // Ripe and in no file: so many codes.
  std::size_t RipeRowsInMemory() const;
  // Neighbours, marked and in no file, that are to become one now.
  MergeRun NextUnkept() const;
  // Whether some are that will be later.
  bool AwaitsKeeping() const;

  // Whether the folder could be written, and an answer of it would be whole.
  bool MayKeep() const;
  // Whether the folder lacks something that it should and can hold.
  bool KeepDue() const;
  // Likewise, and it goes before the next merge: where additions never end, one is always due.
  bool MustKeep() const;
  // So many of the first segments are in the folder.
  std::size_t KeptSegments() const;
  // What the next manifest can cover; null: nothing. And whether it is to be written.
  const Marks::Covered* Coverable() const;
  bool ManifestDue() const;
  bool IsKept(const std::shared_ptr<Segment>& segment) const;
  // Writes the manifest or, where none is due, a segment. Lets go of the lock meanwhile.
  void KeepSome(Lock& lock);
  void KeepManifest(Lock& lock);
  void NoteKept(const absl::Status& status);
  void SetTrouble(std::string trouble);
  Manifest ManifestOf(const Segments& segments, const Marks::Covered& covered) const;

  // While nobody else knows the index.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;
  absl::Status Recover(const std::string& path, const Progress& progress);
  absl::Status OpenSegments(const Manifest& manifest, const Progress& progress);
  absl::StatusOr<std::shared_ptr<Segment>> OpenSegment(const ManifestSegment& named,
                                                       const SegmentProgress& progress) const;

  // A segment of the rows, in a file where files are mapped, else in memory. No segment if there
  // are no rows. Needs no lock.
  absl::StatusOr<Made> MakeSegment(const Source& source) const;
  absl::StatusOr<Made> MakeFile(const Source& source) const;
  absl::StatusOr<Made> MakeInMemory(const Source& source) const;
  // Whether segments in files are in the layout that takes less.
  bool IsCompact() const;

  // The thread.
  void MergeLoop();
  void WaitForWork(Lock& lock);
  // Without the lock.
  absl::StatusOr<Made> BuildMerged();
  // Lets go what no search looks at any more.
  void FreeRetired(Lock& lock);

  const Engine& engine_;
  const SimdTarget simd_;
  const IndexLimits limits_;
  const int bands_;  // of the segments; 0: as many as suit each (Engine::make)
  const std::size_t head_codes_;
  // Batches from this size on become segments at once. With a folder it is half a head, so that
  // no addition is divided: see Reached.
  const std::size_t bulk_codes_;

  const std::size_t ripe_rows_;  // of what grows, when it is to become a file

  mutable FairMutex writer_mutex_;  // one addition or withdrawal, or begin or end of a merge
  mutable std::mutex state_mutex_;  // held only to copy or exchange the pointer
  std::shared_ptr<const State> state_;

  // Guarded by writer_mutex_.
  std::condition_variable_any merger_wakes_;
  std::condition_variable_any merger_did_;
  bool merge_due_ = false;
  bool calm_merge_due_ = false;  // waits until it is calm
  bool merging_ = false;
  std::chrono::steady_clock::time_point last_sealed_ = std::chrono::steady_clock::now();
  // When one became due, or was given up.
  std::chrono::steady_clock::time_point calm_due_since_ = last_sealed_;
  bool merger_sleeps_ = false;         // until it is woken
  bool merge_failed_ = false;          // for want of memory; tried again after the next change
  std::atomic<bool> stopping_{false};  // read by a merge without the mutex
  std::atomic<bool> give_up_{false};   // likewise: a merge that may stop is to make way
  Merge merge_;
  // Large memory that a search may still look at. Freeing it takes milliseconds, which no search
  // should pay because it was the last to look.
  std::vector<std::shared_ptr<const void>> retired_;

  // Of an index with a folder, guarded by writer_mutex_ but for what is said.
  std::unique_ptr<IndexFolder> folder_;  // never changed once the index is made
  std::string owner_;                    // never changed
  RecoveredIndex recovered_;             // never changed once the index is made
  std::vector<MissingRange> missing_;    // what is not restored yet; ascending
  Marks marks_;          // none older than the one under which the folder holds something
  std::string touched_;  // what is in the segments happened up to this moment
  std::shared_ptr<GrowingSegment> growing_;         // to which more is added; or null
  std::map<const Segment*, ManifestSegment> kept_;  // what lies in the folder, of those in use
  std::string kept_mark_;                           // of the manifest
  bool manifest_due_ = false;                       // other files stand for what it covers
  int settling_ = 0;                                // calls of Settle that wait
  std::size_t merges_unkept_ = 0;                   // since the last manifest was written
  // Files of segments that are no more; removed when no manifest on the disk names them.
  std::vector<std::string> obsolete_;
  bool keeping_ = false;                    // a file is being written
  bool clearing_ = false;                   // what ends meanwhile is not worth keeping
  int in_doubt_ = 0;                        // damaged segments that are not taken out yet
  std::uint64_t clears_ = 0;                // how often it was cleared
  std::atomic<std::size_t> kept_count_{0};  // of kept_, for anybody
  // Why nothing can be kept; tried again when there is more to keep. Written with both mutexes
  // held, read with either.
  std::string trouble_;
  std::string damage_;         // the last one; as trouble_
  bool write_failed_ = false;  // the last time, whether or not it is to be tried again

  std::mutex scrub_mutex_;
  std::uint64_t scrub_entry_ = 0;  // segments that end before were read in this round

  std::thread merger_;  // last: it uses all the others
};

}  // namespace kith::index::internal
