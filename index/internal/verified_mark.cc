// SPDX-License-Identifier: Apache-2.0
#include "index/internal/verified_mark.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <span>

#include "index/internal/file_io.h"
#include "index/internal/segment_format.h"

namespace kith::index::internal {
namespace {

// Magic, inode, size, time of change in nanoseconds, manifest hash, and the XXH3 of these. Not the
// device: its number may be another after a restart of the machine.
using Mark = std::array<std::uint64_t, 6>;

Mark MarkOf(const struct stat& file, std::uint64_t manifest_hash) {
  // "KTHMARK3"; the one before knew the time of change of the content alone.
  constexpr std::uint64_t kMagic = 0x334b52414d48544b;
  Mark mark = {kMagic,
               file.st_ino,
               static_cast<std::uint64_t>(file.st_size),
               static_cast<std::uint64_t>(ChangedNs(file)),
               manifest_hash,
               0};
  mark.back() = HashOf(
      {reinterpret_cast<const std::uint8_t*>(mark.data()), (mark.size() - 1) * sizeof(mark[0])});
  return mark;
}

std::span<std::uint8_t> BytesOf(Mark& mark) {
  return {reinterpret_cast<std::uint8_t*>(mark.data()), sizeof(mark)};
}

}  // namespace

std::string VerifiedMarkPath(const std::string& segment_path) { return segment_path + ".verified"; }

bool IsMarkedVerified(const std::string& segment_path, const struct stat& file,
                      std::uint64_t manifest_hash) {
  const auto mark_file = File::OpenToRead(VerifiedMarkPath(segment_path));
  if (!mark_file.ok()) return false;
  const auto facts = mark_file->Look();
  Mark found{};
  const bool is_read = facts.ok() && facts->st_size == static_cast<off_t>(sizeof(found)) &&
                       mark_file->TryRead(0, BytesOf(found)) == 0;
  return is_read && found == MarkOf(file, manifest_hash);
}

void MarkVerified(const std::string& segment_path, const struct stat& file,
                  std::uint64_t manifest_hash) {
  const std::string path = VerifiedMarkPath(segment_path);
  Mark mark = MarkOf(file, manifest_hash);
  const auto out = File::Create(TemporaryName(path));
  if (!out.ok() || !out->WriteAt(0, BytesOf(mark)).ok()) return;
  (void)std::rename(out->path().c_str(), path.c_str());
}

void ForgetVerified(const std::string& segment_path) {
  (void)unlink(VerifiedMarkPath(segment_path).c_str());
}

}  // namespace kith::index::internal
