// SPDX-License-Identifier: Apache-2.0
//
// The folder in which an index keeps its segments: their files and the manifest that names them.
// A file counts from the moment the manifest names it, and a manifest replaces the one before it in
// one step, so that whatever ends the process, one whole state is there.
//
// Thread-safety: belongs to one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/manifest.h"
#include "index/internal/rows.h"

namespace kith::index::internal {

class IndexFolder {
 public:
  // Makes the folder (0700) where there is none. Errors: Unavailable, ResourceExhausted.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<IndexFolder>> Open(const std::string& path);

  // NotFound: there is none. DataLoss: it is damaged.
  [[nodiscard]] absl::StatusOr<Manifest> ReadManifest() const;
  // The rows of a segment that the manifest names. Errors: those of ReadRowFile; DataLoss where the
  // file is not the one that the manifest means.
  [[nodiscard]] absl::StatusOr<Rows> ReadSegment(const ManifestSegment& segment) const;

  // Writes the rows into a new file and tells how the manifest has to name it.
  [[nodiscard]] absl::StatusOr<ManifestSegment> WriteSegment(const Rows& rows);
  // Replaces the manifest, durably, and removes the files that it does not name.
  [[nodiscard]] absl::Status WriteManifest(const Manifest& manifest);
  // Forgets everything.
  [[nodiscard]] absl::Status Clear();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit IndexFolder(std::string path) : path_(std::move(path)) {}
  void RemoveUnnamed(const Manifest& manifest) const;

  std::string path_;
  std::uint64_t next_number_ = 1;
};

}  // namespace kith::index::internal
