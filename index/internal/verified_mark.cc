// SPDX-License-Identifier: Apache-2.0
#include "index/internal/verified_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <span>

#include "index/internal/segment_format.h"
#include "index/internal/segment_map.h"

namespace kith::index::internal {
namespace {

// Magic, inode, size, time of change in nanoseconds, manifest hash, and the XXH3 of these. Not the
// device: its number may be another after a restart of the machine.
using Mark = std::array<std::uint64_t, 6>;

Mark MarkOf(const struct stat& file, std::uint64_t manifest_hash) {
  constexpr std::uint64_t kMagic = 0x324b52414d48544b;  // "KTHMARK2"
  constexpr std::uint64_t kNanoseconds = 1000000000;
  Mark mark = {kMagic,
               file.st_ino,
               static_cast<std::uint64_t>(file.st_size),
               static_cast<std::uint64_t>(file.st_mtim.tv_sec) * kNanoseconds +
                   static_cast<std::uint64_t>(file.st_mtim.tv_nsec),
               manifest_hash,
               0};
  mark.back() = HashOf(
      {reinterpret_cast<const std::uint8_t*>(mark.data()), (mark.size() - 1) * sizeof(mark[0])});
  return mark;
}

}  // namespace

std::string VerifiedMarkPath(const std::string& segment_path) { return segment_path + ".verified"; }

bool IsMarkedVerified(const std::string& segment_path, const struct stat& file,
                      std::uint64_t manifest_hash) {
  const File mark_file(open(VerifiedMarkPath(segment_path).c_str(), O_RDONLY | O_CLOEXEC));
  if (!mark_file.ok()) return false;
  // One word more, as a longer file is no mark.
  std::array<std::uint64_t, std::tuple_size_v<Mark> + 1> found{};
  if (read(mark_file.fd(), found.data(), sizeof(found)) != static_cast<ssize_t>(sizeof(Mark))) {
    return false;
  }
  const Mark expected = MarkOf(file, manifest_hash);
  return std::memcmp(found.data(), expected.data(), sizeof(expected)) == 0;
}

void MarkVerified(const std::string& segment_path, const struct stat& file,
                  std::uint64_t manifest_hash) {
  const std::string path = VerifiedMarkPath(segment_path);
  const std::string temporary = path + ".tmp";
  const Mark mark = MarkOf(file, manifest_hash);
  {
    const File out(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out.ok() ||
        write(out.fd(), mark.data(), sizeof(mark)) != static_cast<ssize_t>(sizeof(mark))) {
      return;
    }
  }
  (void)std::rename(temporary.c_str(), path.c_str());
}

void ForgetVerified(const std::string& segment_path) {
  (void)unlink(VerifiedMarkPath(segment_path).c_str());
}

}  // namespace kith::index::internal
