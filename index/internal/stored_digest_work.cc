// SPDX-License-Identifier: Apache-2.0
//
// StoredDigestIndex: the thread behind, which brings digests into files and merges files.
#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/internal/run_heads.h"
#include "index/internal/stored_digest_index.h"

namespace kith::index::internal {
namespace {

// A run is merged with those behind it unless it has so many times their rows: so a digest is
// written some ten times on its way into a run of 300 million, and a search looks at few runs.
constexpr std::uint64_t kMergeRatio = 4;
// Rows that a merge looks at between two chances for the end.
constexpr std::size_t kRowsAtOnce = 4096;
constexpr std::size_t kForgetFrom = 4096;
// Runs of a kind that may gather beside a merge: a search looks at each.
constexpr std::size_t kMaxGathered = 64;
// How long after the opening merges begin that nobody asked for.
constexpr std::chrono::seconds kBeforeMerges{2};

constexpr std::array<DigestKind, 3> kKinds = {DigestKind::kMd5, DigestKind::kSha1,
                                              DigestKind::kSha256};

}  // namespace

void StoredDigestIndex::Work() {
  std::unique_lock lock(writer_mutex_);
  const auto is_called = [&] { return is_stopping_ || IsBehind(); };
  // Who had the folder before may have ended before its merges, as an import does: hundreds of runs
  // may be there. Programs that live for a moment leave them to others.
  if (!wake_.wait_for(lock, kBeforeMerges, is_called) && MergeIsDue()) AskForWork();
  while (true) {
    wake_.wait(lock, is_called);
    if (is_stopping_ && !IsBehind()) return;
    const std::uint64_t asked = asked_;
    lock.unlock();
    absl::Status status;
    try {
      status = WorkOnce();
    } catch (const std::exception& error) {
      status = absl::ResourceExhaustedError(
          absl::StrCat(options_.folder, ": digests were not brought into files: ", error.what()));
    }
    lock.lock();
    files_ = std::move(status);
    done_ = asked;
    progress_.notify_all();
  }
}

absl::Status StoredDigestIndex::WorkOnce() {
  bool compacts = false;
  {
    const std::lock_guard lock(writer_mutex_);
    compacts = compaction_wanted_;
  }
  while (!Snapshot()->frozen.empty()) {
    if (absl::Status status = Spill(); !status.ok()) return status;
  }
  // What is lost is made anew as a whole: nothing of it is worth a merge.
  if (IsLost()) return absl::OkStatus();
  if (absl::Status status = SaveManifest(); !status.ok()) return status;
  if (absl::Status status = MergeAll(compacts); !status.ok()) return status;
  if (compacts) {
    const std::lock_guard lock(writer_mutex_);
    compaction_wanted_ = false;
  }
  return absl::OkStatus();
}

// Brings the oldest frozen delta into runs.
absl::Status StoredDigestIndex::Spill() {
  const std::shared_ptr<const State> before = Snapshot();
  const Frozen& frozen = before->frozen.front();
  std::uint32_t epoch = 0;
  {
    const std::lock_guard lock(writer_mutex_);
    epoch = before->withdrawals->Epoch();
  }
  std::array<std::vector<PlacedRun>, 3> written;
  for (const DigestKind kind : kKinds) {
    std::vector<DatedRow> rows;
    frozen.delta->With(kind, [&](const auto& table) {
      rows.reserve(table.size());
      table.ForEach([&](std::string_view digest, std::uint64_t entry, std::uint32_t row_epoch) {
        DatedRow& row = rows.emplace_back();
        std::copy(digest.begin(), digest.end(), row.digest.begin());
        row.entry = entry;
        row.epoch = row_epoch;
      });
    });
    // Rows that are silent now have no way back; those added since are in another delta.
    before->withdrawals->DropSilent(rows);
    if (rows.empty()) continue;
    auto run = WriteRun(kind, std::move(rows), epoch);
    if (!run.ok()) return run.status();
    written[At(kind)].push_back(*std::move(run));
  }
  const std::lock_guard lock(writer_mutex_);
  State state = *Snapshot();
  if (state.frozen.front().change >= spilled_) {
    spilled_ = state.frozen.front().change;
    spilled_mark_ = state.frozen.front().mark;
  }
  state.frozen.erase(state.frozen.begin());
  for (std::size_t kind = 0; kind < written.size(); ++kind) {
    for (PlacedRun& run : written[kind]) state.runs[kind].push_back(std::move(run));
  }
  Publish(std::move(state));
  progress_.notify_all();
  return absl::OkStatus();
}

// A long merge must not let deltas pile up in memory, nor keep those waiting who add.
absl::Status StoredDigestIndex::SpillBeside(DigestKind kind) {
  while (true) {
    const std::shared_ptr<const State> state = Snapshot();
    if (state->frozen.empty() || state->runs[At(kind)].size() >= kMaxGathered) {
      return absl::OkStatus();
    }
    if (absl::Status status = Spill(); !status.ok()) return status;
  }
}

absl::StatusOr<StoredDigestIndex::PlacedRun> StoredDigestIndex::WriteRun(DigestKind kind,
                                                                         std::vector<DatedRow> rows,
                                                                         std::uint32_t epoch) {
  const std::size_t bytes = KeptBytes(kind);
  std::sort(rows.begin(), rows.end(),
            [bytes](const DigestRow& a, const DigestRow& b) { return IsBefore(a, b, bytes); });
  std::uint64_t max_entry = 0;
  for (const DigestRow& row : rows) max_entry = std::max(max_entry, row.entry);
  const std::uint64_t number = next_number_++;
  auto writer = DigestRunWriter::Create(RunPath(options_.folder, number), kind, bytes, rows.size(),
                                        max_entry);
  if (!writer.ok()) return writer.status();
  for (const DigestRow& row : rows) {
    if (absl::Status status = (*writer)->Append(row); !status.ok()) return status;
  }
  return FinishRun(**writer, number, epoch);
}

// Reads back what was written, so that no start has to. The stamp is taken before the reading: what
// happens to the file from then on gives it another one, and the next start reads it again. Where
// the reading fails or is called off nothing is lost: who asked still has the rows.
absl::StatusOr<StoredDigestIndex::PlacedRun> StoredDigestIndex::FinishRun(
    DigestRunWriter& writer, std::uint64_t number, std::uint32_t epoch,
    const SectionFile::Progress& pace) {
  if (absl::Status status = writer.Finish(); !status.ok()) return status;
  const std::string path = RunPath(options_.folder, number);
  auto run = DigestRun::Open(path, true, pace);
  if (!run.ok()) {
    std::error_code error;  // what stays is removed with the next list
    std::filesystem::remove(path, error);
    return run.status();
  }
  const FileStamp checked = (*run)->file().stamp();
  return PlacedRun{.run = *std::move(run), .number = number, .epoch = epoch, .checked = checked};
}

std::size_t StoredDigestIndex::FirstToMerge(const Runs& runs, bool everything) {
  if (runs.empty()) return 0;
  std::size_t first = runs.size() - 1;
  std::uint64_t behind = runs[first].run->rows();
  while (first > 0) {
    const std::uint64_t rows = runs[first - 1].run->rows();
    const bool merges = everything || rows < kMergeRatio * behind;
    if (!merges || rows + behind > DigestRun::kMaxRows) break;
    behind += rows;
    --first;
  }
  return first + 1 == runs.size() && !everything ? runs.size() : first;
}

bool StoredDigestIndex::MergeIsDue() const {
  const std::shared_ptr<const State> state = Snapshot();
  return std::any_of(state->runs.begin(), state->runs.end(),
                     [](const Runs& runs) { return FirstToMerge(runs, false) < runs.size(); });
}

absl::Status StoredDigestIndex::MergeAll(bool everything) {
  for (const DigestKind kind : kKinds) {
    while (true) {
      const std::shared_ptr<const State> state = Snapshot();
      const Runs& runs = state->runs[At(kind)];
      const std::size_t first = FirstToMerge(runs, everything);
      if (first == runs.size()) break;
      if (absl::Status status = Merge(kind, first); !status.ok()) return status;
      if (everything) break;
    }
  }
  return absl::OkStatus();
}

bool StoredDigestIndex::GoesOn() const {
  const std::lock_guard lock(writer_mutex_);
  return !is_stopping_ && !is_clearing_;
}

// Makes one run of those from `first` on.
absl::Status StoredDigestIndex::Merge(DigestKind kind, std::size_t first) {
  const std::shared_ptr<const State> before = Snapshot();
  const auto merged = std::span(before->runs[At(kind)]).subspan(first);
  std::uint32_t epoch = 0;
  {
    const std::lock_guard lock(writer_mutex_);
    epoch = before->withdrawals->Epoch();
  }
  auto run = MergeRuns(kind, merged, epoch);
  if (!run.ok()) return run.status();
  {
    const std::lock_guard lock(writer_mutex_);
    State state = *Snapshot();
    Runs& runs = state.runs[At(kind)];
    // This thread alone changes the runs: what was merged stands where it stood, and what came
    // meanwhile behind it.
    const auto begin = runs.begin() + static_cast<std::ptrdiff_t>(first);
    auto behind = runs.erase(begin, begin + static_cast<std::ptrdiff_t>(merged.size()));
    if (run->run->rows() > 0) runs.insert(behind, *run);
    Publish(std::move(state));
  }
  ForgetOldNotes();
  return SaveManifest();
}

absl::StatusOr<StoredDigestIndex::PlacedRun> StoredDigestIndex::MergeRuns(
    DigestKind kind, std::span<const PlacedRun> runs, std::uint32_t epoch) {
  std::uint64_t rows = 0;
  std::uint64_t max_entry = 0;
  std::uint64_t filling = 0;
  {
    const std::lock_guard lock(writer_mutex_);
    filling = filling_;
  }
  // Reading takes as long as writing: deltas must not pile up meanwhile.
  absl::Status spilled;
  const SectionFile::Progress pace = [&](std::uint64_t /*bytes*/) {
    if (!GoesOn()) return false;
    spilled = SpillBeside(kind);
    return spilled.ok();
  };
  for (const PlacedRun& placed : runs) {
    // Damage must not get into a new file under right checksums.
    const absl::Status sound = Noted(placed.run->file().Verify(pace), filling);
    if (!spilled.ok()) return spilled;
    if (!sound.ok()) return sound;
    rows += placed.run->rows();
    max_entry = std::max(max_entry, placed.run->shape().max_entry);
  }
  const std::uint64_t number = next_number_++;
  auto writer = DigestRunWriter::Create(RunPath(options_.folder, number), kind, KeptBytes(kind),
                                        rows, max_entry);
  if (!writer.ok()) return writer.status();
  RunHeads heads(KeptBytes(kind), runs.size());
  for (const PlacedRun& placed : runs) heads.Add(*placed.run, placed.epoch);
  const std::shared_ptr<Withdrawals> withdrawals = Snapshot()->withdrawals;
  std::vector<DatedRow> some;
  while (!heads.empty()) {
    if (!GoesOn()) return absl::CancelledError("the index is closed");
    if (absl::Status status = SpillBeside(kind); !status.ok()) return status;
    some.clear();
    while (some.size() < kRowsAtOnce && !heads.empty()) {
      const RunHeads::Dated least = heads.Take();
      some.push_back({least.row, least.epoch});
    }
    withdrawals->DropSilent(some);
    for (const DatedRow& row : some) {
      if (absl::Status status = (*writer)->Append(row); !status.ok()) return status;
    }
  }
  auto merged = FinishRun(**writer, number, epoch, pace);
  if (!spilled.ok()) return spilled;
  return merged;
}

// Lets go of notes that no row needs any more. Searches under way keep those of their state.
void StoredDigestIndex::ForgetOldNotes() {
  const std::lock_guard lock(writer_mutex_);
  State state = *Snapshot();
  const std::size_t before = state.withdrawals->size();
  if (before < kForgetFrom) return;
  std::uint32_t floor = state.active->born();
  for (const Frozen& frozen : state.frozen) floor = std::min(floor, frozen.delta->born());
  for (const Runs& runs : state.runs) {
    for (const PlacedRun& placed : runs) floor = std::min(floor, placed.epoch);
  }
  const std::vector<Withdrawals::Note> notes = state.withdrawals->NotesAbove(floor);
  if (notes.size() > before / 2) return;
  state.withdrawals = std::make_shared<Withdrawals>(state.withdrawals->Epoch(), notes);
  Publish(std::move(state));
}

absl::Status StoredDigestIndex::SaveManifest() {
  const std::lock_guard manifest_lock(manifest_mutex_);
  if (IsLost()) return absl::OkStatus();
  DigestManifest manifest;
  {
    const std::lock_guard lock(writer_mutex_);
    const std::shared_ptr<const State> state = Snapshot();
    manifest.change = spilled_;
    manifest.mark = spilled_mark_;
    manifest.touched_mark = touched_mark_;
    manifest.next_number = next_number_;
    manifest.epoch = state->withdrawals->Epoch();
    manifest.withdrawn = state->withdrawals->NotesAbove(0);
    for (std::size_t kind = 0; kind < state->runs.size(); ++kind) {
      for (const PlacedRun& placed : state->runs[kind]) {
        manifest.runs.push_back({.number = placed.number,
                                 .rows = placed.run->rows(),
                                 .checked = placed.checked,
                                 .kind = static_cast<std::uint32_t>(kind),
                                 .epoch = placed.epoch});
      }
    }
  }
  if (absl::Status status = WriteManifest(options_.folder, manifest); !status.ok()) return status;
  // Merged runs are mapped by searches under way; their names are needed no more.
  RemoveOthers(options_.folder, manifest);
  const std::lock_guard lock(writer_mutex_);
  saved_ = manifest.change;
  saved_mark_ = manifest.mark;
  saved_touched_mark_ = manifest.touched_mark;
  return absl::OkStatus();
}

}  // namespace kith::index::internal
