// SPDX-License-Identifier: Apache-2.0
//
// StoredDigestIndex: damage, how it is found and remembered, and how all is made anew.
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/file_io.h"
#include "index/internal/stored_digest_index.h"

namespace kith::index::internal {

absl::Status StoredDigestIndex::Damaged() const {
  return absl::UnavailableError(absl::StrCat(
      options_.folder, ": a damaged file is being made again from the catalog; ask again later"));
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
  if (error) return ErrnoStatus(path, "cannot be removed, and has to be", error.value());
  absl::Status status = FlushFolder(options_.folder);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace kith::index::internal
