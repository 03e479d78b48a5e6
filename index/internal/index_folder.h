// SPDX-License-Identifier: Apache-2.0
//
// The folder in which an index keeps its segments: their files and the manifest that names them.
// A file counts from the moment the manifest names it, and a manifest replaces the one before it in
// one step, so that whatever ends the process, one whole state is there.
//
// Thread-safety: WriteSegment may be called by several threads at once; all else belongs to one
// thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/manifest.h"
#include "index/internal/rows.h"
#include "index/internal/segment.h"
#include "index/segment.h"

namespace kith::index::internal {

class IndexFolder {
 public:
  // Makes the folder (0700) where there is none. `never_scan`: as in SegmentOpenOptions, for
  // all that it opens. Errors: those of ErrnoStatus.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<IndexFolder>> Open(const std::string& path,
                                                                         bool never_scan = false);

  // NotFound: there is none. DataLoss: it is damaged, or the disk does not give it. Unavailable,
  // ResourceExhausted: a fault of the moment.
  [[nodiscard]] absl::StatusOr<Manifest> ReadManifest() const;
  // A segment that the manifest names. Errors: those of SegmentFile::Open; DataLoss where the file
  // is not the one that the manifest means.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<SegmentFile>> OpenSegment(
      const ManifestSegment& segment, const SegmentProgress& progress = {}) const;
  // How many bytes its file has; 0 where there is none.
  [[nodiscard]] std::uint64_t SegmentBytes(const ManifestSegment& segment) const;

  struct Written {
    ManifestSegment named;              // how the manifest has to name it; no rows, no file
    std::unique_ptr<SegmentFile> file;  // open and verified; null where there are no rows
  };
  // Hands out rows until it has no more or is told false.
  using RowSource = absl::FunctionRef<absl::Status(RowVisitor)>;
  // Writes rows in any order into a new file. Errors: those of SegmentWriter and of `rows`; then no
  // file is left.
  [[nodiscard]] absl::StatusOr<Written> WriteSegment(RowSource rows,
                                                     const SegmentBuildOptions& options);
  // Replaces the manifest, durably.
  [[nodiscard]] absl::Status WriteManifest(const Manifest& manifest);
  // A new file never gets the name of one that the manifest names, whether it is there or not.
  void Skip(const Manifest& manifest);
  // Removes what a killed process left: files of segments that the manifest does not name, and a
  // manifest that was being written.
  void RemoveUnnamed(const Manifest& manifest) const;
  // Removes a segment's file, and what lies beside it.
  void RemoveSegment(const std::string& file) const;
  // Forgets everything.
  [[nodiscard]] absl::Status Clear();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  IndexFolder(std::string path, bool never_scan)
      : path_(std::move(path)), never_scan_(never_scan) {}

  std::string path_;
  bool never_scan_;
  std::atomic<std::uint64_t> next_number_{1};
};

}  // namespace kith::index::internal
