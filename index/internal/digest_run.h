// SPDX-License-Identifier: Apache-2.0
//
// A run: digests of one kind in a file, ascending, with their entries. The leading bits of a digest
// are told by where it lies: a directory tells for each value of them where its rows begin, so that
// a search reads one place of the directory and then the few rows of its bucket.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/digest_index.h"
#include "index/internal/section_file.h"

namespace kith::index::internal {

inline constexpr std::size_t kMaxDigestBytes = 32;

// How the rows of a run look; the section "shape" of its file.
struct RunShape {
  std::uint64_t rows = 0;
  std::uint64_t max_entry = 0;       // an upper bound
  std::uint32_t kind = 0;            // DigestKind
  std::uint32_t digest_bytes = 0;    // kept of each digest, the implied ones among them
  std::uint32_t directory_bits = 0;  // leading bits of a digest that choose its bucket
  std::uint32_t entry_bytes = 0;     // 1 to 8

  // Bytes of a digest that no row tells as its bucket does.
  [[nodiscard]] std::size_t ImpliedBytes() const { return directory_bits / 8; }
  [[nodiscard]] std::size_t KeyBytes() const { return digest_bytes - ImpliedBytes(); }
  [[nodiscard]] std::size_t RowBytes() const { return KeyBytes() + entry_bytes; }
  [[nodiscard]] std::size_t BucketOf(const char* digest) const {
    std::uint32_t bits = 0;
    std::memcpy(&bits, digest, sizeof(bits));
    return directory_bits == 0 ? 0 : __builtin_bswap32(bits) >> (32 - directory_bits);
  }
  friend bool operator==(const RunShape&, const RunShape&) = default;
};

// A row outside of a run. Only the first digest_bytes of the digest count.
struct DigestRow {
  std::array<std::uint8_t, kMaxDigestBytes> digest{};
  std::uint64_t entry = 0;
};

// Any number of threads may search.
class DigestRun {
 public:
  static constexpr std::uint64_t kMaxRows = 0xFFFFFFFE;

  // Checks that the sections fit each other; with `verify` every checksum and the directory, too.
  // Errors: those of SectionFile.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<const DigestRun>> Open(
      const std::string& path, bool verify, const SectionFile::Progress& progress = {});

  // Calls found(position in digests, entry) for each row whose digest begins as the one asked for
  // does. At most kFindsAtOnce digests, each of the length of the kind.
  static constexpr std::size_t kFindsAtOnce = 64;
  void Find(std::span<const std::string_view> digests,
            absl::FunctionRef<void(std::size_t, std::uint64_t)> found) const;

  [[nodiscard]] const RunShape& shape() const { return shape_; }
  [[nodiscard]] std::uint64_t rows() const { return shape_.rows; }
  [[nodiscard]] const SectionFile& file() const { return *file_; }
  [[nodiscard]] bool IsTruncated() const {
    return shape_.digest_bytes < DigestBytes(static_cast<DigestKind>(shape_.kind));
  }

 private:
  friend class RunCursor;
  explicit DigestRun(std::unique_ptr<SectionFile> file) : file_(std::move(file)) {}
  [[nodiscard]] absl::Status ReadSections(bool verify);
  [[nodiscard]] const std::uint8_t* RowAt(std::uint64_t row) const {
    return rows_.data() + row * row_bytes_;
  }
  [[nodiscard]] std::uint64_t EntryOf(const std::uint8_t* row) const {
    std::uint64_t entry = 0;
    std::memcpy(&entry, row + key_bytes_, shape_.entry_bytes);
    return entry;
  }
  void FindInBucket(const char* digest, std::uint64_t begin, std::uint64_t end,
                    absl::FunctionRef<void(std::uint64_t)> found) const;

  std::unique_ptr<SectionFile> file_;
  RunShape shape_;
  std::size_t key_bytes_ = 0;
  std::size_t row_bytes_ = 0;
  std::span<const std::uint32_t> directory_;
  std::span<const std::uint8_t> rows_;
};

// Reads a run from its first row to its last, and tells the system what comes next and what is done
// with: up to two pieces of `ahead_bytes` (whole pages of the file) count as memory of the process.
class RunCursor {
 public:
  static constexpr std::uint64_t kAheadBytes = 256U << 10;

  explicit RunCursor(const DigestRun& run, std::uint64_t ahead_bytes = kAheadBytes)
      : run_(&run), ahead_bytes_(ahead_bytes) {}
  // False behind the last row.
  bool Next(DigestRow& row);

 private:
  void Announce();
  // Of the rows' bytes, as madvise takes it.
  void Advise(std::uint64_t offset, std::uint64_t bytes, int advice) const;

  const DigestRun* run_;
  std::uint64_t ahead_bytes_;
  std::uint64_t at_ = 0;
  std::size_t bucket_ = 0;
  std::uint64_t announced_ = 0;
};

// Writes a run; rows must come ascending by digest (its first digest_bytes) and entry.
class DigestRunWriter {
 public:
  // `most_rows` and `max_entry` are upper bounds.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DigestRunWriter>> Create(
      const std::string& path, DigestKind kind, std::size_t digest_bytes, std::uint64_t most_rows,
      std::uint64_t max_entry);
  // The same row twice is written once.
  [[nodiscard]] absl::Status Append(const DigestRow& row);
  [[nodiscard]] absl::Status Finish();
  [[nodiscard]] std::uint64_t rows() const { return shape_.rows; }

 private:
  DigestRunWriter(std::unique_ptr<SectionFileWriter> file, const RunShape& shape);

  std::unique_ptr<SectionFileWriter> file_;
  RunShape shape_;
  std::vector<std::uint32_t> directory_;  // how many rows a bucket has, one place further
  std::optional<DigestRow> last_;
};

}  // namespace kith::index::internal
