// SPDX-License-Identifier: Apache-2.0
//
// SegmentedIndex: what it keeps in its folder. The thread that merges writes manifests, and most
// files; a manifest is written when every segment that a mark covers lies there, so at any moment
// the folder holds one whole state under one mark, though perhaps an older one.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/file_segment.h"
#include "index/internal/memory_segment.h"
#include "index/internal/segmented_index.h"

namespace kith::index::internal {
namespace {

// One in so many of a head is sealed where something grows.
constexpr std::size_t kGrownShare = 8;

}  // namespace

bool SegmentedIndex::IsKept(const std::shared_ptr<Segment>& segment) const {
  return kept_.contains(segment.get());
}

bool SegmentedIndex::MayKeep() const {
  // A scrub that found damage waits until nothing is written.
  return folder_ != nullptr && !clearing_ && in_doubt_ == 0 && trouble_.empty() && missing_.empty();
}

std::size_t SegmentedIndex::KeptSegments() const {
  const std::shared_ptr<const State> state = Snapshot();
  const auto unkept =
      std::find_if(state->segments.begin(), state->segments.end(),
                   [this](const std::shared_ptr<Segment>& segment) { return !IsKept(segment); });
  return static_cast<std::size_t>(unkept - state->segments.begin());
}

const Marks::Covered* SegmentedIndex::Coverable() const {
  return marks_.NewestWithin(KeptSegments());
}

bool SegmentedIndex::ManifestDue() const {
  const Marks::Covered* const covered = Coverable();
  return covered != nullptr && (manifest_due_ || covered != &marks_.oldest());
}

bool SegmentedIndex::KeepDue() const {
  return MayKeep() && (ManifestDue() || NextUnkept().count > 0);
}

Manifest SegmentedIndex::ManifestOf(const Segments& segments, const Marks::Covered& covered) const {
  Manifest manifest{.owner = owner_, .mark = covered.mark, .touched = touched_, .segments = {}};
  for (std::size_t i = 0; i < covered.segments; ++i) {
    const ManifestSegment& kept = kept_.at(segments[i].get());
    // One whose codes were all withdrawn before it could be written has no file.
    if (kept.rows > 0) manifest.segments.push_back(kept);
  }
  return manifest;
}

void SegmentedIndex::KeepSome(Lock& lock) {
  if (ManifestDue()) return KeepManifest(lock);
  const MergeRun run = NextUnkept();
  if (MapsFiles()) return RunMerge(run, /*is_of_calm=*/false, lock);
  const std::shared_ptr<const State> state = Snapshot();
  const Segment& segment = *state->segments[run.first];
  keeping_ = true;
  lock.unlock();
  auto written =
      folder_->WriteSegment([&](RowVisitor visit) { return segment.ForEachLiveRow(visit); },
                            {.memory_bytes = kKeepMemory});
  lock.lock();
  NoteKept(written.status());
  if (!written.ok()) return;
  // Only this thread takes segments away, but for Clear, which waits for it.
  kept_.emplace(&segment, std::move(written->named));
  kept_count_ = kept_.size();
  manifest_due_ = true;
}

void SegmentedIndex::KeepManifest(Lock& lock) {
  const Marks::Covered covered = *Coverable();
  const Manifest manifest = ManifestOf(Snapshot()->segments, covered);
  std::vector<std::string> obsolete = std::exchange(obsolete_, {});
  manifest_due_ = false;
  merges_unkept_ = 0;
  keeping_ = true;
  lock.unlock();
  const absl::Status status = folder_->WriteManifest(manifest);
  if (status.ok()) {
    // Searches under way go on with what they have mapped.
    for (const std::string& file : obsolete) folder_->RemoveSegment(file);
  }
  lock.lock();
  NoteKept(status);
  if (status.ok()) {
    kept_mark_ = manifest.mark;
    // What became one meanwhile lies behind what it covers.
    marks_.DropBefore(covered);
  } else {
    manifest_due_ = true;
    obsolete_.insert(obsolete_.end(), obsolete.begin(), obsolete.end());
  }
}

void SegmentedIndex::NoteMade(const Made& made) {
  if (!made.kept) return;
  kept_.emplace(made.segment.get(), *made.kept);
  kept_count_ = kept_.size();
}

void SegmentedIndex::ForgetKept(const Segment& segment) {
  const auto kept = kept_.find(&segment);
  if (kept == kept_.end()) return;
  if (kept->second.rows > 0) obsolete_.push_back(kept->second.file);
  kept_.erase(kept);
  kept_count_ = kept_.size();
}

bool SegmentedIndex::IsCompact() const {
  const std::shared_ptr<const State> state = Snapshot();
  std::uint64_t codes = 0;
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    codes += segment->size() - segment->WithdrawnCount();
  }
  return MapsFiles() && bands_ == 0 && codes >= limits_.compact_from;
}

