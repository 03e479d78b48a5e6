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
#include "index/internal/file_io.h"
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

constexpr std::size_t At(DigestKind kind) { return static_cast<std::size_t>(kind); }

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

absl::Status StoredDigestIndex::Damaged() const {
  return absl::UnavailableError(absl::StrCat(
      options_.folder, ": a damaged file is being made again from the catalog; ask again later"));
}

absl::StatusOr<std::vector<std::vector<std::uint64_t>>> StoredDigestIndex::Find(
    DigestKind kind, std::span<const std::string_view> digests) const {
  if (absl::Status status = CheckLengths(kind, digests); !status.ok()) return status;
  const std::uint64_t filling = filling_;
  if (is_damaged_) return Damaged();
  const std::shared_ptr<const State> state = Snapshot();
  // A state that is being filled again holds less than there is.
  if (is_damaged_ || filling != filling_) return Damaged();
  std::vector<std::vector<std::uint64_t>> found(digests.size());
  std::vector<Unsure> unsure;
  std::vector<const DigestDelta*> deltas;
  const auto look_into = [&](const DigestDelta& delta) {
    const auto rows = delta.With(kind, [](const auto& table) { return table.size(); });
    if (rows > 0) deltas.push_back(&delta);
  };
  look_into(*state->active);
  for (const Frozen& frozen : state->frozen) look_into(*frozen.delta);
  for (std::size_t first = 0; first < digests.size(); first += DigestRun::kFindsAtOnce) {
    const auto some =
        digests.subspan(first, std::min(DigestRun::kFindsAtOnce, digests.size() - first));
    const auto lock = state->withdrawals->Read();
    for (const PlacedRun& placed : state->runs[At(kind)]) {
      const bool is_sure = !placed.run->IsTruncated();
      placed.run->Find(some, [&](std::size_t query, std::uint64_t entry) {
        if (state->withdrawals->IsSilent(entry, placed.epoch)) return;
        if (is_sure) {
          found[first + query].push_back(entry);
        } else {
          unsure.push_back({.query = first + query, .entry = entry});
        }
      });
    }
    for (const DigestDelta* delta : deltas) {
      delta->With(kind, [&](const auto& table) {
        for (std::size_t i = 0; i < some.size(); ++i) {
          table.Find(some[i], [&](std::uint64_t entry, std::uint32_t epoch) {
            if (!state->withdrawals->IsSilent(entry, epoch)) found[first + i].push_back(entry);
          });
        }
      });
    }
  }
  if (absl::Status status = Confirm(kind, digests, unsure, found); !status.ok()) return status;
  for (std::vector<std::uint64_t>& entries : found) {
    if (entries.size() < 2) continue;
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  }
  return found;
}

absl::Status StoredDigestIndex::Confirm(DigestKind kind, std::span<const std::string_view> digests,
                                        std::span<const Unsure> unsure,
                                        std::vector<std::vector<std::uint64_t>>& found) const {
  if (unsure.empty()) return absl::OkStatus();
  std::vector<std::string_view> asked;
  std::vector<std::uint64_t> entries;
  for (const Unsure& one : unsure) {
    asked.push_back(digests[one.query]);
    entries.push_back(one.entry);
  }
  const auto confirmed = options_.confirm(kind, asked, entries);
  if (!confirmed.ok()) return confirmed.status();
  if (confirmed->size() != unsure.size()) {
    return absl::InternalError("index: digests were confirmed in part only");
  }
  for (std::size_t i = 0; i < unsure.size(); ++i) {
    if ((*confirmed)[i]) found[unsure[i].query].push_back(unsure[i].entry);
  }
  return absl::OkStatus();
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

absl::Status StoredDigestIndex::Clear() {
  std::unique_lock lock(writer_mutex_);
  is_clearing_ = true;
  progress_.wait(lock, [this] { return !IsBehind(); });
  is_clearing_ = false;
  const std::shared_ptr<const State> before = Snapshot();
  State state;
  state.withdrawals = std::make_shared<Withdrawals>();
  state.active = std::make_shared<DigestDelta>(seeds_);
  Publish(std::move(state));
  ++filling_;
  is_refilling_ = false;
  reached_ = saved_ = spilled_ = 0;
  for (std::string* mark :
       {&reached_mark_, &touched_mark_, &saved_mark_, &saved_touched_mark_, &spilled_mark_}) {
    mark->clear();
  }
  compaction_wanted_ = false;
  lock.unlock();
  // Not an empty one in its place: that would need room.
  absl::Status status;
  {
    const std::lock_guard manifest_lock(manifest_mutex_);
    status = RemoveManifest();
  }
  lock.lock();
  files_ = status;
  if (!status.ok()) {
    // The folder still tells of what is forgotten here.
    is_damaged_ = true;
    return status;
  }
  is_refilling_ = true;
  lock.unlock();
  for (const Runs& runs : before->runs) {
    for (const PlacedRun& placed : runs) {
      std::error_code error;  // what stays is removed with the next list
      std::filesystem::remove(RunPath(options_.folder, placed.number), error);
    }
  }
  return absl::OkStatus();
}

void StoredDigestIndex::Refilled() {
  const std::lock_guard lock(writer_mutex_);
  if (is_refilling_) is_damaged_ = false;
  is_refilling_ = false;
}

absl::Status StoredDigestIndex::Noted(absl::Status status, std::uint64_t filling) {
  // A file that cannot be read is as good as gone; a lack of memory tells nothing of it.
  if (status.ok() || absl::IsCancelled(status) || absl::IsResourceExhausted(status)) return status;
  {
    const std::lock_guard lock(writer_mutex_);
    if (filling != filling_) return absl::OkStatus();  // nobody looks into that file any more
    is_damaged_ = true;
    is_refilling_ = false;
  }
  // The next start would believe a file whose stamp did not change, and not find the damage.
  const std::lock_guard manifest_lock(manifest_mutex_);
  if (!IsLost()) return status;
  if (const absl::Status removed = RemoveManifest(); !removed.ok()) {
    return absl::Status(status.code(), absl::StrCat(status.message(), "; ", removed.message()));
  }
  return status;
}

absl::Status StoredDigestIndex::RemoveManifest() const {
  std::error_code error;
  const std::string path = ManifestPath(options_.folder);
  std::filesystem::remove(path, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(path, ": cannot be removed: ", error.message(), "; remove it"));
  }
  absl::Status status = FlushFolder(options_.folder);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
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

absl::Status StoredDigestIndex::Scrub(const Pace& pace) {
  std::shared_ptr<const State> state;
  std::uint64_t filling = 0;
  {
    const std::lock_guard lock(writer_mutex_);
    state = Snapshot();
    filling = filling_;
  }
  for (const Runs& runs : state->runs) {
    for (const PlacedRun& placed : runs) {
      absl::Status status = Noted(placed.run->file().Verify(pace), filling);
      if (!status.ok()) return status;
      // What was made anew meanwhile is looked at in the next round, and the rest of this is gone.
      const std::lock_guard lock(writer_mutex_);
      if (filling != filling_) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
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
