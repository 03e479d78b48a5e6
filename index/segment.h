// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a set of codes with their labels as one immutable file that is mapped into memory and
// searched where it lies, so that hundreds of millions of codes open in less than a second.
//
// Shape: SegmentWriter takes rows in any order and writes the file (FORMAT.md describes each byte);
// SegmentFile opens and searches it. A row is a code with its label; rows are numbered in the order
// of their codes. Identical codes are stored once. What a search without a hit touches ("hot":
// codes and the tables that lead to them) takes at most 64 bytes a code from 100 million codes on;
// the labels ("cold") some 8 more.
//
// Thread-safety: a writer belongs to one thread. All const functions of SegmentFile may be called
// from any number of threads at once; Scrub too, its calls wait for each other.
//
// Trust: opening checks every byte against its checksum before anything reads it, once; a small
// file beside it (PATH.verified) remembers that, so later openings check the header alone. Scrub
// reads on in the background. Offsets that a search follows are held within the file in any case.
// As with every mapped file, it must not be cut short while it is open: replace it by renaming.
//
// Units: distances and radii are bits, a radius is inclusive; sizes are bytes.
#pragma once

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
#include "index/hamming_index.h"

namespace kith::index {

// Told now and then by the thread that works: what it is at, and how far. Must not throw.
using SegmentProgress =
    std::function<void(std::string_view phase, std::uint64_t done, std::uint64_t total)>;

struct SegmentInfo {
  std::string path;
  std::uint64_t rows = 0;
  std::uint64_t codes = 0;  // distinct ones
  std::uint64_t file_bytes = 0;
  std::uint64_t hot_bytes = 0;      // what a search without a hit may touch
  std::uint64_t cold_bytes = 0;     // labels, and who has which code
  int bands = 0;                    // 0: so few codes that they are scanned
  std::uint64_t manifest_hash = 0;  // of the header, hence of all checksums: names the content
};

struct SegmentBuildOptions {
  // What the build holds in memory, about; more rows than fit are spooled to an unnamed file in the
  // directory of the segment: 48 bytes a row, gone with the process.
  std::size_t memory_bytes = std::size_t{2} << 30;
  int bands = 0;  // 0: chosen from the number of codes; else 8..32, for tests and measurements
  // Below 100 million codes a segment takes some 125 hot bytes a code and is fast; from there on at
  // most 64. This asks for the latter at any size.
  bool compact = false;
  SegmentProgress progress = {};
  // Asked now and then by Finish; once it says true, that ends with Cancelled.
  std::function<bool()> stop = {};
};

class SegmentWriter {
 public:
  // The file appears at `path` when Finish returns OK, and not before; one that is there is
  // replaced in one step. Errors: Unavailable with the system's words if the directory cannot be
  // written to, InvalidArgument for bad options.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(
      std::string path, SegmentBuildOptions options = {});
  virtual ~SegmentWriter() = default;
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  // Rows in any order, repetitions allowed. Errors: InvalidArgument if the lengths differ,
  // ResourceExhausted for 2^32 rows and more or when memory or the disk is full. After an error
  // the writer is of no more use.
  [[nodiscard]] virtual absl::Status Add(std::span<const Code> codes,
                                         std::span<const Label> labels) = 0;
  // Sorts, writes, syncs, renames. To be called once. O(n) passes over the codes, one a band and
  // `memory_bytes / 8` codes. Errors: as Add.
  [[nodiscard]] virtual absl::StatusOr<SegmentInfo> Finish() = 0;

 protected:
  SegmentWriter() = default;
};

struct SegmentOpenOptions {
  // Read the hot sections into memory of the process, in huge pages where there are any, instead of
  // mapping them: faster searches for as much memory as hot_bytes, and an opening that reads it
  // all.
  bool resident = false;
  bool never_scan = false;  // probe as far as the bands reach; for tests
  SegmentProgress progress = {};
};

class SegmentFile {
 public:
  // A file of 64 MiB and more, whose hot sections the memory of the machine can hold, is mapped so
  // that the page cache may hold them in huge pages: where the file system has large folios (XFS;
  // ext4 from Linux 6.16 on) searches of 100 million codes are three times as fast. Elsewhere the
  // same works with small ones.
  // Errors: NotFound or Unavailable with the system's words; DataLoss naming the section for a file
  // that is not what was written; FailedPrecondition for a format version unknown to this program.
  // The remedy for these two is to build the segment anew from the catalog.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SegmentFile>> Open(
      std::string path, SegmentOpenOptions options = {});
  virtual ~SegmentFile() = default;
  SegmentFile(const SegmentFile&) = delete;
  SegmentFile& operator=(const SegmentFile&) = delete;

  [[nodiscard]] virtual const SegmentInfo& info() const = 0;

  // As HammingIndex::Search: complete for every radius 0..256, inclusive; where a radius is so wide
  // that probing does not pay, the codes are scanned. Queries of a call are interleaved: give
  // several at once. Errors: InvalidArgument for a radius outside, ResourceExhausted.
  [[nodiscard]] virtual absl::StatusOr<std::vector<SearchResult>> Search(
      std::span<const Code> queries, const SearchOptions& options = {}) const = 0;

  // Told of each pair within the radius once, row by row, in no promised order.
  using RowSink = std::function<void(std::size_t query, std::uint64_t row, int distance_bits)>;
  [[nodiscard]] virtual absl::Status SearchRows(std::span<const Code> queries, int radius_bits,
                                                const RowSink& sink) const = 0;

  // `row` is below info().rows. O(1).
  [[nodiscard]] virtual Label LabelAt(std::uint64_t row) const = 0;
  // The rows of an entry, ascending; empty for one that is not there. O(log n).
  [[nodiscard]] virtual std::vector<std::uint64_t> RowsOf(std::uint64_t entry) const = 0;
  // Tells each row of these entries once, in no promised order. The entries ascend, each once;
  // those that are not there are passed over. O(log n) each or, where they are many, one pass over
  // the labels.
  virtual void ForEachRowOf(std::span<const std::uint64_t> entries,
                            const std::function<void(std::uint64_t row)>& visit) const = 0;
  // All rows in their order, that is in the order of the codes: what a merge reads. False ends it.
  using RowVisitor = std::function<bool(std::uint64_t row, const Code& code, const Label& label)>;
  virtual void ForEachRow(const RowVisitor& visit) const = 0;

  // The next Scrub begins a round, wherever the last one ended.
  virtual void BeginScrub() = 0;
  // Reads on where the last call ended, about so many bytes, and compares checksums; true when that
  // completed a round, which begins with the header. DataLoss names the section: take the segment
  // out of service, rebuild it. It also forgets that the file was verified.
  [[nodiscard]] virtual absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) = 0;

 protected:
  SegmentFile() = default;
};

}  // namespace kith::index
