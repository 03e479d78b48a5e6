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
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/catalog/entry_table.h"

namespace kith::catalog {

// Which file it is and whether it is the one that was looked at before.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t changed_ns = 0;  // the later of its times of change, of content and of inode
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FactFile {
  std::uint64_t block = 0;   // of EntryTable
  std::uint64_t serial = 0;  // of the files of a block, one counts
  std::uint64_t end = 0;     // it tells of the entries of the block below this number
  FileStamp stamp;
  friend bool operator==(const FactFile&, const FactFile&) = default;
};

struct FactList {
  std::string mark;
  std::vector<FactFile> files;  // of the blocks from 0 on, none left out; all but the last whole
};

// What is counted of the entries of a block, withdrawn ones too.
struct FactSummary {
  struct OfSet {
    std::uint64_t entries = 0;
    std::uint32_t dialects = 0;  // bits; those of its codes are among them
    friend bool operator==(const OfSet&, const OfSet&) = default;
  };
  std::map<std::uint64_t, OfSet> sets;            // by number of the set
  std::map<std::uint64_t, std::uint64_t> series;  // entries, by number of the series
};

// The bytes of a list and of a file without its words, and back. DATA_LOSS: what is wrong with
// them.
[[nodiscard]] std::string FormatFactList(const FactList& list);
[[nodiscard]] absl::StatusOr<FactList> ParseFactList(std::string_view bytes);

struct FactHead {
  std::uint64_t block = 0;
  std::uint64_t end = 0;
  std::uint64_t words_hash = 0;
  FactSummary summary;
};
// A page that comes before the words, and what comes behind them.
inline constexpr std::size_t kFactPageBytes = 4096;
[[nodiscard]] std::string FormatFactHead(const FactHead& head);
[[nodiscard]] absl::StatusOr<FactHead> ParseFactHead(std::string_view bytes);

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
