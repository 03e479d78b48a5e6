// SPDX-License-Identifier: Apache-2.0
//
// The digest index in files: what was added last lies in tables in memory (the delta); a thread
// behind sorts it into runs and merges runs of about one size. Nothing that a search looks at
// changes in its answer: it works on the state it found when it began.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "index/digest_index.h"
#include "index/internal/digest_delta.h"
#include "index/internal/digest_manifest.h"
#include "index/internal/digest_run.h"

namespace kith::index::internal {

class StoredDigestIndex final : public DigestIndex {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DigestIndex>> Open(
      const DigestIndexOptions& options);
  // Ends what was asked for, without merges; what is not in files by then is lost to them.
  ~StoredDigestIndex() override;

  absl::Status Add(DigestKind kind, std::span<const std::string_view> digests,
                   std::span<const std::uint64_t> entries) override;
  void Withdraw(std::span<const std::uint64_t> entries) override;
  absl::StatusOr<std::vector<std::vector<std::uint64_t>>> Find(
      DigestKind kind, std::span<const std::string_view> digests) const override;
  void Reached(std::uint64_t change, std::string_view mark) override;
  void Touches(std::string_view mark) override;
  std::uint64_t SavedChange() const override;
  std::string SavedMark() const override;
  std::string TouchedMark() const override;
  absl::Status Clear() override;
  void Refilled() override;
  void Save() override;
  absl::Status Flush() override;
  absl::Status Scrub(const Pace& pace) override;
  DigestIndexStats Stats() const override;

 private:
  struct PlacedRun {
    std::shared_ptr<const DigestRun> run;
    std::uint64_t number = 0;
    std::uint32_t epoch = 0;  // of all its rows
    FileStamp checked;        // as in ManifestRun
  };
  using Runs = std::vector<PlacedRun>;  // the oldest first
  struct Frozen {
    std::shared_ptr<DigestDelta> delta;
    std::uint64_t change = 0;  // what is complete with it
    std::string mark;          // of that change
  };
  // What a search sees. The active delta and the withdrawals grow in it, all else never changes.
  struct State {
    std::shared_ptr<Withdrawals> withdrawals;
    std::shared_ptr<DigestDelta> active;
    std::vector<Frozen> frozen;  // on their way into files, the oldest first
    std::array<Runs, 3> runs;    // by kind
  };
  // A row that a search found, withdrawn or not.
  struct Hit {
    std::size_t query;
    std::uint64_t entry;
    std::uint32_t epoch;
    bool is_sure;  // false: found by the beginning of its digest only
  };
  // A row on its way into a run.
  struct DatedRow : DigestRow {
    std::uint32_t epoch = 0;
  };

  [[nodiscard]] static constexpr std::size_t At(DigestKind kind) {
    return static_cast<std::size_t>(kind);
  }

  explicit StoredDigestIndex(const DigestIndexOptions& options);
  [[nodiscard]] absl::Status Load();
  [[nodiscard]] absl::Status LoadRun(const ManifestRun& listed, std::uint64_t& checked_bytes,
                                     std::uint64_t all_bytes, State& state);
  [[nodiscard]] std::size_t KeptBytes(DigestKind kind) const;

  [[nodiscard]] std::shared_ptr<const State> Snapshot() const;
  void Publish(State state);
  [[nodiscard]] absl::Status Damaged() const;
  // Of kFindsAtOnce digests at most: `first` is the position of the first of them.
  static void ReadRows(const State& state, DigestKind kind, std::span<const std::string_view> some,
                       std::size_t first, std::vector<Hit>& hits);
  [[nodiscard]] absl::Status Confirm(DigestKind kind, std::span<const std::string_view> digests,
                                     std::span<const Hit> unsure,
                                     std::vector<std::vector<std::uint64_t>>& found) const;

  // With writer_mutex_ held.
  void Freeze();
  void AskForWork();
  [[nodiscard]] bool IsBehind() const { return done_ != asked_; }

  // Hands on how the reading of a run ended that was there in this filling; remembers damage.
  [[nodiscard]] absl::Status Noted(absl::Status status, std::uint64_t filling);
  // Whether what is held lacks something and nobody is about to add it: it must get no mark.
  [[nodiscard]] bool IsLost() const { return is_damaged_ && !is_refilling_; }
  // Without it, whatever stands in the folder is not believed. OK if there is none.
  [[nodiscard]] absl::Status RemoveManifest() const;

  // Of the thread behind; each locks writer_mutex_ where it must.
  void Work();
  [[nodiscard]] absl::Status WorkOnce();
  [[nodiscard]] absl::Status Spill();
  [[nodiscard]] absl::Status SpillBeside(DigestKind kind);
  // The first of the last runs of which a merge is to make one; as many as there are if none is.
  [[nodiscard]] static std::size_t FirstToMerge(const Runs& runs, bool everything);
  [[nodiscard]] bool MergeIsDue() const;
  [[nodiscard]] absl::Status MergeAll(bool everything);
  [[nodiscard]] absl::Status Merge(DigestKind kind, std::size_t first);
  [[nodiscard]] absl::StatusOr<PlacedRun> WriteRun(DigestKind kind, std::vector<DatedRow> rows,
                                                   std::uint32_t epoch);
  [[nodiscard]] absl::StatusOr<PlacedRun> MergeRuns(DigestKind kind,
                                                    std::span<const PlacedRun> runs,
                                                    std::uint32_t epoch);
  // `pace` is told of bytes read back; its false ends it with Cancelled.
  [[nodiscard]] absl::StatusOr<PlacedRun> FinishRun(DigestRunWriter& writer, std::uint64_t number,
                                                    std::uint32_t epoch,
                                                    const SectionFile::Progress& pace = {});
  [[nodiscard]] absl::Status SaveManifest();
  // Whether a merge should.
  [[nodiscard]] bool GoesOn() const;
  void ForgetOldNotes();

  const DigestIndexOptions options_;
  const std::array<std::uint64_t, 3> seeds_;

  std::mutex manifest_mutex_;         // of its file; writer_mutex_ is taken after it
  mutable std::mutex writer_mutex_;   // one addition, withdrawal or exchange of the state at a time
  std::condition_variable wake_;      // of the thread behind
  std::condition_variable progress_;  // of those who wait for it
  std::uint64_t reached_ = 0;         // the change that was told
  std::string reached_mark_;
  std::string touched_mark_;
  std::string saved_mark_;  // as saved_
  std::string saved_touched_mark_;
  std::string spilled_mark_;   // as spilled_
  std::uint64_t saved_ = 0;    // the change that the files hold
  std::uint64_t spilled_ = 0;  // the change that the runs hold
  std::uint64_t asked_ = 0;    // pieces of work that were asked for, and those done or failed
  std::uint64_t done_ = 0;
  bool compaction_wanted_ = false;
  bool is_stopping_ = false;
  bool is_clearing_ = false;
  std::atomic<std::uint64_t> filling_{0};  // counts Clear
  std::atomic<bool> is_damaged_{false};
  std::atomic<bool> is_refilling_{false};  // since Clear; no damage was found since
  absl::Status files_;
  std::uint64_t next_number_ = 1;  // of the thread behind alone

  mutable std::mutex state_mutex_;  // held only to copy or exchange the pointer
  std::shared_ptr<const State> state_;

  std::thread thread_;
};

}  // namespace kith::index::internal