absl::StatusOr<SegmentedIndex::Made> SegmentedIndex::MakeSegment(const Source& source) const {
  return MapsFiles() ? MakeFile(source) : MakeInMemory(source);
}

absl::StatusOr<SegmentedIndex::Made> SegmentedIndex::MakeFile(const Source& source) const {
  auto written = folder_->WriteSegment(
      source.rows, {.memory_bytes = source.memory_bytes,
                    .bands = bands_,
                    .compact = source.count >= limits_.least_compact_rows && IsCompact(),
                    .stop = source.stop});
  if (!written.ok()) return written.status();
  Made made;
  if (written->file == nullptr) return made;
  made.segment = std::make_shared<FileSegment>(std::move(written->file),
                                               EntryRange{.first_entry = written->named.first_entry,
                                                          .last_entry = written->named.last_entry});
  made.kept = std::move(written->named);
  return made;
}

absl::StatusOr<SegmentedIndex::Made> SegmentedIndex::MakeInMemory(const Source& source) const {
  Rows held;
  held.codes.reserve(source.count);
  held.labels.reserve(source.count);
  const absl::Status status = source.rows([&](const Code& code, const Label& label) {
    held.Add(code, label);
    return true;
  });
  if (!status.ok()) return status;
  Made made;
  if (held.size() == 0) return made;
  auto segment = MemorySegment::Build(engine_, simd_, bands_, std::move(held));
  if (!segment.ok()) return segment.status();
  made.segment = *std::move(segment);
  return made;
}

void SegmentedIndex::NoteKept(const absl::Status& status) {
  keeping_ = false;
  write_failed_ = !status.ok();
  if (!status.ok()) SetTrouble(std::string(status.message()));
}

void SegmentedIndex::SetTrouble(std::string trouble) {
  write_failed_ = write_failed_ || !trouble.empty();
  const std::lock_guard lock(state_mutex_);
  trouble_ = std::move(trouble);
}

void SegmentedIndex::Touches(std::string_view mark) {
  const Lock lock(writer_mutex_);
  // A mark that is too long is none of the owner's: then what is kept is made anew.
  touched_ = mark.size() > kMaxMarkBytes ? std::string() : std::string(mark);
}

absl::Status SegmentedIndex::Reached(std::string_view mark) {
  if (mark.size() > kMaxMarkBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("index: a mark of ", mark.size(), " bytes; at most ", kMaxMarkBytes));
  }
  const Lock lock(writer_mutex_);
  if (folder_ == nullptr) return absl::OkStatus();
  const std::shared_ptr<const State> state = Snapshot();
  const std::size_t waiting = state->head->size();
  // A head that is half full is sealed here, where an addition ends, so that it never fills up in
  // the middle of one: what lies in segments is then all there is up to some mark. What only grows
  // takes it in earlier, as it is searched faster there.
  const bool any_unmarked = state->segments.size() > marks_.newest().segments;
  const bool grows = !write_failed_ && MayGrow(state->segments) && IsYoung(*growing_);
  const std::size_t share = grows ? kGrownShare : 2;
  if (waiting > 0 && (share * waiting >= head_codes_ || any_unmarked)) {
    if (absl::Status status = Seal({}, {}); !status.ok()) return status;
  }
  const std::shared_ptr<const State> sealed = Snapshot();
  if (sealed->head->size() > 0) return absl::OkStatus();
  if (marks_.newest().segments != sealed->segments.size()) SetTrouble("");
  marks_.Reached(std::string(mark), sealed->segments.size());
  // It covers what is missing too, which no older one may stand for then.
  for (MissingRange& missing : missing_) missing.marked = true;
  if (!missing_.empty()) marks_.KeepNewest();
  WakeMerger();
  return absl::OkStatus();
}

absl::Status SegmentedIndex::Clear() {
  Lock lock(writer_mutex_);
  // The thread ends what it does, begins nothing and leaves the folder alone.
  clearing_ = true;
  give_up_ = true;
  merger_did_.wait(lock, [this] { return !merging_ && !keeping_; });
  clearing_ = false;
  ++clears_;
  // Only now, as what ended meanwhile may have ended in damage: that is missing from what is
  // forgotten, and would else be missing for good. A scrub that found some and waits as well finds
  // its segment gone, and leaves all as it is.
  missing_.clear();
  Publish({}, NewHead());
  kept_.clear();
  kept_count_ = 0;
  obsolete_.clear();
  kept_mark_.clear();
  marks_.Reset({}, 0);
  growing_ = nullptr;
  merge_due_ = false;
  calm_merge_due_ = false;
  manifest_due_ = false;
  merges_unkept_ = 0;
  merger_did_.notify_all();
  return folder_ == nullptr ? absl::OkStatus() : folder_->Clear();
}

}  // namespace kith::index::internal
