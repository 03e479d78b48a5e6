// SPDX-License-Identifier: Apache-2.0
#include "index/internal/index_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "index/internal/file_io.h"
#include "index/internal/row_file.h"

namespace kith::index::internal {
namespace {

constexpr char kManifestName[] = "manifest";
constexpr char kPrefix[] = "segment-";
constexpr char kSuffix[] = ".rows";

// The number in "segment-N.rows", or 0.
std::uint64_t NumberOf(const std::string& name) {
  absl::string_view digits = name;
  std::uint64_t number = 0;
  if (!absl::ConsumePrefix(&digits, kPrefix) || !absl::ConsumeSuffix(&digits, kSuffix) ||
      !absl::SimpleAtoi(digits, &number)) {
    return 0;
  }
  return number;
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

absl::StatusOr<std::unique_ptr<IndexFolder>> IndexFolder::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    const std::error_code error(errno, std::generic_category());
    const std::string text =
        absl::StrCat(path, ": the folder of the index cannot be made: ", error.message());
    return error == std::errc::no_space_on_device ? absl::ResourceExhaustedError(text)
                                                  : absl::UnavailableError(text);
  }
  // The constructor is private.
  std::unique_ptr<IndexFolder> folder(new IndexFolder(path));
  // A new file never has the name of one that a manifest still names.
  for (const std::string& name : NamesIn(path)) {
    folder->next_number_ = std::max(folder->next_number_, NumberOf(name) + 1);
  }
  return folder;
}

absl::StatusOr<Manifest> IndexFolder::ReadManifest() const {
  const std::string path = absl::StrCat(path_, "/", kManifestName);
  const auto file = FolderFile::OpenToRead(path);
  if (!file.ok()) return file.status();
  const auto size = file->Size();
  if (!size.ok()) return size.status();
  if (*size > kMaxManifestBytes) return absl::DataLossError(absl::StrCat(path, ": is too long"));
  std::string text(*size, '\0');
  if (auto status = file->ReadAt(0, std::as_writable_bytes(std::span(text))); !status.ok()) {
    return status;
  }
  auto manifest = ParseManifest(text);
  if (manifest.ok()) return manifest;
  return absl::DataLossError(absl::StrCat(path, ": ", manifest.status().message()));
}

absl::StatusOr<Rows> IndexFolder::ReadSegment(const ManifestSegment& segment) const {
  const std::string path = absl::StrCat(path_, "/", segment.file);
  auto rows = ReadRowFile(path);
  if (!rows.ok()) return rows;
  if (rows->size() != segment.rows || rows->labels.front().entry != segment.first_entry ||
      rows->labels.back().entry != segment.last_entry) {
    return absl::DataLossError(
        absl::StrCat(path, ": section header is damaged: it is not what the manifest names"));
  }
  return rows;
}

absl::StatusOr<ManifestSegment> IndexFolder::WriteSegment(const Rows& rows) {
  ManifestSegment segment{.file = absl::StrCat(kPrefix, next_number_++, kSuffix),
                          .rows = rows.size(),
                          .first_entry = rows.labels.front().entry,
                          .last_entry = rows.labels.back().entry};
  if (auto status = WriteRowFile(absl::StrCat(path_, "/", segment.file), rows); !status.ok()) {
    return status;
  }
  return segment;
}

absl::Status IndexFolder::WriteManifest(const Manifest& manifest) {
  const std::string path = absl::StrCat(path_, "/", kManifestName);
  const std::string new_path = absl::StrCat(path, ".new");
  {
    auto file = FolderFile::Create(new_path);
    if (!file.ok()) return file.status();
    const std::string text = FormatManifest(manifest);
    absl::Status status = file->Append(std::as_bytes(std::span(text)));
    if (status.ok()) status = file->Flush();
    // The segments' names have to be there before a manifest says so.
    if (status.ok()) status = FlushFolder(path_);
    if (!status.ok()) return status;
  }
  if (rename(new_path.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat(
        path, ": cannot be replaced: ", std::error_code(errno, std::generic_category()).message()));
  }
  if (auto status = FlushFolder(path_); !status.ok()) return status;
  RemoveUnnamed(manifest);
  return absl::OkStatus();
}

void IndexFolder::RemoveUnnamed(const Manifest& manifest) const {
  for (const std::string& name : NamesIn(path_)) {
    if (NumberOf(name) == 0) continue;
    const bool named =
        std::any_of(manifest.segments.begin(), manifest.segments.end(),
                    [&](const ManifestSegment& segment) { return segment.file == name; });
    // What cannot be removed now is removed with the next manifest.
    if (!named) unlink(absl::StrCat(path_, "/", name).c_str());
  }
}

absl::Status IndexFolder::Clear() {
  const std::string path = absl::StrCat(path_, "/", kManifestName);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::UnavailableError(absl::StrCat(
        path, ": cannot be removed: ", std::error_code(errno, std::generic_category()).message()));
  }
  RemoveUnnamed({});
  return absl::OkStatus();
}

}  // namespace kith::index::internal
