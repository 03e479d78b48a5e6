// SPDX-License-Identifier: Apache-2.0
#include "index/internal/stored_digest_index.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/digest_checks.h"
#include "index/internal/mapped_files.h"

namespace kith::index::internal {
namespace {

// Of a SHA-256 whose entries can be asked about, so much stands in the files.
constexpr std::size_t kConfirmedBytes = 16;
// Deltas on their way into files before an addition waits for one of them.
constexpr std::size_t kMaxFrozen = 2;
// As in the index in memory: when withdrawn rows are swept out.
constexpr std::size_t kSweepEntries = 4096;
constexpr std::size_t kSweepShare = 4;

}  // namespace

absl::StatusOr<std::unique_ptr<DigestIndex>> StoredDigestIndex::Open(
    const DigestIndexOptions& options) {
  if (options.folder.empty() || options.delta_digests == 0) {
    return absl::InvalidArgumentError(
        "index: a digest index in files needs a folder and room for digests in memory");
  }
  if (options.start_anew) {
    // The manifest first: without it nothing else counts.
    std::error_code error;
    std::filesystem::remove(ManifestPath(options.folder), error);
    RemoveOthers(options.folder, {});
  }
  std::unique_ptr<StoredDigestIndex> index(new StoredDigestIndex(options));
  if (absl::Status status = index->Load(); !status.ok()) return status;
  index->thread_ = std::thread([&index = *index] { index.Work(); });
  return index;
}

StoredDigestIndex::StoredDigestIndex(const DigestIndexOptions& options)
    : options_(options), seeds_(RandomSeeds()) {}

StoredDigestIndex::~StoredDigestIndex() {
  if (!thread_.joinable()) return;  // it could not be opened
  {
    const std::lock_guard lock(writer_mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::size_t StoredDigestIndex::KeptBytes(DigestKind kind) const {
  return kind == DigestKind::kSha256 && options_.confirm ? kConfirmedBytes : DigestBytes(kind);
}

absl::Status StoredDigestIndex::Load() {
  auto manifest = ReadManifest(options_.folder);
  if (absl::IsNotFound(manifest.status())) manifest = DigestManifest();
  if (!manifest.ok()) return manifest.status();
  RemoveOthers(options_.folder, *manifest);
  State state;
  state.withdrawals = std::make_shared<Withdrawals>(manifest->epoch, manifest->withdrawn);
  state.active = std::make_shared<DigestDelta>(seeds_, manifest->epoch);
  std::uint64_t all_bytes = 0;
  for (const ManifestRun& listed : manifest->runs) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(RunPath(options_.folder, listed.number), error);
    if (!error) all_bytes += bytes;
  }
  std::uint64_t checked_bytes = 0;
  bool was_checked = false;
  for (const ManifestRun& listed : manifest->runs) {
    const std::uint64_t before = checked_bytes;
    if (absl::Status status = LoadRun(listed, checked_bytes, all_bytes, state); !status.ok()) {
      return status;
    }
    was_checked = was_checked || checked_bytes != before;
  }
  next_number_ = manifest->next_number;
  reached_ = saved_ = spilled_ = manifest->change;
  reached_mark_ = saved_mark_ = spilled_mark_ = manifest->mark;
  touched_mark_ = saved_touched_mark_ = manifest->touched_mark;
  Publish(std::move(state));
  // Remembers what was checked.
  return was_checked ? SaveManifest() : absl::OkStatus();
}

absl::Status StoredDigestIndex::LoadRun(const ManifestRun& listed, std::uint64_t& checked_bytes,
                                        std::uint64_t all_bytes, State& state) {
  const std::string path = RunPath(options_.folder, listed.number);
  // The header alone, to see whether it is the file that was checked before.
  auto run = DigestRun::Open(path, false);
  if (run.ok() && ((*run)->file().stamp() != listed.checked || IsSuspect(path))) {
    run = DigestRun::Open(path, true, [&](std::uint64_t bytes) {
      checked_bytes += bytes;
      if (options_.progress) options_.progress(checked_bytes, std::max(checked_bytes, all_bytes));
      return true;
    });
    if (run.ok()) ForgetSuspect(path);
  }
  if (absl::IsNotFound(run.status())) {
    return absl::DataLossError(
        absl::StrCat(path, ": is missing; make the digest index anew from the catalog"));
  }
  if (!run.ok()) return run.status();
  const RunShape& shape = (*run)->shape();
  if (shape.kind != listed.kind || shape.rows != listed.rows ||
      (*run)->file().stamp().header_checksum != listed.checked.header_checksum) {
    return (*run)->file().Damage("shape", "is not that of the list of runs");
  }
  if (shape.digest_bytes != KeptBytes(static_cast<DigestKind>(shape.kind))) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": keeps ", shape.digest_bytes,
                     " bytes of a digest, not as many as wanted; make the index anew"));
  }
  state.runs[shape.kind].push_back({.run = *run,
                                    .number = listed.number,
                                    .epoch = listed.epoch,
                                    .checked = (*run)->file().stamp()});
  return absl::OkStatus();
}

