// SPDX-License-Identifier: Apache-2.0
#include "index/internal/digest_run.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::index::internal {
namespace {

constexpr FileKind kRunKind = {.magic = "KithDigR", .version = 1};

// A bucket has 4 to 8 rows on the average: two or three lines of the cache, and a byte or less of
// the directory for a row.
constexpr std::uint64_t kRowsOfBucket = 4;
constexpr std::uint32_t kMaxDirectoryBits = 28;
// From so many rows on, a bucket is bisected. Lists may be made to fill one bucket.
constexpr std::uint64_t kBisectFrom = 32;
constexpr std::size_t kCacheLine = 64;
// A key is compared by its first eight bytes first.
constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::size_t kMinDigestBytes = 16;
static_assert(kMinDigestBytes - kMaxDirectoryBits / 8 >= kWordBytes);

std::uint64_t WordAt(const void* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

std::uint32_t DirectoryBits(std::uint64_t rows) {
  const auto bits = static_cast<std::uint32_t>(std::bit_width(rows / kRowsOfBucket));
  return bits == 0 ? 0 : std::min(bits - 1, kMaxDirectoryBits);
}

std::uint32_t EntryBytes(std::uint64_t max_entry) {
  return std::max(1U, (static_cast<std::uint32_t>(std::bit_width(max_entry)) + 7) / 8);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const DigestRun>> DigestRun::Open(
    const std::string& path, bool verify, const SectionFile::Progress& progress) {
  auto file = SectionFile::Open(path, kRunKind);
  if (!file.ok()) return file.status();
  if (verify) {
    if (absl::Status status = (*file)->Verify(progress); !status.ok()) return status;
  }
  std::shared_ptr<DigestRun> run(new DigestRun(*std::move(file)));
  if (absl::Status status = run->ReadSections(verify); !status.ok()) return status;
  return run;
}

absl::Status DigestRun::ReadSections(bool verify) {
  const auto shape = file_->Values<RunShape>("shape");
  if (!shape.ok()) return shape.status();
  if (shape->size() != 1) return file_->Damage("shape", "has a length that cannot be");
  shape_ = shape->front();
  if (shape_.kind > static_cast<std::uint32_t>(DigestKind::kSha256) || shape_.rows > kMaxRows ||
      shape_.digest_bytes < kMinDigestBytes ||
      shape_.digest_bytes > DigestBytes(static_cast<DigestKind>(shape_.kind)) ||
      shape_.directory_bits > kMaxDirectoryBits || shape_.entry_bytes < 1 ||
      shape_.entry_bytes > sizeof(std::uint64_t)) {
    return file_->Damage("shape", "tells what cannot be");
  }
  key_bytes_ = shape_.KeyBytes();
  row_bytes_ = shape_.RowBytes();
  const auto directory = file_->Values<std::uint32_t>("directory");
  if (!directory.ok()) return directory.status();
  directory_ = *directory;
  if (directory_.size() != (std::size_t{1} << shape_.directory_bits) + 1) {
    return file_->Damage("directory", "has a length that cannot be");
  }
  const auto rows = file_->Section("rows");
  if (!rows.ok()) return rows.status();
  rows_ = *rows;
  if (rows_.size() != shape_.rows * row_bytes_) {
    return file_->Damage("rows", "has a length that cannot be");
  }
  if (verify && (directory_.front() != 0 || directory_.back() != shape_.rows ||
                 !std::is_sorted(directory_.begin(), directory_.end()))) {
    return file_->Damage("directory", "is not in order");
  }
  return absl::OkStatus();
}

void DigestRun::Find(std::span<const std::string_view> digests,
                     absl::FunctionRef<void(std::size_t, std::uint64_t)> found) const {
  std::array<std::size_t, kFindsAtOnce> bucket;
  std::array<std::pair<std::uint64_t, std::uint64_t>, kFindsAtOnce> rows;
  // All places of the directory are asked for before the first is read, and so are the rows: the
  // memory answers many at once.
  for (std::size_t i = 0; i < digests.size(); ++i) {
    bucket[i] = shape_.BucketOf(digests[i].data());
    __builtin_prefetch(&directory_[bucket[i]]);
  }
  for (std::size_t i = 0; i < digests.size(); ++i) {
    // Held within the file, whatever the directory says.
    const std::uint64_t end = std::min<std::uint64_t>(directory_[bucket[i] + 1], shape_.rows);
    rows[i] = {std::min<std::uint64_t>(directory_[bucket[i]], end), end};
    const std::uint8_t* const last = RowAt(std::min(end, rows[i].first + kBisectFrom));
    for (const std::uint8_t* line = RowAt(rows[i].first); line < last; line += kCacheLine) {
      __builtin_prefetch(line);
    }
  }
  for (std::size_t i = 0; i < digests.size(); ++i) {
    FindInBucket(digests[i].data(), rows[i].first, rows[i].second,
                 [&](std::uint64_t entry) { found(i, entry); });
  }
}

void DigestRun::FindInBucket(const char* digest, std::uint64_t begin, std::uint64_t end,
                             absl::FunctionRef<void(std::uint64_t)> found) const {
  const char* const key = digest + shape_.ImpliedBytes();
  if (end - begin >= kBisectFrom) {
    // The first row that is not below the key, then as long as they are equal.
    std::uint64_t low = begin;
    std::uint64_t high = end;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (std::memcmp(RowAt(middle), key, key_bytes_) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    for (; low < end && std::memcmp(RowAt(low), key, key_bytes_) == 0; ++low) {
      found(EntryOf(RowAt(low)));
    }
    return;
  }
  const std::uint64_t word = WordAt(key);
  const std::uint8_t* row = RowAt(begin);
  for (std::uint64_t at = begin; at < end; ++at, row += row_bytes_) {
    if (WordAt(row) != word || std::memcmp(row, key, key_bytes_) != 0) continue;
    found(EntryOf(row));
  }
}

void RunCursor::Advise(std::uint64_t offset, std::uint64_t bytes, int advice) const {
  const std::uint8_t* const at = run_->rows_.data() + offset;
  const std::size_t behind = reinterpret_cast<std::uintptr_t>(at) % kFilePageBytes;
  // What lies behind the end of the mapping is refused, which is no loss.
  ::madvise(const_cast<std::uint8_t*>(at - behind), bytes + behind, advice);
}

void RunCursor::Announce() {
  Advise(announced_, ahead_bytes_, MADV_WILLNEED);
  // What was read stays where the system keeps files, and does not count as memory of the process.
  if (announced_ >= ahead_bytes_) Advise(announced_ - ahead_bytes_, ahead_bytes_, MADV_DONTNEED);
  announced_ += ahead_bytes_;
}

bool RunCursor::Next(DigestRow& row) {
  const RunShape& shape = run_->shape();
  if (at_ >= shape.rows) {
    Advise(0, run_->rows_.size(), MADV_DONTNEED);
    return false;
  }
  while (bucket_ + 2 < run_->directory_.size() && run_->directory_[bucket_ + 1] <= at_) ++bucket_;
  if (at_ * run_->row_bytes_ >= announced_) Announce();
  row.digest.fill(0);
  if (shape.directory_bits != 0) {
    const auto bits = static_cast<std::uint32_t>(bucket_) << (32 - shape.directory_bits);
    const std::uint32_t bytes = __builtin_bswap32(bits);
    std::memcpy(row.digest.data(), &bytes, shape.ImpliedBytes());
  }
  const std::uint8_t* const stored = run_->RowAt(at_);
  std::memcpy(row.digest.data() + shape.ImpliedBytes(), stored, run_->key_bytes_);
  row.entry = run_->EntryOf(stored);
  ++at_;
  return true;
}

absl::StatusOr<std::unique_ptr<DigestRunWriter>> DigestRunWriter::Create(const std::string& path,
                                                                         DigestKind kind,
                                                                         std::size_t digest_bytes,
                                                                         std::uint64_t most_rows,
                                                                         std::uint64_t max_entry) {
  if (most_rows > DigestRun::kMaxRows) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, ": a run holds less than 2^32 digests of a kind"));
  }
  auto file = SectionFileWriter::Create(path, kRunKind);
  if (!file.ok()) return file.status();
  const RunShape shape = {.rows = 0,
                          .max_entry = max_entry,
                          .kind = static_cast<std::uint32_t>(kind),
                          .digest_bytes = static_cast<std::uint32_t>(digest_bytes),
                          .directory_bits = DirectoryBits(most_rows),
                          .entry_bytes = EntryBytes(max_entry)};
  std::unique_ptr<DigestRunWriter> writer(new DigestRunWriter(*std::move(file), shape));
  if (absl::Status status = writer->file_->Begin("rows"); !status.ok()) return status;
  return writer;
}

DigestRunWriter::DigestRunWriter(std::unique_ptr<SectionFileWriter> file, const RunShape& shape)
    : file_(std::move(file)),
      shape_(shape),
      directory_((std::size_t{1} << shape.directory_bits) + 1) {}

absl::Status DigestRunWriter::Append(const DigestRow& row) {
  if (last_.has_value()) {
    const int order = std::memcmp(last_->digest.data(), row.digest.data(), shape_.digest_bytes);
    if (order == 0 && last_->entry == row.entry) return absl::OkStatus();
    if (order > 0 || (order == 0 && last_->entry > row.entry)) {
      return absl::InternalError("digests came out of order");
    }
  }
  last_ = row;
  ++shape_.rows;
  ++directory_[shape_.BucketOf(reinterpret_cast<const char*>(row.digest.data())) + 1];
  std::array<std::uint8_t, kMaxDigestBytes + sizeof(row.entry)> bytes;
  std::memcpy(bytes.data(), row.digest.data() + shape_.ImpliedBytes(), shape_.KeyBytes());
  std::memcpy(bytes.data() + shape_.KeyBytes(), &row.entry, shape_.entry_bytes);
  return file_->Append(std::span(bytes).first(shape_.RowBytes()));
}

absl::Status DigestRunWriter::Finish() {
  for (std::size_t at = 1; at < directory_.size(); ++at) directory_[at] += directory_[at - 1];
  absl::Status status = file_->Begin("directory");
  if (status.ok()) status = file_->AppendValues(std::span<const std::uint32_t>(directory_));
  if (status.ok()) status = file_->Begin("shape");
  if (status.ok()) status = file_->AppendValues(std::span<const RunShape>(&shape_, 1));
  if (status.ok()) status = file_->Finish();
  return status;
}

}  // namespace kith::index::internal
