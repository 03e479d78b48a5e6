// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the catalog tells of its entries (entry_table.h) in files of the index folder, a
// block each, which a start maps instead of reading every entry.
//
// The files are derived: each has checksums, and one that is missing or damaged costs a look into
// the database. They are on the disk before a list names them; the list tells the mark
// (entry_mark.h) up to which they tell everything, and by what to know a file again whose words
// were compared with their checksum once. Without it none counts.
//
// Thread-safety: belongs to the holder of the catalog's writing transaction, but for files(), Check
// and Remove, which any thread may call beside it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/catalog/entry_table.h"
#include "server/catalog/internal/fact_format.h"

namespace kith::catalog {

class FactFiles {
 public:
  // An empty path keeps nothing and finds nothing.
  explicit FactFiles(std::string folder) : folder_(std::move(folder)) {}

  // What the folder's list names. NOT_FOUND, DATA_LOSS, UNAVAILABLE.
  [[nodiscard]] absl::StatusOr<FactList> ReadList() const;
  // Maps a file that goes on where the table ends, and goes on naming it. `accept` may refuse it by
  // what it counts. Errors name the file; then the table is as it was.
  template <typename Accept>
  [[nodiscard]] absl::Status Take(const FactFile& file, EntryTable& table, Accept accept) {
    auto opened = OpenChecked(file);
    if (!opened.ok()) return opened.status();
    if (absl::Status status = accept(opened->head.summary); !status.ok()) return status;
    return TakeOpened(*opened, table);
  }
  // Compares all of the file with its checksums. NOT_FOUND, DATA_LOSS; RESOURCE_EXHAUSTED tells
  // nothing of the file; UNAVAILABLE if it cannot be read.
  [[nodiscard]] absl::Status Check(const FactFile& file) const;
  // Takes a damaged file away, lest the next start believe its stamp. UNAVAILABLE.
  [[nodiscard]] absl::Status Remove(const FactFile& file) const;

  // The folder's list is not true any more: the next one replaces it, come what may.
  void Doubt() { changed_ = true; }
  // Writes what the table tells of a block now, and names it from the next list on. Blocks come in
  // ascending order; one that is there is replaced.
  [[nodiscard]] absl::Status Write(std::uint64_t block, const EntryTable& table,
                                   const FactSummary& summary);
  // The table lets go of a full block that was just written, where that can be.
  void Leave(std::uint64_t block, EntryTable& table) const;
  // Replaces the list in one step, if it changed, and removes files that no list names any more.
  [[nodiscard]] absl::Status WriteList(std::string_view mark);

  [[nodiscard]] std::vector<FactFile> files() const {
    const std::lock_guard lock(mutex_);
    return files_;
  }
  // Entries below are in files.
  [[nodiscard]] std::uint64_t End() const { return files_.empty() ? 1 : files_.back().end; }

 private:
  struct OpenFile {
    FactFile file;
    FactHead head;
    int fd = -1;
    OpenFile() = default;
    OpenFile(OpenFile&& other) noexcept;
    OpenFile& operator=(OpenFile&&) = delete;
    ~OpenFile();
  };
  [[nodiscard]] absl::StatusOr<OpenFile> OpenChecked(const FactFile& file) const;
  [[nodiscard]] absl::StatusOr<OpenFile> Open(const FactFile& file) const;
  [[nodiscard]] absl::Status CheckWords(const OpenFile& open) const;
  [[nodiscard]] absl::Status TakeOpened(const OpenFile& open, EntryTable& table);
  [[nodiscard]] std::string PathOf(const FactFile& file) const;
  void RemoveUnnamed() const;

  std::string folder_;
  mutable std::mutex mutex_;     // held while files_ is changed, or read by others than the writer
  std::vector<FactFile> files_;  // see FactList
  bool changed_ = false;         // since the last list
};

}  // namespace kith::catalog