std::shared_ptr<const StoredDigestIndex::State> StoredDigestIndex::Snapshot() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

void StoredDigestIndex::Publish(State state) {
  auto next = std::make_shared<const State>(std::move(state));
  // The old state may hold the last reference to much: it is let go outside of the lock.
  const std::lock_guard lock(state_mutex_);
  state_.swap(next);
}

absl::Status StoredDigestIndex::Add(DigestKind kind, std::span<const std::string_view> digests,
                                    std::span<const std::uint64_t> entries) {
  if (absl::Status status = CheckPairs(kind, digests, entries); !status.ok()) return status;
  std::unique_lock lock(writer_mutex_);
  for (std::size_t first = 0; first < digests.size();) {
    // Where the files cannot be written, memory holds what comes.
    progress_.wait(lock, [&] {
      return Snapshot()->frozen.size() < kMaxFrozen || !files_.ok() || !IsBehind();
    });
    const std::shared_ptr<const State> state = Snapshot();
    const std::uint32_t epoch = state->withdrawals->Epoch();
    const std::uint64_t held = state->active->size();
    const std::size_t room =
        options_.delta_digests - std::min<std::uint64_t>(held, options_.delta_digests - 1);
    const std::size_t last = first + std::min(room, digests.size() - first);
    for (; first < last; ++first) {
      const bool added = state->active->With(
          kind, [&](auto& table) { return table.Add(digests[first], entries[first], epoch); });
      if (!added) return NoRoom(kind, first);
    }
    if (state->active->size() >= options_.delta_digests) Freeze();
  }
  return absl::OkStatus();
}

void StoredDigestIndex::Freeze() {
  State state = *Snapshot();
  state.frozen.push_back(
      {.delta = std::move(state.active), .change = reached_, .mark = reached_mark_});
  state.active = std::make_shared<DigestDelta>(seeds_, state.withdrawals->Epoch());
  Publish(std::move(state));
  AskForWork();
}

void StoredDigestIndex::AskForWork() {
  ++asked_;
  wake_.notify_all();
}

void StoredDigestIndex::Withdraw(std::span<const std::uint64_t> entries) {
  const std::lock_guard lock(writer_mutex_);
  const std::shared_ptr<const State> state = Snapshot();
  state->withdrawals->Add(entries);
  const std::size_t withdrawn = state->withdrawals->size();
  if (compaction_wanted_ || withdrawn < kSweepEntries) return;
  std::uint64_t rows = state->active->size();
  for (const Frozen& frozen : state->frozen) rows += frozen.delta->size();
  for (const Runs& runs : state->runs) {
    for (const PlacedRun& placed : runs) rows += placed.run->rows();
  }
  if (withdrawn * kSweepShare < rows) return;
  compaction_wanted_ = true;
  Freeze();
}

void StoredDigestIndex::Reached(std::uint64_t change, std::string_view mark) {
  const std::lock_guard lock(writer_mutex_);
  if (is_damaged_ || change < reached_) return;
  reached_ = change;
  reached_mark_ = std::string(mark.substr(0, kMaxDigestMarkBytes));
}

void StoredDigestIndex::Touches(std::string_view mark) {
  const std::lock_guard lock(writer_mutex_);
  touched_mark_ = std::string(mark.substr(0, kMaxDigestMarkBytes));
}

std::uint64_t StoredDigestIndex::SavedChange() const {
  const std::lock_guard lock(writer_mutex_);
  return saved_;
}

std::string StoredDigestIndex::SavedMark() const {
  const std::lock_guard lock(writer_mutex_);
  return saved_mark_;
}

std::string StoredDigestIndex::TouchedMark() const {
  const std::lock_guard lock(writer_mutex_);
  return saved_touched_mark_;
}

void StoredDigestIndex::Save() {
  const std::lock_guard lock(writer_mutex_);
  Freeze();
}

absl::Status StoredDigestIndex::Flush() {
  std::unique_lock lock(writer_mutex_);
  files_ = absl::OkStatus();
  Freeze();
  const std::uint64_t wanted = asked_;
  progress_.wait(lock, [&] { return done_ >= wanted; });
  if (files_.ok() && IsLost()) return Damaged();
  return files_;
}

DigestIndexStats StoredDigestIndex::Stats() const {
  DigestIndexStats stats;
  {
    const std::lock_guard lock(writer_mutex_);
    stats.files = files_;
  }
  const std::shared_ptr<const State> state = Snapshot();
  stats.is_damaged = is_damaged_;
  stats.withdrawn = state->withdrawals->size();
  stats.bytes = state->withdrawals->Bytes() + state->active->Bytes();
  stats.digests = state->active->size();
  for (const Frozen& frozen : state->frozen) {
    stats.bytes += frozen.delta->Bytes();
    stats.digests += frozen.delta->size();
  }
  for (const Runs& runs : state->runs) {
    stats.runs += runs.size();
    for (const PlacedRun& placed : runs) {
      stats.digests += placed.run->rows();
      stats.file_bytes += placed.run->file().size();
    }
  }
  return stats;
}

}  // namespace kith::index::internal
