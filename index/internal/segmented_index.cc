// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segmented_index.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/memory_segment.h"
#include "index/internal/nearest.h"
#include "index/internal/simd_dispatch.h"

namespace kith::index::internal {
namespace {

// What a bulk load holds beside its rows on their way into a file.
constexpr std::size_t kBulkMemory = std::size_t{48} << 20;
// What one addition retires at most: a segment and what it shares with others, twice, and a head.
constexpr std::size_t kMostRetired = 5;

bool AscendEachOnce(std::span<const std::uint64_t> entries) {
  return std::adjacent_find(entries.begin(), entries.end(), std::greater_equal<>()) ==
         entries.end();
}

}  // namespace

SegmentedIndex::SegmentedIndex(const Engine& engine, SimdTarget simd,
                               const HammingIndexOptions& options, const IndexLimits& limits)
    : engine_(engine),
      simd_(simd),
      limits_(limits),
      bands_(options.bands),
      head_codes_(options.head_codes),
      bulk_codes_(options.folder.empty() ? head_codes_ : head_codes_ / 2),
      ripe_rows_(std::min(limits.ripe_heads * head_codes_, GrowingPostings::kMostCodes)),
      state_(std::make_shared<const State>(State{.segments = {}, .head = NewHead()})),
      owner_(options.owner) {}

absl::StatusOr<std::unique_ptr<HammingIndex>> SegmentedIndex::Make(
    const Engine& engine, SimdTarget simd, const HammingIndexOptions& options,
    const IndexLimits& limits) {
  // The constructor is private.
  std::unique_ptr<SegmentedIndex> index(new SegmentedIndex(engine, simd, options, limits));
  if (!options.folder.empty()) {
    absl::Status status = index->Recover(options.folder, options.progress);
    if (!status.ok()) return status;
  }
  index->merger_ = std::thread([raw = index.get()] { raw->MergeLoop(); });
  return index;
}

SegmentedIndex::~SegmentedIndex() {
  {
    const Lock lock(writer_mutex_);
    stopping_ = true;
  }
  merger_wakes_.notify_all();
  if (merger_.joinable()) merger_.join();
}

std::shared_ptr<const SegmentedIndex::State> SegmentedIndex::Snapshot() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

void SegmentedIndex::Publish(Segments segments, std::shared_ptr<Head> head) {
  PublishAs(std::make_shared<State>(), std::move(segments), std::move(head));
}

void SegmentedIndex::PublishAs(const std::shared_ptr<State>& state, Segments segments,
                               std::shared_ptr<Head> head) {
  *state = {.segments = std::move(segments),
            .head = std::move(head),
            .is_whole = missing_.empty() && in_doubt_ == 0};
  // The old state is let go outside the lock.
  std::shared_ptr<const State> other = state;
  const std::lock_guard lock(state_mutex_);
  state_.swap(other);
}

absl::Status SegmentedIndex::Add(std::span<const Code> codes, std::span<const Label> labels) {
  if (codes.size() != labels.size()) {
    return absl::InvalidArgumentError(absl::StrCat("index: ", codes.size(), " codes came with ",
                                                   labels.size(),
                                                   " labels; give one label a code"));
  }
  Lock lock(writer_mutex_);
  // Small additions are sealed when they are marked, where nobody may be kept waiting.
  if (MapsFiles()) WaitWhileCrowded(lock);
  while (!codes.empty()) {
    const std::shared_ptr<Head> head = Snapshot()->head;
    // A bulk load is a segment at once, and takes along what came before it. So is, where segments
    // are kept in files, what does not fit into the head: an entry lies in one of them.
    if (codes.size() >= bulk_codes_ || (folder_ != nullptr && codes.size() > head->Room())) {
      WaitWhileCrowded(lock);
      return Seal(codes, labels);
    }
    const std::size_t count = std::min(codes.size(), head->Room());
    head->Append(codes.first(count), labels.first(count));
    codes = codes.subspan(count);
    labels = labels.subspan(count);
    if (head->Room() > 0) continue;
    WaitWhileCrowded(lock);
    // While it waited, another addition may have done it.
    if (Snapshot()->head != head) continue;
    if (absl::Status status = Seal({}, {}); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Publishes the segment together with an empty head: a search sees each code once, in the head or
// in the segment.
absl::Status SegmentedIndex::Seal(std::span<const Code> codes, std::span<const Label> labels) {
  const std::shared_ptr<const State> state = Snapshot();
  Rows rows = state->head->LiveRows();
  Segments segments = state->segments;
  // Once something is changed, no memory may be wanting.
  auto next = std::make_shared<State>();
  auto head = state->head->size() == 0 ? state->head : NewHead();
  segments.reserve(segments.size() + 1);
  retired_.reserve(retired_.size() + kMostRetired);
  last_sealed_ = std::chrono::steady_clock::now();
  Made made;
  const std::size_t count = rows.size() + codes.size();
  // A bulk load goes to its file without a detour through memory.
  if (MapsFiles() && codes.size() >= bulk_codes_ && trouble_.empty()) {
    const auto hand_on = [&](RowVisitor visit) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!visit(rows.codes[i], rows.labels[i])) return absl::OkStatus();
      }
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (!visit(codes[i], labels[i])) return absl::OkStatus();
      }
      return absl::OkStatus();
    };
    absl::StatusOr<Made> written =
        MakeSegment({.rows = hand_on, .count = count, .memory_bytes = kBulkMemory});
    if (written.ok()) {
      made = *std::move(written);
    } else {
      SetTrouble(std::string(written.status().message()));
    }
  }
  if (made.segment != nullptr) {
    NoteMade(made);
    segments.push_back(std::move(made.segment));
  } else if (count > 0) {
    rows.codes.insert(rows.codes.end(), codes.begin(), codes.end());
    rows.labels.insert(rows.labels.end(), labels.begin(), labels.end());
    if (absl::Status status = AddInMemory(segments, std::move(rows)); !status.ok()) return status;
  }
  PublishAs(next, std::move(segments), std::move(head));
  if (state->head->size() > 0) retired_.push_back(state->head);
  FreeUnused();
  WakeMerger();
  return absl::OkStatus();
}

