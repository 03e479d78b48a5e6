// SPDX-License-Identifier: Apache-2.0
//
// Purpose: see every file of a folder once, without following a link, leaving the root or changing
// anything.
//
// Thread-safety: each call stands for itself and may come from any thread; RaiseDescriptorLimit
// changes the process. A Descriptor is a value.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::scan {

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int Release();

 private:
  int fd_;
};

enum class FileKind {
  kRegular,
  kNotRegular,  // link, pipe, device, socket
  kUnreadable,  // its kind could not be told
  kVanished,
};

inline constexpr std::string_view kFolderDetail = "folder";

// One directory entry that is no folder, or what NamedFile found.
struct WalkedFile {
  std::string path;  // below the root of the walk; bytes
  FileKind kind = FileKind::kRegular;
  std::string detail;  // why, where kind is not kRegular
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 1;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  // Where to open it: `name` in `folder`; without a folder `name` is a path that a person gave.
  std::string name;
  std::shared_ptr<const Descriptor> folder;
};

// The longest path that the service takes (EvidenceFile.path). What lies deeper is named in the
// errors of a walk, shortened, and neither entered nor visited.
inline constexpr std::size_t kMaxPathBytes = 64 << 10;

struct WalkOptions {
  // Folders deeper than this are named in `errors` and not entered; each level holds a descriptor.
  int max_depth = 512;
  std::stop_token stop;
};

struct WalkSummary {
  std::uint64_t entries = 0;  // visited, each exactly once
  std::uint64_t folders = 0;
  // What could not be seen, in words, the first kMaxWalkErrors of it; paths are escaped.
  std::vector<std::string> errors;
  std::uint64_t error_count = 0;
  bool stopped = false;  // by `stop` or by the visitor
};
inline constexpr std::size_t kMaxWalkErrors = 1000;

// Visits every directory entry below `root` that is no folder, in the order of path bytes. Follows
// no link, never leaves the root, opens nothing but folders, and leaves their times alone where the
// system allows it. Mounted file systems are entered; a folder that is reached twice is not.
// `root` itself may be a link: a person named it. Not thread-safe with changes of the tree: what
// changes during the walk is seen before or after, or told as vanished.
// Errors: NOT_FOUND, FAILED_PRECONDITION when `root` is no folder, PERMISSION_DENIED. What goes
// wrong below the root is in the summary. Memory: O(largest folder + depth + folders).
[[nodiscard]] absl::StatusOr<WalkSummary> Walk(const std::string& root, const WalkOptions& options,
                                               const std::function<bool(WalkedFile)>& visit);

// What stands at a path that a person gave (links are followed: he named it). Never fails: the kind
// says what is wrong. Folders are kNotRegular, and kFolderDetail.
[[nodiscard]] WalkedFile NamedFile(const std::string& path);

// The files among paths that a person gave, and those below the folders among them, in order, each
// by the path that he gave. A folder that cannot be walked is among the errors of the summary.
[[nodiscard]] WalkSummary WalkNamed(const std::vector<std::string>& paths,
                                    const std::function<bool(WalkedFile)>& visit);

// Opens a regular file for reading: no link below the walk's root, no waiting on a pipe, and its
// access time stays where the system allows it. Sets `file.kind` and `file.detail` where it fails,
// and brings size and time up to date where it does not.
[[nodiscard]] Descriptor OpenFile(WalkedFile& file);

// Raises this process's limit of open files as far as it may; deep trees need it.
void RaiseDescriptorLimit();

}  // namespace kith::scan
