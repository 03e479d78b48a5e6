// SPDX-License-Identifier: Apache-2.0
#include "index/internal/section_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/raw_values.h"

namespace kith::index::internal {
namespace {

// Offsets within the header (FORMAT.md).
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kCountAt = 12;
constexpr std::size_t kFileBytesAt = 16;
constexpr std::size_t kTableAt = 24;
constexpr std::size_t kEntryBytes = 40;
constexpr std::size_t kChecksumAt = kFilePageBytes - sizeof(std::uint64_t);
static_assert(kTableAt + kMaxSections * kEntryBytes <= kChecksumAt);

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

using Header = std::array<std::uint8_t, kFilePageBytes>;

std::uint64_t Aligned(std::uint64_t bytes) {
  return (bytes + kFilePageBytes - 1) / kFilePageBytes * kFilePageBytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SectionFileWriter>> SectionFileWriter::Create(
    const std::string& path, const FileKind& kind) {
  auto file = File::Create(TemporaryName(path));
  if (!file.ok()) return file.status();
  return std::unique_ptr<SectionFileWriter>(new SectionFileWriter(path, kind, *std::move(file)));
}

SectionFileWriter::SectionFileWriter(std::string path, const FileKind& kind, File file)
    : path_(std::move(path)),
      kind_(kind),
      file_(std::move(file)),
      hash_(XXH3_createState()),
      written_(kFilePageBytes) {  // the header comes last
  buffer_.reserve(kBufferBytes);
}

SectionFileWriter::~SectionFileWriter() {
  if (!is_finished_) ::unlink(file_.path().c_str());
}

absl::Status SectionFileWriter::Begin(std::string_view name) {
  if (absl::Status status = EndSection(); !status.ok()) return status;
  if (sections_.size() == kMaxSections || name.empty() || name.size() > kSectionNameBytes) {
    return absl::InternalError(absl::StrCat(path_, ": no room for section ", std::string(name)));
  }
  sections_.push_back({.name = std::string(name), .offset = written_});
  XXH3_64bits_reset(hash_.get());
  return absl::OkStatus();
}

absl::Status SectionFileWriter::Append(std::span<const std::uint8_t> bytes) {
  sections_.back().bytes += bytes.size();
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kBufferBytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (buffer_.size() < kBufferBytes) break;
    if (absl::Status status = WriteBuffer(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SectionFileWriter::WriteBuffer() {
  XXH3_64bits_update(hash_.get(), buffer_.data(), buffer_.size());
  if (absl::Status status = file_.WriteAt(written_, buffer_); !status.ok()) return status;
  written_ += buffer_.size();
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status SectionFileWriter::EndSection() {
  if (sections_.empty()) return absl::OkStatus();
  const std::uint64_t end = written_ + buffer_.size();
  buffer_.resize(buffer_.size() + (Aligned(end) - end));
  if (absl::Status status = WriteBuffer(); !status.ok()) return status;
  sections_.back().checksum = XXH3_64bits_digest(hash_.get());
  return absl::OkStatus();
}

absl::Status SectionFileWriter::Finish() {
  if (absl::Status status = EndSection(); !status.ok()) return status;
  Header header{};
  std::copy_n(kind_.magic.begin(), kMagicBytes, header.begin());
  Put(header, kVersionAt, kind_.version);
  Put(header, kCountAt, static_cast<std::uint32_t>(sections_.size()));
  Put(header, kFileBytesAt, written_);
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const std::size_t at = kTableAt + i * kEntryBytes;
    std::copy(sections_[i].name.begin(), sections_[i].name.end(),
              header.begin() + static_cast<std::ptrdiff_t>(at));
    Put(header, at + kSectionNameBytes, sections_[i].offset);
    Put(header, at + kSectionNameBytes + 8, sections_[i].bytes);
    Put(header, at + kSectionNameBytes + 16, sections_[i].checksum);
  }
  Put(header, kChecksumAt, std::uint64_t{XXH3_64bits(header.data(), kChecksumAt)});
  absl::Status status = file_.WriteAt(0, header);
  if (status.ok()) status = file_.Flush();
  if (status.ok()) status = PutInPlace(file_.path(), path_);
  is_finished_ = status.ok();
  return status;
}

absl::StatusOr<std::unique_ptr<SectionFile>> SectionFile::Open(const std::string& path,
                                                               const FileKind& kind) {
  auto opened = File::OpenToRead(path);
  if (!opened.ok()) return opened.status();
  std::unique_ptr<SectionFile> file(new SectionFile(*std::move(opened)));
  if (absl::Status status = file->ReadHeader(kind); !status.ok()) return status;
  void* mapping = ::mmap(nullptr, file->size(), PROT_READ, MAP_SHARED, file->file_.fd(), 0);
  if (mapping == MAP_FAILED) return ErrnoStatus(path, "cannot be mapped", errno);
  file->bytes_ = static_cast<const std::uint8_t*>(mapping);
  file->told_ = MappedFile(mapping, file->size(), path);
  // What is read in order says so itself.
  ::madvise(mapping, file->size(), MADV_RANDOM);
  return file;
}

SectionFile::~SectionFile() {
  told_ = MappedFile();
  // munmap takes what mmap gave.
  if (bytes_ != nullptr) ::munmap(const_cast<std::uint8_t*>(bytes_), size());
}

absl::Status SectionFile::Damage(std::string_view section, std::string_view what) const {
  return absl::DataLossError(
      absl::StrCat(path(), ": section '", std::string(section), "' ", std::string(what),
                   "; the file is damaged: remove it, it is made anew from the catalog"));
}

absl::Status SectionFile::Read(std::string_view section, std::uint64_t offset,
                               std::span<std::uint8_t> bytes) const {
  absl::Status status = file_.ReadAt(offset, bytes);
  return absl::IsDataLoss(status) ? Damage(section, "is cut off, or the disk does not give it")
                                  : status;
}

absl::Status SectionFile::ReadHeader(const FileKind& kind) {
  const auto found = file_.Look();
  if (!found.ok()) return found.status();
  if (!S_ISREG(found->st_mode)) return Damage("header", "is that of no regular file");
  stamp_.inode = found->st_ino;
  stamp_.bytes = static_cast<std::uint64_t>(found->st_size);
  stamp_.changed_ns = ChangedNs(*found);
  if (stamp_.bytes < kFilePageBytes) return Damage("header", "is cut off");
  Header header{};
  if (absl::Status status = Read("header", 0, header); !status.ok()) return status;
  if (!std::equal(kind.magic.begin(), kind.magic.end(), header.begin())) {
    return Damage("header", "does not begin as it must");
  }
  stamp_.header_checksum = Get<std::uint64_t>(header, kChecksumAt);
  if (stamp_.header_checksum != XXH3_64bits(header.data(), kChecksumAt)) {
    return Damage("header", "has a wrong checksum");
  }
  const auto version = Get<std::uint32_t>(header, kVersionAt);
  if (version != kind.version) {
    return absl::FailedPreconditionError(
        absl::StrCat(path(), ": version ", version, " of the format, this program reads ",
                     kind.version, "; remove the file, it is made anew from the catalog"));
  }
  if (Get<std::uint64_t>(header, kFileBytesAt) != stamp_.bytes) {
    return Damage("header", "tells another length than the file has");
  }
  return ReadTable(header);
}

absl::Status SectionFile::ReadTable(std::span<const std::uint8_t> header) {
  const auto count = Get<std::uint32_t>(header, kCountAt);
  if (count > kMaxSections) return Damage("header", "tells of too many sections");
  std::uint64_t end = kFilePageBytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t at = kTableAt + i * kEntryBytes;
    const auto* name = reinterpret_cast<const char*>(header.data() + at);
    SectionEntry entry{.name = std::string(name, ::strnlen(name, kSectionNameBytes)),
                       .offset = Get<std::uint64_t>(header, at + kSectionNameBytes),
                       .bytes = Get<std::uint64_t>(header, at + kSectionNameBytes + 8),
                       .checksum = Get<std::uint64_t>(header, at + kSectionNameBytes + 16)};
    if (entry.offset != end || entry.bytes > stamp_.bytes - end ||
        Aligned(entry.bytes) > stamp_.bytes - end) {
      return Damage(entry.name, "does not lie within the file");
    }
    end += Aligned(entry.bytes);
    sections_.push_back(std::move(entry));
  }
  if (end != stamp_.bytes) return Damage("header", "leaves a part of the file to no section");
  return absl::OkStatus();
}

// What is in memory was right when the file was opened; the disk may have lost it since.
absl::Status SectionFile::VerifyHeader() const {
  Header header{};
  if (absl::Status status = Read("header", 0, header); !status.ok()) return status;
  if (Get<std::uint64_t>(header, kChecksumAt) != stamp_.header_checksum ||
      XXH3_64bits(header.data(), kChecksumAt) != stamp_.header_checksum) {
    return Damage("header", "is not what it was");
  }
  return absl::OkStatus();
}

absl::Status SectionFile::Verify(const Progress& progress) const {
  if (absl::Status status = VerifyHeader(); !status.ok()) return status;
  const auto cancelled = [this] {
    return absl::CancelledError(absl::StrCat(path(), ": not checked to its end"));
  };
  if (progress && !progress(kFilePageBytes)) return cancelled();
  std::vector<std::uint8_t> buffer(kBufferBytes);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> hash(XXH3_createState(),
                                                                             &XXH3_freeState);
  for (const SectionEntry& section : sections_) {
    XXH3_64bits_reset(hash.get());
    for (std::uint64_t at = 0; at < Aligned(section.bytes); at += buffer.size()) {
      const auto some = std::span(buffer).first(
          std::min<std::uint64_t>(buffer.size(), Aligned(section.bytes) - at));
      absl::Status status = Read(section.name, section.offset + at, some);
      if (!status.ok()) return status;
      XXH3_64bits_update(hash.get(), some.data(), some.size());
      if (progress && !progress(some.size())) return cancelled();
    }
    if (XXH3_64bits_digest(hash.get()) != section.checksum) {
      return Damage(section.name, "has a wrong checksum");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::span<const std::uint8_t>> SectionFile::Section(std::string_view name) const {
  for (const SectionEntry& section : sections_) {
    if (section.name == name) return std::span(bytes_ + section.offset, section.bytes);
  }
  return Damage(name, "is missing");
}

}  // namespace kith::index::internal
