// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_map.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/huge_pages.h"
#include "index/internal/section_hash.h"
#include "index/internal/verified_mark.h"

namespace kith::index::internal {
namespace {

// Read at once, and between two words about progress.
constexpr std::uint64_t kPieceBytes = std::uint64_t{16} << 20;

constexpr std::size_t kSlackBytes = 64;

// From so many bytes on, reading ahead of a random place would evict what is needed.
constexpr std::uint64_t kReadAheadBelow = std::uint64_t{1} << 30;

absl::Status NameFile(const std::string& path, const absl::Status& status) {
  return {status.code(), absl::StrCat(path, ": ", std::string(status.message()))};
}

}  // namespace

SegmentInfo InfoOf(const std::string& path, const SegmentHeader& header,
                   std::uint64_t manifest_hash) {
  SegmentInfo info{.path = path,
                   .rows = header.rows,
                   .codes = header.codes,
                   .file_bytes = header.file_bytes,
                   .hot_bytes = 0,
                   .cold_bytes = 0,
                   .bands = static_cast<int>(header.cut.bands),
                   .manifest_hash = manifest_hash};
  for (const Section& section : header.sections) {
    (section.IsHot() ? info.hot_bytes : info.cold_bytes) += section.bytes;
  }
  return info;
}

absl::StatusOr<Mapping> Mapping::Map(const File& file, std::uint64_t bytes) {
  Mapping mapping;
  if (bytes == 0) return mapping;
  void* place = nullptr;
  int fixed = 0;
  if (bytes >= kHugePagesFrom) {
    place = RoomForHugePages(bytes);
    if (place != nullptr) fixed = MAP_FIXED;
  }
  void* data = mmap(place, bytes, PROT_READ, MAP_SHARED | fixed, file.fd(), 0);
  if (data == MAP_FAILED) {
    // The room is left as it is: whether it is still there, and whose, nobody knows.
    return ErrnoStatus(file.path(), "cannot be mapped", errno);
  }
  mapping.data_ = data;
  mapping.bytes_ = bytes;
  mapping.told_ = MappedFile(data, bytes, file.path());
  return mapping;
}

Mapping::~Mapping() {
  told_ = MappedFile();
  if (data_ != nullptr) munmap(data_, bytes_);
}

void Mapping::Advise(int advice, std::uint64_t offset, std::uint64_t bytes) const {
  if (data_ == nullptr) return;
  const std::uint64_t into = offset % static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  (void)madvise(static_cast<std::uint8_t*>(data_) + (offset - into), bytes + into, advice);
}

struct SegmentMap::ScrubState {
  std::size_t section = 0;
  std::uint64_t at = 0;  // in the section
  SectionHash hash;
  // What was found once is told to everyone who asks: who scrubs and who merges go on from where
  // the other ended.
  absl::Status damage = absl::OkStatus();
};

void SegmentMap::ScrubDeleter::operator()(ScrubState* state) const {
  std::default_delete<ScrubState>()(state);
}

absl::StatusOr<std::unique_ptr<SegmentMap>> SegmentMap::Open(const std::string& path,
                                                             const SegmentOpenOptions& options) {
  auto map = std::make_unique<SegmentMap>();
  absl::StatusOr<File> file = File::OpenToRead(path);
  if (!file.ok()) return file.status();
  map->file_ = *std::move(file);
  const absl::StatusOr<struct stat> found = map->file_.Look();
  if (!found.ok()) return found.status();
  if (!S_ISREG(found->st_mode)) {
    return absl::DataLossError(absl::StrCat(path, ": segment refused: it is no regular file"));
  }
  const auto file_bytes = static_cast<std::uint64_t>(found->st_size);
  if (absl::Status status = map->ReadHeader(file_bytes); !status.ok()) return status;
  absl::StatusOr<Mapping> mapping = Mapping::Map(map->file_, file_bytes);
  if (!mapping.ok()) return mapping.status();
  map->mapping_ = *std::move(mapping);
  if (!options.resident) map->AskForHugePages();
  if (absl::Status status = map->VerifyOnce(options); !status.ok()) return status;
  map->resident_.resize(map->header_.sections.size());
  if (options.resident) {
    if (absl::Status status = map->MakeResident(); !status.ok()) return status;
  }
  if (file_bytes >= kReadAheadBelow) map->mapping_.Advise(MADV_RANDOM);
  return map;
}

absl::Status SegmentMap::ReadHeader(std::uint64_t file_bytes) {
  std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(file_bytes, kSegmentHeaderBytes));
  if (absl::Status status = file_.ReadAt(0, bytes); !status.ok()) return status;
  absl::StatusOr<SegmentHeader> header = DecodeHeader(bytes, file_bytes);
  if (!header.ok()) return NameFile(file_.path(), header.status());
  header_ = *std::move(header);
  info_ = InfoOf(file_.path(), header_, ManifestHash(bytes));
  return absl::OkStatus();
}

void SegmentMap::AskForHugePages() {
  if (header_.file_bytes < kHugePagesFrom) return;
  if (!TakeHugePages(info_.hot_bytes)) return;
  huge_pages_ = true;
  for (const Section& section : header_.sections) {
    if (section.IsHot()) mapping_.Advise(MADV_HUGEPAGE, section.offset, section.bytes);
  }
}

SegmentMap::~SegmentMap() {
  if (huge_pages_) GiveBackHugePages(info_.hot_bytes);
}

