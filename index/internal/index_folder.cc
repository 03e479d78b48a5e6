// SPDX-License-Identifier: Apache-2.0
#include "index/internal/index_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "index/internal/file_io.h"
#include "index/internal/mapped_files.h"

namespace kith::index::internal {
namespace {

constexpr char kManifestName[] = "manifest";
constexpr char kPrefix[] = "segment-";
constexpr char kSuffix[] = ".codes";
// Rows told to a writer at once.
constexpr std::size_t kRowsAtOnce = 4096;

// The number in "segment-N.codes" and in the names of what lies beside it, or 0. Any other end is
// that of an earlier format.
std::uint64_t NumberOf(const std::string& name) {
  absl::string_view digits = name;
  std::uint64_t number = 0;
  if (!absl::ConsumePrefix(&digits, kPrefix)) return 0;
  digits = digits.substr(0, digits.find('.'));
  return absl::SimpleAtoi(digits, &number) ? number : 0;
}

// Whether a file is the segment or lies beside it: "segment-N.codes.verified".
bool BelongsTo(const std::string& name, const std::string& segment) {
  return name == segment || absl::StartsWith(name, absl::StrCat(segment, "."));
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<IndexFolder>> IndexFolder::Open(const std::string& path,
                                                               bool never_scan) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoStatus(path, "the folder of the index cannot be made", errno);
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return absl::UnavailableError(absl::StrCat(path, ": is no folder, and the index needs one"));
  }
  // The constructor is private.
  std::unique_ptr<IndexFolder> folder(new IndexFolder(path, never_scan));
  for (const std::string& name : NamesIn(path)) {
    folder->next_number_ = std::max(folder->next_number_.load(), NumberOf(name) + 1);
  }
  return folder;
}

absl::StatusOr<Manifest> IndexFolder::ReadManifest() const {
  const std::string path = absl::StrCat(path_, "/", kManifestName);
  const auto file = File::OpenToRead(path);
  if (!file.ok()) return file.status();
  const auto found = file->Look();
  if (!found.ok()) return found.status();
  if (!S_ISREG(found->st_mode)) return absl::DataLossError(absl::StrCat(path, ": is no file"));
  const auto size = static_cast<std::uint64_t>(found->st_size);
  if (size > kMaxManifestBytes) return absl::DataLossError(absl::StrCat(path, ": is too long"));
  std::vector<std::uint8_t> text(size);
  if (auto status = file->ReadAt(0, text); !status.ok()) return status;
  auto manifest = ParseManifest({reinterpret_cast<const char*>(text.data()), text.size()});
  if (manifest.ok()) return manifest;
  return absl::DataLossError(absl::StrCat(path, ": ", manifest.status().message()));
}

absl::StatusOr<std::unique_ptr<SegmentFile>> IndexFolder::OpenSegment(
    const ManifestSegment& segment, const SegmentProgress& progress) const {
  const std::string path = absl::StrCat(path_, "/", segment.file);
  auto file = SegmentFile::Open(path, {.never_scan = never_scan_, .progress = progress});
  if (!file.ok()) return file;
  const SegmentInfo& info = (*file)->info();
  if (info.rows != segment.rows || info.manifest_hash != segment.hash) {
    return absl::DataLossError(
        absl::StrCat(path, ": section header is damaged: it is not what the manifest names"));
  }
  return file;
}

std::uint64_t IndexFolder::SegmentBytes(const ManifestSegment& segment) const {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(absl::StrCat(path_, "/", segment.file), error);
  return error ? 0 : bytes;
}

absl::StatusOr<IndexFolder::Written> IndexFolder::WriteSegment(RowSource rows,
                                                               const SegmentBuildOptions& options) {
  Written written;
  ManifestSegment& named = written.named;
  named.file = absl::StrCat(kPrefix, next_number_++, kSuffix);
  const std::string path = absl::StrCat(path_, "/", named.file);
  auto writer = SegmentWriter::Create(path, options);
  if (!writer.ok()) return writer.status();
  Rows some;
  absl::Status status;
  const auto tell = [&] {
    status = (*writer)->Add(some.codes, some.labels);
    named.rows += some.size();
    some.codes.clear();
    some.labels.clear();
    return status.ok();
  };
  named.first_entry = UINT64_MAX;
  const absl::Status read = rows([&](const Code& code, const Label& label) {
    some.Add(code, label);
    named.first_entry = std::min(named.first_entry, label.entry);
    named.last_entry = std::max(named.last_entry, label.entry);
    return some.size() < kRowsAtOnce || tell();
  });
  if (!read.ok()) return read;
  if (!status.ok() || !tell()) return status;
  if (named.rows == 0) return Written{};
  const auto info = (*writer)->Finish();
  if (!info.ok()) {
    RemoveSegment(named.file);
    return info.status();
  }
  named.hash = info->manifest_hash;
  // Reads it back: what is in use and named by a manifest was compared with its checksums once.
  auto file = OpenSegment(named);
  if (!file.ok()) {
    RemoveSegment(named.file);
    return file.status();
  }
  written.file = *std::move(file);
  return written;
}

absl::Status IndexFolder::WriteManifest(const Manifest& manifest) {
  const std::string path = absl::StrCat(path_, "/", kManifestName);
  const auto file = File::Create(TemporaryName(path));
  if (!file.ok()) return file.status();
  const std::string text = FormatManifest(manifest);
  absl::Status status =
      file->WriteAt(0, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  if (status.ok()) status = file->Flush();
  // The segments' names have to be there before a manifest says so.
  if (status.ok()) status = FlushFolder(path_);
  return status.ok() ? PutInPlace(file->path(), path) : status;
}

void IndexFolder::Skip(const Manifest& manifest) {
  for (const ManifestSegment& segment : manifest.segments) {
    next_number_ = std::max(next_number_.load(), NumberOf(segment.file) + 1);
  }
}

void IndexFolder::RemoveUnnamed(const Manifest& manifest) const {
  for (const std::string& name : NamesIn(path_)) {
    if (NumberOf(name) == 0) continue;
    const bool named =
        std::any_of(manifest.segments.begin(), manifest.segments.end(),
                    [&](const ManifestSegment& segment) { return BelongsTo(name, segment.file); });
    // What cannot be removed now is removed by the next start.
    if (!named) unlink(absl::StrCat(path_, "/", name).c_str());
  }
  unlink(TemporaryName(absl::StrCat(path_, "/", kManifestName)).c_str());
}

void IndexFolder::RemoveSegment(const std::string& file) const {
  const std::string path = absl::StrCat(path_, "/", file);
  unlink(path.c_str());
  unlink(absl::StrCat(path, ".verified").c_str());
  ForgetSuspect(path);
}

absl::Status IndexFolder::Clear() {
  const std::string path = absl::StrCat(path_, "/", kManifestName);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus(path, "cannot be removed", errno);
  }
  RemoveUnnamed({});
  return absl::OkStatus();
}

}  // namespace kith::index::internal
