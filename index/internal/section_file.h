// SPDX-License-Identifier: Apache-2.0
//
// The files of the digest index: a header with a table of sections, and the sections, each with a
// checksum (FORMAT.md). Written once, under another name until it is whole, then only read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xxhash.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/file_io.h"
#include "index/internal/mapped_files.h"

namespace kith::index::internal {

inline constexpr std::size_t kFilePageBytes = 4096;
inline constexpr std::size_t kMagicBytes = 8;
inline constexpr std::size_t kSectionNameBytes = 16;
inline constexpr std::size_t kMaxSections = 32;

struct FileKind {
  std::string_view magic;  // kMagicBytes letters: what the file is
  std::uint32_t version;   // of its sections
};

// One section in the table of a file.
struct SectionEntry {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of the section and the zeros up to the next one
};

// Which file it is and whether it is the one that was looked at before.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t changed_ns = 0;  // the later of its times of change, of content and of inode
  std::uint64_t header_checksum = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Writes a file from its beginning to its end. Not thread-safe. Errors of all functions: those of
// ErrnoStatus.
class SectionFileWriter {
 public:
  // Whatever stands at `path` is replaced by Finish and not before.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SectionFileWriter>> Create(
      const std::string& path, const FileKind& kind);
  // Removes what was not finished.
  ~SectionFileWriter();
  SectionFileWriter(const SectionFileWriter&) = delete;
  SectionFileWriter& operator=(const SectionFileWriter&) = delete;

  // The section that follows; names of at most kSectionNameBytes letters, each once.
  [[nodiscard]] absl::Status Begin(std::string_view name);
  [[nodiscard]] absl::Status Append(std::span<const std::uint8_t> bytes);
  template <typename T>
  [[nodiscard]] absl::Status AppendValues(std::span<const T> values) {
    static_assert(std::has_unique_object_representations_v<T>);
    return Append({reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
  }
  // Header, table, and all of it on the disk under its name.
  [[nodiscard]] absl::Status Finish();

 private:
  SectionFileWriter(std::string path, const FileKind& kind, File file);
  [[nodiscard]] absl::Status EndSection();
  [[nodiscard]] absl::Status WriteBuffer();

  struct HashFree {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  std::string path_;
  FileKind kind_;
  File file_;  // under another name until it is whole
  std::unique_ptr<XXH3_state_t, HashFree> hash_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t written_ = 0;  // of the file, the buffer not among it
  std::vector<SectionEntry> sections_;
  bool is_finished_ = false;
};

// A file, mapped for reading. Any number of threads may read. Errors: NotFound; DataLoss with the
// name of the file and of the section that is damaged, or "header"; FailedPrecondition for a
// version that this program does not know; those of ErrnoStatus.
class SectionFile {
 public:
  // Called with the bytes checked since the last call; false gives up with Cancelled.
  using Progress = std::function<bool(std::uint64_t bytes)>;

  // Checks the header and that the sections lie within the file, one behind the other. Their
  // content is checked by Verify.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SectionFile>> Open(const std::string& path,
                                                                         const FileKind& kind);
  ~SectionFile();
  SectionFile(const SectionFile&) = delete;
  SectionFile& operator=(const SectionFile&) = delete;

  // Reads the whole file, beside the mapping, the header too, and compares each checksum.
  [[nodiscard]] absl::Status Verify(const Progress& progress = {}) const;

  // Errors: DataLoss if there is none of that name.
  [[nodiscard]] absl::StatusOr<std::span<const std::uint8_t>> Section(std::string_view name) const;
  // As values of one kind. Errors: DataLoss if it is no whole number of them, too.
  template <typename T>
  [[nodiscard]] absl::StatusOr<std::span<const T>> Values(std::string_view name) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kFilePageBytes);
    const auto bytes = Section(name);
    if (!bytes.ok()) return bytes.status();
    if (bytes->size() % sizeof(T) != 0) return Damage(name, "has a length that cannot be");
    return std::span<const T>(reinterpret_cast<const T*>(bytes->data()), bytes->size() / sizeof(T));
  }

  [[nodiscard]] const FileStamp& stamp() const { return stamp_; }
  [[nodiscard]] const std::string& path() const { return file_.path(); }
  [[nodiscard]] std::uint64_t size() const { return stamp_.bytes; }
  // DataLoss: "PATH: section 'NAME' WHAT; ...".
  [[nodiscard]] absl::Status Damage(std::string_view section, std::string_view what) const;

 private:
  explicit SectionFile(File file) : file_(std::move(file)) {}
  [[nodiscard]] absl::Status Read(std::string_view section, std::uint64_t offset,
                                  std::span<std::uint8_t> bytes) const;
  [[nodiscard]] absl::Status ReadHeader(const FileKind& kind);
  [[nodiscard]] absl::Status VerifyHeader() const;
  [[nodiscard]] absl::Status ReadTable(std::span<const std::uint8_t> header);

  File file_;
  FileStamp stamp_;
  const std::uint8_t* bytes_ = nullptr;  // the mapping
  MappedFile told_;
  std::vector<SectionEntry> sections_;
};

}  // namespace kith::index::internal