absl::Status SegmentedIndex::AddInMemory(Segments& segments, Rows rows) {
  // What cannot grow needs no room for more.
  if (MapsFiles() && missing_.empty() && rows.size() <= ripe_rows_) return Grow(segments, rows);
  auto segment = MemorySegment::Build(engine_, simd_, bands_, std::move(rows));
  if (!segment.ok()) return segment.status();
  segments.push_back(*std::move(segment));
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> SegmentedIndex::Withdraw(std::span<const std::uint64_t> entries) {
  // A start tells all that were ever withdrawn, in order: they are not copied.
  std::vector<std::uint64_t> sorted;
  if (!AscendEachOnce(entries)) entries = sorted = SortedOnce({entries.begin(), entries.end()});
  const Lock lock(writer_mutex_);
  const std::shared_ptr<const State> state = Snapshot();
  std::uint64_t silenced = state->head->Withdraw(entries);
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    silenced += segment->Withdraw(entries);
  }
  // The merge may have read a row before it was silenced.
  if (merging_) merge_.withdrawn.insert(merge_.withdrawn.end(), entries.begin(), entries.end());
  WakeMerger();
  return silenced;
}

absl::StatusOr<std::vector<SearchResult>> SegmentedIndex::Search(
    std::span<const Code> queries, const SearchOptions& options) const {
  if (options.radius_bits < 0 || options.radius_bits > engine_.max_radius_bits) {
    return absl::InvalidArgumentError(
        absl::StrCat("index: engine ", std::string(engine_.name), " answers radii from 0 to ",
                     engine_.max_radius_bits, " bits, asked for ", options.radius_bits,
                     engine_.max_radius_bits < kCodeBits ? "; use engine scan for more" : ""));
  }
  const std::shared_ptr<const State> state = Snapshot();
  if (!state->is_whole) {
    return absl::UnavailableError(
        "index: a damaged part is being made again from the catalog; ask again in a while");
  }
  std::vector<SearchResult> results(queries.size());
  for (std::size_t first = 0; first < queries.size(); first += engine_.queries_at_once) {
    const std::span<const Code> some =
        queries.subspan(first, std::min(engine_.queries_at_once, queries.size() - first));
    const auto sink = [&](std::size_t query, const Label& label, int distance_bits) {
      if (options.keep && !options.keep(first + query, label, distance_bits)) return;
      OfferHit({.distance_bits = static_cast<std::uint16_t>(distance_bits), .label = label},
               options.limit, results[first + query]);
    };
    state->head->Search(some, options.radius_bits, ScanKernelOf(simd_), sink);
    for (const std::shared_ptr<Segment>& segment : state->segments) {
      if (absl::Status status = segment->Search(some, options.radius_bits, sink); !status.ok()) {
        return status;
      }
    }
  }
  for (SearchResult& result : results) FinishHits(result);
  return results;
}

absl::StatusOr<std::uint64_t> SegmentedIndex::ContentDigest() const {
  const std::shared_ptr<const State> state = Snapshot();
  std::uint64_t sum = 0;
  const auto add = [&sum](const Code& code, const Label& label) {
    sum += RowDigest(code, label);
    return true;
  };
  const Rows head = state->head->LiveRows();
  for (std::size_t row = 0; row < head.size(); ++row) add(head.codes[row], head.labels[row]);
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    if (absl::Status status = segment->ForEachLiveRow(add); !status.ok()) return status;
  }
  return sum;
}

HammingIndexStats SegmentedIndex::Stats() const {
  const std::shared_ptr<const State> state = Snapshot();
  HammingIndexStats stats;
  stats.engine = std::string(engine_.name);
  stats.simd = std::string(SimdTargetName(simd_));
  stats.segments = state->segments.size();
  stats.kept = kept_count_;
  {
    const std::lock_guard lock(state_mutex_);
    stats.trouble = trouble_;
    stats.damage = damage_;
  }
  // The tombstones are read first: a row is there before it can be withdrawn.
  stats.withdrawn = state->head->WithdrawnCount();
  stats.codes = state->head->size() - stats.withdrawn;
  stats.bytes = state->head->Bytes();
  for (const std::shared_ptr<Segment>& segment : state->segments) {
    const std::size_t withdrawn = segment->WithdrawnCount();
    stats.withdrawn += withdrawn;
    stats.codes += segment->size() - withdrawn;
    stats.bytes += segment->Bytes();
    stats.mapped_bytes += segment->FileBytes();
  }
  return stats;
}

}  // namespace kith::index::internal
