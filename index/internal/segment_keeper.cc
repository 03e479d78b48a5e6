// SPDX-License-Identifier: Apache-2.0
//
// SegmentedIndex: what it keeps in its directory, and how it finds it again. The thread that merges
// writes; a manifest is written when every segment that the mark covers lies there, so at any
// moment the directory holds one whole state under one mark, though perhaps an older one.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/file_segment.h"
#include "index/internal/memory_segment.h"
#include "index/internal/segmented_index.h"

namespace kith::index::internal {
namespace {

// What a segment in memory needs on its way into a file.
constexpr std::size_t kKeepMemory = std::size_t{48} << 20;

// Whether a file must be made anew: it is gone, damaged, or of another format. Anything else is a
// fault of the moment.
bool IsOfNoUse(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsDataLoss(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

bool SegmentedIndex::IsKept(const std::shared_ptr<Segment>& segment) const {
  return kept_.contains(segment.get());
}

bool SegmentedIndex::KeepDue() const {
  if (folder_ == nullptr || clearing_ || !trouble_.empty() || !missing_.empty()) return false;
  if (manifest_due_) return true;
  const std::shared_ptr<const State> state = Snapshot();
  const auto end = state->segments.begin() + static_cast<std::ptrdiff_t>(marked_segments_);
  return !std::all_of(state->segments.begin(), end,
                      [this](const std::shared_ptr<Segment>& segment) { return IsKept(segment); });
}

Manifest SegmentedIndex::ManifestOf(const Segments& segments) const {
  Manifest manifest{.owner = owner_, .mark = mark_, .touched = touched_, .segments = {}};
  for (std::size_t i = 0; i < marked_segments_; ++i) {
    const ManifestSegment& kept = kept_.at(segments[i].get());
    // One whose codes were all withdrawn before it could be written has no file.
    if (kept.rows > 0) manifest.segments.push_back(kept);
  }
  return manifest;
}

void SegmentedIndex::KeepSome(Lock& lock) {
  const std::shared_ptr<const State> state = Snapshot();
  const auto end = state->segments.begin() + static_cast<std::ptrdiff_t>(marked_segments_);
  const auto unkept =
      std::find_if(state->segments.begin(), end,
                   [this](const std::shared_ptr<Segment>& segment) { return !IsKept(segment); });
  if (unkept == end) return KeepManifest(*state, lock);
  if (MapsFiles()) {
    // It becomes the file: merged with nothing, so to speak.
    const auto first = static_cast<std::size_t>(unkept - state->segments.begin());
    return RunMerge({.first = first, .count = 1}, lock);
  }
  const std::shared_ptr<Segment> segment = *unkept;
  keeping_ = true;
  lock.unlock();
  auto written =
      folder_->WriteSegment([&](RowVisitor visit) { return segment->ForEachLiveRow(visit); },
                            {.memory_bytes = kKeepMemory});
  lock.lock();
  NoteKept(written.status());
  if (!written.ok()) return;
  // Only this thread takes segments away, but for Clear, which waits for it.
  kept_.emplace(segment.get(), std::move(written->named));
  kept_count_ = kept_.size();
  manifest_due_ = true;
}

void SegmentedIndex::KeepManifest(const State& state, Lock& lock) {
  const Manifest manifest = ManifestOf(state.segments);
  std::vector<std::string> obsolete = std::exchange(obsolete_, {});
  manifest_due_ = false;
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
  } else {
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
  Made made;
  if (MapsFiles()) {
    auto written = folder_->WriteSegment(
        source.rows, {.memory_bytes = source.memory_bytes,
                      .bands = bands_,
                      .compact = source.count >= limits_.least_compact_rows && IsCompact(),
                      .stop = source.stop});
    if (!written.ok()) return written.status();
    if (written->file == nullptr) return made;
    made.segment = std::make_shared<FileSegment>(
        std::move(written->file), EntryRange{.first_entry = written->named.first_entry,
                                             .last_entry = written->named.last_entry});
    made.kept = std::move(written->named);
    return made;
  }
  Rows held;
  const absl::Status status = source.rows([&](const Code& code, const Label& label) {
    held.Add(code, label);
    return true;
  });
  if (!status.ok()) return status;
  if (held.size() == 0) return made;
  auto segment = MemorySegment::Build(engine_, simd_, bands_, std::move(held));
  if (!segment.ok()) return segment.status();
  made.segment = *std::move(segment);
  return made;
}

void SegmentedIndex::NoteKept(const absl::Status& status) {
  keeping_ = false;
  if (!status.ok()) SetTrouble(std::string(status.message()));
}

void SegmentedIndex::SetTrouble(std::string trouble) {
  const std::lock_guard lock(state_mutex_);
  trouble_ = std::move(trouble);
}

void SegmentedIndex::Touches(std::string_view mark) {
  const Lock lock(writer_mutex_);
  // A mark that is too long is none of the owner's: then what is kept is made anew.
  touched_ = mark.size() > kMaxMarkBytes ? std::string() : std::string(mark);
}

absl::Status SegmentedIndex::SetMark(std::string_view mark) {
  if (mark.size() > kMaxMarkBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("index: a mark of ", mark.size(), " bytes; at most ", kMaxMarkBytes));
  }
  const Lock lock(writer_mutex_);
  if (folder_ == nullptr) return absl::OkStatus();
  const std::shared_ptr<const State> state = Snapshot();
  const std::size_t waiting = state->head->size();
  // A head that is half full is sealed here, where an addition ends, so that it never fills up in
  // the middle of one: what lies in segments is then all there is up to some mark.
  if (waiting > 0 && (2 * waiting >= head_codes_ || state->segments.size() > marked_segments_)) {
    if (absl::Status status = Seal({}, {}); !status.ok()) return status;
  }
  const std::shared_ptr<const State> sealed = Snapshot();
  if (sealed->head->size() > 0) return absl::OkStatus();
  mark_ = std::string(mark);
  for (MissingRange& missing : missing_) missing.marked = true;
  if (marked_segments_ != sealed->segments.size()) {
    marked_segments_ = sealed->segments.size();
    manifest_due_ = true;
    SetTrouble("");
  }
  WakeMerger();
  return absl::OkStatus();
}

absl::Status SegmentedIndex::Recover(const std::string& directory) {
  auto folder = IndexFolder::Open(directory);
  if (!folder.ok()) {
    // The index is derived: without a folder it is whole as long as the process lives.
    recovered_.problems.push_back(std::string(folder.status().message()));
    SetTrouble(recovered_.problems.back());
    return absl::OkStatus();
  }
  folder_ = *std::move(folder);
  const auto manifest = folder_->ReadManifest();
  absl::Status status = manifest.status();
  // Too many open files, say: what is kept is sound, and stays.
  if (!status.ok() && !IsOfNoUse(status)) return status;
  if (status.ok() && manifest->owner != owner_) {
    status = absl::DataLossError(absl::StrCat(directory, ": the index is that of another owner"));
  }
  for (std::size_t i = 1; status.ok() && i < manifest->segments.size(); ++i) {
    if (manifest->segments[i].first_entry > manifest->segments[i - 1].last_entry) continue;
    status = absl::DataLossError(absl::StrCat(directory, ": the manifest is out of order"));
  }
  if (status.ok()) return OpenSegments(*manifest);
  if (!absl::IsNotFound(status)) recovered_.problems.push_back(std::string(status.message()));
  if (absl::Status cleared = folder_->Clear(); !cleared.ok()) {
    SetTrouble(std::string(cleared.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Segment>> SegmentedIndex::OpenSegment(
    const ManifestSegment& named) const {
  auto file = folder_->OpenSegment(named);
  if (!file.ok()) return file.status();
  if (MapsFiles()) {
    return std::make_shared<FileSegment>(
        *std::move(file),
        EntryRange{.first_entry = named.first_entry, .last_entry = named.last_entry});
  }
  Rows rows;
  (*file)->ForEachRow([&rows](std::uint64_t /*row*/, const Code& code, const Label& label) {
    rows.Add(code, label);
    return true;
  });
  return MemorySegment::Build(engine_, simd_, bands_, std::move(rows));
}

absl::Status SegmentedIndex::OpenSegments(const Manifest& manifest) {
  Segments segments;
  // What a killed process left.
  folder_->RemoveUnnamed(manifest);
  folder_->Skip(manifest);
  for (const ManifestSegment& named : manifest.segments) {
    absl::StatusOr<std::shared_ptr<Segment>> segment = OpenSegment(named);
    if (!segment.ok()) {
      if (!IsOfNoUse(segment.status())) return segment.status();
      recovered_.problems.push_back(std::string(segment.status().message()));
      recovered_.missing.push_back(
          {.first_entry = named.first_entry, .last_entry = named.last_entry});
      obsolete_.push_back(named.file);
      continue;
    }
    kept_.emplace(segment->get(), named);
    segments.push_back(*std::move(segment));
  }
  for (const EntryRange& range : recovered_.missing) {
    missing_.push_back({.range = range, .marked = true});
  }
  recovered_.mark = mark_ = kept_mark_ = manifest.mark;
  recovered_.touched = touched_ = manifest.touched;
  marked_segments_ = segments.size();
  kept_count_ = kept_.size();
  Publish(std::move(segments), NewHead());
  NoteDue();
  return absl::OkStatus();
}

absl::Status SegmentedIndex::Restore(const EntryRange& range, std::span<const Code> codes,
                                     std::span<const Label> labels) {
  const Lock lock(writer_mutex_);
  const bool fits = !missing_.empty() && range.first_entry == missing_.front().range.first_entry &&
                    range.last_entry >= range.first_entry &&
                    range.last_entry <= missing_.front().range.last_entry &&
                    codes.size() == labels.size() &&
                    std::all_of(labels.begin(), labels.end(), [&](const Label& label) {
                      return label.entry >= range.first_entry && label.entry <= range.last_entry;
                    });
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat("index: entries ", range.first_entry, " to ",
                                                   range.last_entry, " are not what is missing"));
  }
  const std::shared_ptr<const State> state = Snapshot();
  Segments segments = state->segments;
  if (!codes.empty()) {
    const auto hand_on = [&](RowVisitor visit) {
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (!visit(codes[i], labels[i])) break;
      }
      return absl::OkStatus();
    };
    absl::StatusOr<Made> made =
        MakeSegment({.rows = hand_on, .count = codes.size(), .memory_bytes = kKeepMemory});
    if (!made.ok() && MapsFiles()) {
      SetTrouble(std::string(made.status().message()));
      auto segment = MemorySegment::Build(
          engine_, simd_, bands_,
          Rows{.codes = {codes.begin(), codes.end()}, .labels = {labels.begin(), labels.end()}});
      made = segment.status();
      if (segment.ok()) made = Made{.segment = *std::move(segment), .kept = std::nullopt};
    }
    if (!made.ok()) return made.status();
    NoteMade(*made);
    const auto place =
        std::find_if(segments.begin(), segments.end(), [&](const std::shared_ptr<Segment>& other) {
          return other->entries().first_entry > range.last_entry;
        });
    segments.insert(place, std::move(made->segment));
    if (missing_.front().marked) ++marked_segments_;
  }
  if (range.last_entry == missing_.front().range.last_entry) {
    missing_.erase(missing_.begin());
  } else {
    missing_.front().range.first_entry = range.last_entry + 1;
  }
  manifest_due_ = true;
  Publish(std::move(segments), state->head);
  WakeMerger();
  return absl::OkStatus();
}

std::vector<EntryRange> SegmentedIndex::Missing() const {
  const Lock lock(writer_mutex_);
  std::vector<EntryRange> ranges;
  ranges.reserve(missing_.size());
  for (const MissingRange& missing : missing_) ranges.push_back(missing.range);
  return ranges;
}

void SegmentedIndex::TakeOut(const std::shared_ptr<Segment>& segment, const absl::Status& why) {
  const std::shared_ptr<const State> state = Snapshot();
  Segments segments = state->segments;
  const auto found = std::find(segments.begin(), segments.end(), segment);
  if (found == segments.end()) return Publish(std::move(segments), state->head);
  const EntryRange range = segment->entries();
  const bool marked = static_cast<std::size_t>(found - segments.begin()) < marked_segments_;
  if (marked) --marked_segments_;
  segments.erase(found);
  missing_.insert(std::find_if(missing_.begin(), missing_.end(),
                               [&](const MissingRange& other) {
                                 return other.range.first_entry > range.first_entry;
                               }),
                  {.range = range, .marked = marked});
  ForgetKept(*segment);
  {
    const std::lock_guard lock(state_mutex_);
    damage_ = std::string(why.message());
  }
  Publish(std::move(segments), state->head);
}

absl::StatusOr<bool> SegmentedIndex::Scrub(std::uint64_t budget_bytes) {
  const std::lock_guard scrub_lock(scrub_mutex_);
  const std::shared_ptr<const State> state = Snapshot();
  const auto next =
      std::find_if(state->segments.begin(), state->segments.end(),
                   [this](const std::shared_ptr<Segment>& segment) {
                     return segment->IsMapped() && segment->entries().last_entry >= scrub_entry_;
                   });
  if (next == state->segments.end()) {
    scrub_entry_ = 0;
    return true;
  }
  const auto done = (*next)->Scrub(budget_bytes);
  if (done.ok()) {
    if (*done) scrub_entry_ = (*next)->entries().last_entry + 1;
    return false;
  }
  if (absl::IsResourceExhausted(done.status())) return done.status();
  Lock lock(writer_mutex_);
  // From now on no answer passes for a whole one. A merge may be about to put another segment in
  // its place, though: it makes way, and none begins.
  ++in_doubt_;
  give_up_ = true;
  const std::shared_ptr<const State> doubtful = Snapshot();
  Publish(doubtful->segments, doubtful->head);
  merger_did_.wait(lock, [this] { return !merging_ && !keeping_; });
  --in_doubt_;
  TakeOut(*next, done.status());
  WakeMerger();
  return done.status();
}

absl::Status SegmentedIndex::Clear() {
  Lock lock(writer_mutex_);
  // The thread ends what it does and leaves the folder alone.
  clearing_ = true;
  missing_.clear();
  marked_segments_ = 0;
  manifest_due_ = false;
  give_up_ = true;
  merger_did_.wait(lock, [this] { return !merging_ && !keeping_; });
  clearing_ = false;
  Publish({}, NewHead());
  kept_.clear();
  kept_count_ = 0;
  obsolete_.clear();
  mark_.clear();
  kept_mark_.clear();
  marked_segments_ = 0;
  merge_due_ = false;
  large_merge_due_ = false;
  manifest_due_ = false;
  return folder_ == nullptr ? absl::OkStatus() : folder_->Clear();
}

}  // namespace kith::index::internal