absl::Status SegmentMap::ReadSection(const Section& section, std::uint64_t at,
                                     std::span<std::uint8_t> piece) const {
  if (huge_pages_ && section.IsHot()) {
    mapping_.Advise(MADV_POPULATE_READ, section.offset + at, piece.size());
  }
  // Through the file and not the mapping: a disk that gives no bytes is an error, not a signal.
  return file_.ReadAt(section.offset + at, piece);
}

absl::Status SegmentMap::VerifyOnce(const SegmentOpenOptions& options) {
  const absl::StatusOr<struct stat> before = file_.Look();
  if (!before.ok()) return before.status();
  if (!IsSuspect(file_.path()) && IsMarkedVerified(file_.path(), *before, info_.manifest_hash)) {
    return absl::OkStatus();
  }
  for (std::uint64_t done = kSegmentHeaderBytes;; done += kPieceBytes) {
    const absl::StatusOr<bool> all = Scrub(kPieceBytes);
    if (!all.ok()) return all.status();
    if (options.progress) {
      options.progress("verify", *all ? header_.file_bytes : std::min(done, header_.file_bytes),
                       header_.file_bytes);
    }
    if (*all) break;
  }
  ForgetSuspect(file_.path());
  MarkVerified(file_.path(), *before, info_.manifest_hash);
  return absl::OkStatus();
}

absl::Status SegmentMap::MakeResident() {
  for (std::size_t index = 0; index < header_.sections.size(); ++index) {
    const Section& section = header_.sections[index];
    if (!section.IsHot()) continue;
    // A vector load at the last value stays inside.
    HugeMemory memory(section.bytes + kSlackBytes);
    auto* to = static_cast<std::uint8_t*>(memory.data());
    if (absl::Status status = file_.ReadAt(section.offset, {to, section.bytes}); !status.ok()) {
      return status;
    }
    if (absl::Status status = VerifySection(section, HashOf({to, section.bytes})); !status.ok()) {
      return NameFile(file_.path(), status);
    }
    resident_[index] = std::move(memory);
  }
  return absl::OkStatus();
}

const std::uint8_t* SegmentMap::Data(SectionKind kind, std::uint32_t band) const {
  const Section* section = header_.Find(kind, band);
  const auto index = static_cast<std::size_t>(section - header_.sections.data());
  const void* memory = resident_[index].data();
  if (memory != nullptr) return static_cast<const std::uint8_t*>(memory);
  return mapping_.bytes().data() + section->offset;
}

DirectoryView SegmentMap::Directory(SectionKind words, SectionKind samples, std::uint32_t band,
                                    std::uint64_t buckets, std::uint64_t items) const {
  return {.words = reinterpret_cast<const std::uint64_t*>(Data(words, band)),
          .word_count = DirectoryWords(buckets, items),
          .samples = reinterpret_cast<const std::uint32_t*>(Data(samples, band)),
          .items = items};
}

absl::Status SegmentMap::VerifyHeader() const {
  std::vector<std::uint8_t> bytes(kSegmentHeaderBytes);
  if (absl::Status status = file_.ReadAt(0, bytes); !status.ok()) return status;
  absl::Status status = DecodeHeader(bytes, header_.file_bytes).status();
  if (status.ok()) return status;
  ForgetVerified(file_.path());
  // It was whole when the file was opened, so another version is damage too.
  return NameFile(file_.path(), absl::DataLossError(status.message()));
}

void SegmentMap::BeginScrub() {
  const std::lock_guard lock(scrub_mutex_);
  if (scrub_ == nullptr) return;
  scrub_->section = 0;
  scrub_->at = 0;
  scrub_->hash.Reset();
}

absl::StatusOr<bool> SegmentMap::Scrub(std::uint64_t budget_bytes) {
  const std::lock_guard lock(scrub_mutex_);
  if (scrub_ == nullptr) scrub_.reset(std::make_unique<ScrubState>().release());
  if (!scrub_->damage.ok()) return scrub_->damage;
  absl::StatusOr<bool> done = ScrubOn(budget_bytes);
  if (absl::IsDataLoss(done.status())) scrub_->damage = done.status();
  return done;
}

absl::StatusOr<bool> SegmentMap::ScrubOn(std::uint64_t budget_bytes) {
  // A round begins with the header: it is in memory, but the next start needs the one on the disk.
  if (scrub_->section == 0 && scrub_->at == 0) {
    if (absl::Status status = VerifyHeader(); !status.ok()) return status;
  }
  std::vector<std::uint8_t> piece;
  while (budget_bytes > 0) {
    const Section& section = header_.sections[scrub_->section];
    piece.resize(std::min({section.bytes - scrub_->at, budget_bytes, kPieceBytes}));
    if (absl::Status status = ReadSection(section, scrub_->at, piece); !status.ok()) {
      return status;
    }
    scrub_->hash.Add(piece);
    scrub_->at += piece.size();
    budget_bytes -= piece.size();
    if (scrub_->at < section.bytes) continue;
    const absl::Status status = VerifySection(section, scrub_->hash.Get());
    scrub_->hash.Reset();
    scrub_->at = 0;
    scrub_->section = (scrub_->section + 1) % header_.sections.size();
    if (!status.ok()) {
      ForgetVerified(file_.path());
      return NameFile(file_.path(), status);
    }
    if (scrub_->section == 0) return true;
  }
  return false;
}

}  // namespace kith::index::internal
