// SPDX-License-Identifier: Apache-2.0
#include "index/internal/digest_manifest.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/digest_index.h"
#include "index/internal/mapped_files.h"

namespace kith::index::internal {
namespace {

constexpr FileKind kManifestKind = {.magic = "KithDigM", .version = 2};
constexpr std::string_view kManifestName = "digests.manifest";
constexpr std::string_view kRunPrefix = "digests-";

// As they lie in the file; no padding.
struct StateRecord {
  std::uint64_t change;
  std::uint64_t next_number;
  std::uint32_t epoch;
  std::uint32_t zero;
};
struct RunRecord {
  std::uint64_t number;
  std::uint64_t rows;
  std::uint64_t inode;
  std::uint64_t bytes;
  std::int64_t changed_ns;
  std::uint64_t header_checksum;
  std::uint32_t kind;
  std::uint32_t epoch;
};

std::string RunName(std::uint64_t number) {
  return absl::StrCat(std::string(kRunPrefix), number, ".run");
}

}  // namespace

std::string ManifestPath(const std::string& folder) {
  return absl::StrCat(folder, "/", std::string(kManifestName));
}

std::string RunPath(const std::string& folder, std::uint64_t number) {
  return absl::StrCat(folder, "/", RunName(number));
}

absl::Status WriteManifest(const std::string& folder, const DigestManifest& manifest) {
  auto file = SectionFileWriter::Create(ManifestPath(folder), kManifestKind);
  if (!file.ok()) return file.status();
  const StateRecord state = {.change = manifest.change,
                             .next_number = manifest.next_number,
                             .epoch = manifest.epoch,
                             .zero = 0};
  std::vector<RunRecord> runs;
  runs.reserve(manifest.runs.size());
  for (const ManifestRun& run : manifest.runs) {
    runs.push_back({.number = run.number,
                    .rows = run.rows,
                    .inode = run.checked.inode,
                    .bytes = run.checked.bytes,
                    .changed_ns = run.checked.changed_ns,
                    .header_checksum = run.checked.header_checksum,
                    .kind = run.kind,
                    .epoch = run.epoch});
  }
  absl::Status status = (*file)->Begin("state");
  if (status.ok()) status = (*file)->AppendValues(std::span<const StateRecord>(&state, 1));
  for (const auto& [name, mark] :
       {std::pair("mark", &manifest.mark), std::pair("touched", &manifest.touched_mark)}) {
    if (status.ok()) status = (*file)->Begin(name);
    if (status.ok()) status = (*file)->AppendValues(std::span<const char>(*mark));
  }
  if (status.ok()) status = (*file)->Begin("runs");
  if (status.ok()) status = (*file)->AppendValues(std::span<const RunRecord>(runs));
  if (status.ok()) status = (*file)->Begin("withdrawn");
  if (status.ok()) {
    status = (*file)->AppendValues(std::span<const Withdrawals::Note>(manifest.withdrawn));
  }
  if (status.ok()) status = (*file)->Finish();
  return status;
}

absl::StatusOr<DigestManifest> ReadManifest(const std::string& folder) {
  const auto file = SectionFile::Open(ManifestPath(folder), kManifestKind);
  if (!file.ok()) return file.status();
  if (absl::Status status = (*file)->Verify(); !status.ok()) return status;
  const auto states = (*file)->Values<StateRecord>("state");
  if (!states.ok()) return states.status();
  if (states->size() != 1) return (*file)->Damage("state", "has a length that cannot be");
  const auto runs = (*file)->Values<RunRecord>("runs");
  if (!runs.ok()) return runs.status();
  const auto notes = (*file)->Values<Withdrawals::Note>("withdrawn");
  if (!notes.ok()) return notes.status();
  const StateRecord& state = states->front();
  DigestManifest manifest = {
      .change = state.change, .next_number = state.next_number, .epoch = state.epoch};
  for (const auto& [name, mark] :
       {std::pair("mark", &manifest.mark), std::pair("touched", &manifest.touched_mark)}) {
    const auto letters = (*file)->Values<char>(name);
    if (!letters.ok()) return letters.status();
    if (letters->size() > kMaxDigestMarkBytes) return (*file)->Damage(name, "is too long");
    mark->assign(letters->begin(), letters->end());
  }
  std::set<std::uint64_t> numbers;
  for (const RunRecord& run : *runs) {
    if (run.kind > static_cast<std::uint32_t>(DigestKind::kSha256) ||
        run.number >= state.next_number || run.epoch > state.epoch ||
        !numbers.insert(run.number).second) {
      return (*file)->Damage("runs", "tells what cannot be");
    }
    manifest.runs.push_back({.number = run.number,
                             .rows = run.rows,
                             .checked = {.inode = run.inode,
                                         .bytes = run.bytes,
                                         .changed_ns = run.changed_ns,
                                         .header_checksum = run.header_checksum},
                             .kind = run.kind,
                             .epoch = run.epoch});
  }
  manifest.withdrawn.assign(notes->begin(), notes->end());
  const bool is_sound =
      std::all_of(manifest.withdrawn.begin(), manifest.withdrawn.end(),
                  [&](const Withdrawals::Note& note) { return note.live_since <= state.epoch; });
  if (!is_sound) return (*file)->Damage("withdrawn", "tells what cannot be");
  return manifest;
}

void RemoveOthers(const std::string& folder, const DigestManifest& manifest) {
  std::set<std::string> kept = {std::string(kManifestName)};
  for (const ManifestRun& run : manifest.runs) {
    kept.insert(RunName(run.number));
    // It goes when the run was read whole, and not before: without it the stamp is believed.
    kept.insert(SuspectMark(RunName(run.number)));
  }
  std::error_code error;
  std::vector<std::filesystem::path> others;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = file.path().filename().string();
    const bool is_ours = name.starts_with(kRunPrefix) || name.starts_with(kManifestName);
    if (is_ours && !kept.contains(name)) others.push_back(file.path());
  }
  for (const std::filesystem::path& other : others) std::filesystem::remove(other, error);
}

}  // namespace kith::index::internal
