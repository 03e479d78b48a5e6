// SPDX-License-Identifier: Apache-2.0
//
// The list of the runs that make a digest index, with what was withdrawn of them and the number of
// the last change that they hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/digest_delta.h"
#include "index/internal/section_file.h"

namespace kith::index::internal {

struct ManifestRun {
  std::uint64_t number = 0;  // of its file
  std::uint64_t rows = 0;
  // As the file was when it was checked from end to end, which it is as soon as it is written.
  FileStamp checked;
  std::uint32_t kind = 0;
  std::uint32_t epoch = 0;  // rows are silent if their entry was withdrawn behind it
};

struct DigestManifest {
  std::uint64_t change = 0;       // all changes up to it are in the runs and the notes
  std::string mark = {};          // names that moment to the owner
  std::string touched_mark = {};  // of nothing behind this moment is anything in the files
  std::uint64_t next_number = 1;  // of the next file
  std::uint32_t epoch = 0;
  std::vector<ManifestRun> runs = {};  // the oldest first
  std::vector<Withdrawals::Note> withdrawn = {};
};

// The names in the folder of an index.
[[nodiscard]] std::string ManifestPath(const std::string& folder);
[[nodiscard]] std::string RunPath(const std::string& folder, std::uint64_t number);

// Replaces it as one; durable when it returns. Errors: those of SectionFileWriter.
[[nodiscard]] absl::Status WriteManifest(const std::string& folder, const DigestManifest& manifest);
// Errors: NotFound if there is none; else those of SectionFile.
[[nodiscard]] absl::StatusOr<DigestManifest> ReadManifest(const std::string& folder);
// Removes files of an index that the manifest does not name: what was not finished, or merged. The
// marks of runs that it names stay (mapped_files.h).
void RemoveOthers(const std::string& folder, const DigestManifest& manifest);

}  // namespace kith::index::internal
