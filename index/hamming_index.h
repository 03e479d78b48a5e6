// SPDX-License-Identifier: Apache-2.0
//
// Purpose: find every stored 256-bit code within a Hamming radius of a query, exactly, while codes
// are added and withdrawn.
//
// Shape: a small head that is scanned, immutable segments (each a faiss::IndexBinary made by the
// engine's name), and one bit a code that tells whether it is withdrawn. A thread of the index
// makes few large segments of many small ones and leaves withdrawn codes out of them. With a
// folder and engine mih, segments are files (segment.h) that are mapped and searched where they
// lie, but for the newest codes, which grow in memory: in at most three parts of 0.25 GB, for
// sixteen heads each, as long as files can be written and nothing is missing. The engine decides
// speed and memory, never the answer.
//
// Thread-safety: all functions may be called from any number of threads at once. A search works on
// the state it found when it began and waits for no addition, withdrawal or merge; additions and
// withdrawals wait for each other. What is added is found by every search that begins after Add
// returned; what is withdrawn is silent in every search that begins after Withdraw returned. Where
// additions come faster than they can be merged, Add waits for a merge.
//
// Units: distances and radii are bits, 0..256; a radius is inclusive.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::index {

// A 256-bit hash as 32 bytes in printed order (any order gives the same distances).
using Code = std::array<std::uint8_t, 32>;

inline constexpr int kCodeBits = 256;
inline constexpr int kDefaultRadiusBits = 31;

// Whose code it is: an entry owns one code for each of its views.
struct Label {
  std::uint64_t entry = 0;
  std::uint32_t view = 0;
  friend auto operator<=>(const Label&, const Label&) = default;
};

// Hits are ordered by distance, then entry, then view.
struct Hit {
  std::uint16_t distance_bits = 0;
  Label label;
  friend auto operator<=>(const Hit&, const Hit&) = default;
};

// Tells whether a code within the radius counts. `query` is the position in the batch. Called once
// for each such code, in no promised order, by the searching thread, so it must be cheap, must not
// throw, and needs no lock for its own state unless several searches share it.
using HitFilter = std::function<bool(std::size_t query, const Label& label, int distance_bits)>;

struct SearchOptions {
  int radius_bits = kDefaultRadiusBits;  // inclusive, 0..256; faiss-multihash answers 0..31 only
  std::size_t limit = 1000;              // the nearest hits returned of each query; 0 only counts
  HitFilter keep = {};                   // empty keeps everything
};

// The answer to one query.
struct SearchResult {
  std::vector<Hit> hits;    // the nearest `limit`, in order
  std::uint64_t total = 0;  // all codes within the radius that the filter kept: exact
  bool truncated = false;   // total > hits.size()
};

struct HammingIndexOptions {
  // What segments are made of: "scan" (ours, SIMD), "mih" (ours, multi-index hashing: faster
  // from some ten thousand codes on, three to four times the memory), "faiss-flat" or
  // "faiss-multihash".
  std::string engine = "scan";
  // Codes that the head holds before it becomes a segment, 8..65536. Larger batches become
  // segments at once.
  std::size_t head_codes = 65536;
  // Of engine mih, for measuring: 12..32 bands; 0 lets each segment choose by its size, as does in
  // any case what still grows.
  int bands = 0;
  // A folder of its own (made, 0700) where segments are kept for the next start, and from where mih
  // searches them; empty: nothing is kept. It is derived from what was added: it may be deleted at
  // any time, and what is damaged in it is refused and told. Then entries have to be added in
  // ascending order, each by one Add, and Reached called when an addition or withdrawal is
  // complete.
  std::string folder = {};
  // Whose codes they are, up to 256 bytes: a folder of another owner is emptied.
  std::string owner = {};
  // While Create compares files of the folder with their checksums, which it does once each: the
  // bytes that it is done with, and those of all files. Must not throw.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};
};

// Entries first_entry to last_entry, both included.
struct EntryRange {
  std::uint64_t first_entry = 0;
  std::uint64_t last_entry = 0;
  friend bool operator==(const EntryRange&, const EntryRange&) = default;
};

// What Create found in the folder.
struct RecoveredIndex {
  // As given to Reached: everything added before that is found again, but for `missing`. Empty:
  // nothing was found. Withdrawals are not kept: withdraw again.
  std::string mark;
  // As given to Touches: of nothing that came behind this moment is anything in there. Where the
  // owner's history has no such moment, as it was put back from a backup, what was withdrawn since
  // is gone from there all the same: then Clear.
  std::string touched;
  std::vector<EntryRange> missing;    // ascending; the entries of segments that were refused
  std::vector<std::string> problems;  // what was refused, and why
};

struct HammingIndexStats {
  std::uint64_t codes = 0;      // found by searches
  std::uint64_t withdrawn = 0;  // silent, and not yet removed from memory
  std::uint64_t bytes = 0;  // memory held: codes, labels, and an estimate of the engine's tables
  std::uint64_t mapped_bytes = 0;  // files that are mapped; not among `bytes`
  std::size_t segments = 0;        // without the head
  std::size_t kept = 0;            // of these, how many are in the folder
  std::string trouble;             // why the folder cannot be written; empty: it can
  std::string damage;  // the last segment that was found damaged, and how; empty: none was
  std::string engine;
  std::string simd;  // target of the scan: "scalar", "avx2" or "avx512"
};

