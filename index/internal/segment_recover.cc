// SPDX-License-Identifier: Apache-2.0
//
// SegmentedIndex: how it finds again what it keeps, and what becomes of a file that is damaged.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/file_segment.h"
#include "index/internal/memory_segment.h"
#include "index/internal/segmented_index.h"

namespace kith::index::internal {
namespace {

// Whether a file must be made anew: it is gone, damaged, or of another format. Anything else is a
// fault of the moment.
bool IsOfNoUse(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsDataLoss(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

absl::Status SegmentedIndex::Recover(const std::string& path, const Progress& progress) {
  auto folder = IndexFolder::Open(path, limits_.never_scan);
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
    status = absl::DataLossError(absl::StrCat(path, ": the index is that of another owner"));
  }
  for (std::size_t i = 1; status.ok() && i < manifest->segments.size(); ++i) {
    if (manifest->segments[i].first_entry > manifest->segments[i - 1].last_entry) continue;
    status = absl::DataLossError(absl::StrCat(path, ": the manifest is out of order"));
  }
  if (status.ok()) return OpenSegments(*manifest, progress);
  if (!absl::IsNotFound(status)) recovered_.problems.push_back(std::string(status.message()));
  if (absl::Status cleared = folder_->Clear(); !cleared.ok()) {
    SetTrouble(std::string(cleared.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Segment>> SegmentedIndex::OpenSegment(
    const ManifestSegment& named, const SegmentProgress& progress) const {
  auto file = folder_->OpenSegment(named, progress);
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

absl::Status SegmentedIndex::OpenSegments(const Manifest& manifest, const Progress& progress) {
  Segments segments;
  std::uint64_t all_bytes = 0;
  for (const ManifestSegment& named : manifest.segments) all_bytes += folder_->SegmentBytes(named);
  std::uint64_t done_bytes = 0;
  bool any_checked = false;
  // A file that was compared with its checksums before is done with at once, and in silence.
  const SegmentProgress of_segment = [&](std::string_view /*phase*/, std::uint64_t done,
                                         std::uint64_t /*total*/) {
    any_checked = true;
    if (progress) progress(std::min(done_bytes + done, all_bytes), all_bytes);
  };
  folder_->RemoveUnnamed(manifest);
  folder_->Skip(manifest);
  for (const ManifestSegment& named : manifest.segments) {
    absl::StatusOr<std::shared_ptr<Segment>> segment = OpenSegment(named, of_segment);
    done_bytes += folder_->SegmentBytes(named);
    if (any_checked) of_segment("", 0, 0);
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
  recovered_.mark = kept_mark_ = manifest.mark;
  recovered_.touched = touched_ = manifest.touched;
  marks_.Reset(manifest.mark, segments.size());
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
  }
  const bool adds_marked = !codes.empty() && missing_.front().marked;
  if (range.last_entry == missing_.front().range.last_entry) {
    missing_.erase(missing_.begin());
  } else {
    missing_.front().range.first_entry = range.last_entry + 1;
  }
  manifest_due_ = true;
  Publish(std::move(segments), state->head);
  if (adds_marked) marks_.AddOne();
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
  const bool marked = static_cast<std::size_t>(found - segments.begin()) < marks_.newest().segments;
  // Until it is restored nothing is kept, and then all up to the newest mark.
  if (marked) {
    marks_.TakeOne();
  } else {
    marks_.KeepNewest();
  }
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

void SegmentedIndex::TakeOutWithin(const EntryRange& range, const absl::Status& why) {
  const std::shared_ptr<const State> state = Snapshot();
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    const EntryRange other = segment->entries();
    if (other.first_entry <= range.last_entry && other.last_entry >= range.first_entry) {
      TakeOut(segment, why);
    }
  }
}

absl::StatusOr<bool> SegmentedIndex::Scrub(std::uint64_t budget_bytes) {
  const std::lock_guard scrub_lock(scrub_mutex_);
  std::shared_ptr<const State> state;
  std::uint64_t clears = 0;
  {
    const Lock lock(writer_mutex_);
    state = Snapshot();
    clears = clears_;
  }
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
  if (clears == clears_) TakeOutWithin((*next)->entries(), done.status());
  WakeMerger();
  merger_did_.notify_all();
  return done.status();
}

}  // namespace kith::index::internal