class HammingIndex {
 public:
  // Errors: InvalidArgument for an unknown engine, a bad head size, bands that the engine has not,
  // or an unknown KITH_SIMD; FailedPrecondition for a KITH_SIMD that this processor lacks. With a
  // folder, Unavailable or ResourceExhausted for a fault of the moment (too many open files, no
  // memory): what is kept stays as it is. Files that are missing, damaged or not given by the disk
  // are no error: recovered() tells of them, and so does Stats of a folder that cannot be made.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HammingIndex>> Create(
      const HammingIndexOptions& options = {});

  virtual ~HammingIndex() = default;
  HammingIndex(const HammingIndex&) = delete;
  HammingIndex& operator=(const HammingIndex&) = delete;

  // Adds codes[i] under labels[i]. The same label or code may be added any number of times, and is
  // found as often. An entry that was withdrawn may be added again.
  // Add batches: a thousand codes cost little more than one. Amortised O(1) a code for the scan.
  // Errors: InvalidArgument if the lengths differ; then nothing is added. ResourceExhausted when
  // memory ran out; then a first part of the batch may have been added.
  [[nodiscard]] virtual absl::Status Add(std::span<const Code> codes,
                                         std::span<const Label> labels) = 0;

  // Silences every code of the given entries and returns how many codes that were. An entry that is
  // unknown or already withdrawn is no error and counts nothing.
  // O(log n) a segment and entry, or one pass over the labels of a segment where entries are many;
  // and one pass over the head. Best given in ascending order.
  [[nodiscard]] virtual absl::StatusOr<std::uint64_t> Withdraw(
      std::span<const std::uint64_t> entries) = 0;

  // Answers each query, in their order; complete for every engine. O(n) a query for the scan and
  // faiss-flat. Batches of 8 and more use memory best; with mih a batch pays from 2,048 queries on
  // and the more the larger it is.
  // Errors: InvalidArgument for a radius outside of 0..256 or beyond the engine (faiss-multihash:
  // 31). Unavailable while entries are missing, as an answer might lack a hit.
  [[nodiscard]] virtual absl::StatusOr<std::vector<SearchResult>> Search(
      std::span<const Code> queries, const SearchOptions& options = {}) const = 0;

  [[nodiscard]] virtual HammingIndexStats Stats() const = 0;

  // The sum of RowDigest over all codes that a search may find, modulo 2^64: two indexes of the
  // same rows have the same, in whatever order and segments. O(n). Errors: ResourceExhausted.
  [[nodiscard]] virtual absl::StatusOr<std::uint64_t> ContentDigest() const = 0;

  // Waits until no merge runs or is due, and what is marked is in the folder, if it can be
  // written. Nothing that is found depends on it: it is for what wants to measure, or to see memory
  // given back.
  virtual void Settle() = 0;

  // For an index with a folder; the others know no marks, and have recovered nothing.

  [[nodiscard]] virtual const RecoveredIndex& recovered() const = 0;
  // The entries whose codes are missing now, ascending: of segments that were refused when the
  // index was made, or found damaged since, and not restored yet.
  [[nodiscard]] virtual std::vector<EntryRange> Missing() const = 0;
  // Puts back codes of missing entries: of all in `range` that are not withdrawn; it is the
  // beginning of the first range that is still missing, or all of it. Until nothing is missing no
  // manifest is written. Errors: InvalidArgument for another range, ResourceExhausted when memory
  // ran out.
  [[nodiscard]] virtual absl::Status Restore(const EntryRange& range, std::span<const Code> codes,
                                             std::span<const Label> labels) = 0;
  // Forgets all codes, in the folder too: for an owner that cannot use what was recovered.
  [[nodiscard]] virtual absl::Status Clear() = 0;
  // What is added and withdrawn from now on happens up to this moment (at most 256 bytes). To be
  // called before it is.
  virtual void Touches(std::string_view mark) = 0;
  // What was added and withdrawn until now is all that there is up to `mark` (at most 256 bytes).
  // Sooner or later the folder holds it up to this mark or one that is up to fifty heads of codes
  // older; at the latest when the index is destroyed, but for at most half a head and what was
  // added without a mark behind it.
  [[nodiscard]] virtual absl::Status Reached(std::string_view mark) = 0;
  // Compares about so many bytes of the files with their checksums, going on where the last call
  // ended; true when that completed a round. A segment that is damaged (DataLoss) or cannot be read
  // is taken out of service: its entries are missing then. For one thread beside all others.
  [[nodiscard]] virtual absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) = 0;

 protected:
  HammingIndex() = default;
};

// 64 bits that tell a code with its label from others; not secret and not safe against forgery.
[[nodiscard]] std::uint64_t RowDigest(const Code& code, const Label& label);

// The number of differing bits, 0..256.
[[nodiscard]] int HammingDistance(const Code& a, const Code& b);

}  // namespace kith::index
