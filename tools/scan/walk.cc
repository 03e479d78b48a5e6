// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "tools/report/path_text.h"

namespace kith::scan {
namespace {

using report::EscapeText;

std::string ErrorText(int error) {
  // strerror_r of GNU may return a constant instead of filling the buffer.
  char buffer[128] = {};
  return strerror_r(error, buffer, sizeof buffer);
}

// Opens one path component in `folder`. errno tells why not.
int OpenBeneath(int folder, const char* name, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const auto fd = static_cast<int>(::syscall(SYS_openat2, folder, name, &how, sizeof how));
  // Without openat2 (a container's filter): for one component O_NOFOLLOW gives the same.
  if (fd < 0 && errno == ENOSYS) return ::openat(folder, name, flags | O_NOFOLLOW);
  return fd;
}

// O_NOATIME is refused to those who do not own the file.
int OpenQuietly(int folder, const char* name, int flags) {
  const int fd = OpenBeneath(folder, name, flags | O_NOATIME);
  if (fd >= 0 || errno != EPERM) return fd;
  const int again = OpenBeneath(folder, name, flags);
  if (again >= 0 || errno != EPERM) return again;
  return ::openat(folder, name, flags | O_NOFOLLOW);  // a filter that says EPERM to openat2
}

constexpr int kReadFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
constexpr int kFolderFlags = O_RDONLY | O_CLOEXEC | O_DIRECTORY;

void SetFromStat(const struct stat& info, WalkedFile& file) {
  file.device = info.st_dev;
  file.inode = info.st_ino;
  file.links = info.st_nlink;
  file.size_bytes = static_cast<std::uint64_t>(info.st_size);
  file.mtime_ns = info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec;
  file.kind = FileKind::kRegular;
  std::string_view what;
  if (S_ISLNK(info.st_mode)) what = "symbolic link";
  if (S_ISFIFO(info.st_mode)) what = "named pipe";
  if (S_ISSOCK(info.st_mode)) what = "socket";
  if (S_ISCHR(info.st_mode)) what = "character device";
  if (S_ISBLK(info.st_mode)) what = "block device";
  if (S_ISDIR(info.st_mode)) what = kFolderDetail;
  if (what.empty()) return;
  file.kind = FileKind::kNotRegular;
  file.detail = what;
  file.size_bytes = 0;  // of the link or device, not of a content
}

void SetFromError(int error, WalkedFile& file) {
  file.kind = error == ENOENT || error == ENOTDIR ? FileKind::kVanished
              : error == ELOOP                    ? FileKind::kNotRegular
                                                  : FileKind::kUnreadable;
  file.detail = error == ELOOP ? "symbolic link" : ErrorText(error);
}

struct Child {
  std::string key;  // its name, with "/" after a folder's: so the order is that of path bytes
  bool is_folder = false;
};

struct Level {
  std::shared_ptr<const Descriptor> folder;
  std::string prefix;  // path of the folder below the root, with "/" at the end, or empty
  std::vector<Child> children;
  std::size_t next = 0;
};

constexpr char kPathTooLong[] = "its path is longer than 64 KiB: not looked at";
static_assert(kMaxPathBytes == 64 << 10);

// A path for a message: without its middle where it is very long.
std::string Shown(const std::string& path) {
  constexpr std::size_t kEndBytes = 256;
  if (path.size() <= 4 * kEndBytes) return EscapeText(path);
  return EscapeText(path.substr(0, kEndBytes)) + " [... " +
         std::to_string(path.size() - 2 * kEndBytes) + " bytes ...] " +
         EscapeText(path.substr(path.size() - kEndBytes));
}

class Walker {
 public:
  Walker(const WalkOptions& options, const std::function<bool(WalkedFile)>& visit)
      : options_(options), visit_(visit) {}

  WalkSummary Run(Descriptor root) {
    Enter(std::make_shared<const Descriptor>(std::move(root)), "");
    while (!levels_.empty()) {
      if (options_.stop.stop_requested()) summary_.stopped = true;
      if (summary_.stopped) break;
      if (levels_.back().next == levels_.back().children.size()) {
        levels_.pop_back();
        continue;
      }
      Level& level = levels_.back();
      const Child& child = level.children[level.next++];
      if (child.is_folder) {
        Descend(level, child.key.substr(0, child.key.size() - 1));
      } else {
        VisitFile(level, child.key);
      }
    }
    return std::move(summary_);
  }

 private:
  void Error(const std::string& folder, const std::string& why) {
    NameError("folder " + (folder.empty() ? "." : Shown(folder)), why);
  }

  void NameError(const std::string& what, const std::string& why) {
    ++summary_.error_count;
    if (summary_.errors.size() < kMaxWalkErrors) summary_.errors.push_back(what + ": " + why);
  }

  // Reads the names of a folder and puts it on top of the levels.
  void Enter(std::shared_ptr<const Descriptor> folder, std::string prefix) {
    struct stat info {};
    if (::fstat(folder->get(), &info) != 0) return Error(prefix, ErrorText(errno));
    if (!seen_.emplace(info.st_dev, info.st_ino).second) {
      return Error(prefix, "is mounted twice; walked where it was met first");
    }
    ++summary_.folders;
    const int copy = ::fcntl(folder->get(), F_DUPFD_CLOEXEC, 0);
    DIR* stream = copy < 0 ? nullptr : ::fdopendir(copy);
    if (stream == nullptr) {
      const int error = errno;
      if (copy >= 0) ::close(copy);
      return Error(prefix, ErrorText(error));
    }
    Level level{std::move(folder), std::move(prefix), {}, 0};
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream);
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const bool is_folder =
          entry->d_type == DT_DIR || (entry->d_type == DT_UNKNOWN && IsFolder(level, name));
      level.children.push_back({is_folder ? name + "/" : name, is_folder});
    }
    if (errno != 0) Error(level.prefix, "could not be read to its end: " + ErrorText(errno));
    ::closedir(stream);
    std::sort(level.children.begin(), level.children.end(),
              [](const Child& a, const Child& b) { return a.key < b.key; });
    levels_.push_back(std::move(level));
  }

  static bool IsFolder(const Level& level, const std::string& name) {
    struct stat info {};
    return ::fstatat(level.folder->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
  }

  void Descend(const Level& level, const std::string& name) {
    std::string path = level.prefix + name;
    // With a slash and one byte more, for the shortest name in it.
    if (path.size() + 2 > kMaxPathBytes) return Error(path, kPathTooLong);
    if (levels_.size() >= static_cast<std::size_t>(options_.max_depth)) {
      return Error(
          path, "lies deeper than " + std::to_string(options_.max_depth) + " levels: not entered");
    }
    Descriptor folder(OpenQuietly(level.folder->get(), name.c_str(), kFolderFlags));
    if (folder.get() >= 0) {
      return Enter(std::make_shared<const Descriptor>(std::move(folder)), path + "/");
    }
    const int error = errno;
    // A folder when the names were read, something else now: it counts as what it is now.
    if ((error == ENOTDIR || error == ELOOP) && !IsFolder(level, name)) {
      return VisitFile(level, name);
    }
    Error(path, ErrorText(error));
  }

  void VisitFile(const Level& level, const std::string& name) {
    WalkedFile file;
    file.path = level.prefix + name;
    if (file.path.size() > kMaxPathBytes) return NameError(Shown(file.path), kPathTooLong);
    file.name = name;
    file.folder = level.folder;
    struct stat info {};
    if (::fstatat(level.folder->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
      SetFromStat(info, file);
    } else {
      SetFromError(errno, file);
    }
    if (visit_(std::move(file))) {
      ++summary_.entries;
    } else {
      summary_.stopped = true;
    }
  }

  const WalkOptions& options_;
  const std::function<bool(WalkedFile)>& visit_;
  std::vector<Level> levels_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  WalkSummary summary_;
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int Descriptor::Release() { return std::exchange(fd_, -1); }

absl::StatusOr<WalkSummary> Walk(const std::string& root, const WalkOptions& options,
                                 const std::function<bool(WalkedFile)>& visit) {
  int fd = ::open(root.c_str(), kFolderFlags | O_NOATIME);
  if (fd < 0 && errno == EPERM) fd = ::open(root.c_str(), kFolderFlags);
  if (fd < 0) {
    const std::string shown = EscapeText(root);
    if (errno == ENOENT) return absl::NotFoundError("no folder " + shown);
    if (errno == ENOTDIR) return absl::FailedPreconditionError(shown + " is not a folder");
    const std::string message = "cannot read folder " + shown + ": " + ErrorText(errno);
    if (errno == EACCES || errno == EPERM) return absl::PermissionDeniedError(message);
    return absl::UnknownError(message);
  }
  return Walker(options, visit).Run(Descriptor(fd));
}

WalkedFile NamedFile(const std::string& path) {
  WalkedFile file;
  file.path = path;
  file.name = path;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    SetFromStat(info, file);
  } else {
    SetFromError(errno, file);
  }
  return file;
}

WalkSummary WalkNamed(const std::vector<std::string>& paths,
                      const std::function<bool(WalkedFile)>& visit) {
  WalkSummary all;
  for (const std::string& path : paths) {
    if (all.stopped) break;
    WalkedFile named = NamedFile(path);
    if (named.detail != kFolderDetail) {
      all.stopped = !visit(std::move(named));
      if (!all.stopped) ++all.entries;
      continue;
    }
    const std::string prefix = path.ends_with('/') ? path : path + "/";
    const auto below = Walk(path, {}, [&](WalkedFile file) {
      file.path.insert(0, prefix);
      return visit(std::move(file));
    });
    if (!below.ok()) {
      ++all.error_count;
      all.errors.emplace_back(below.status().message());
      continue;
    }
    all.entries += below->entries;
    all.folders += below->folders;
    all.error_count += below->error_count;
    // They name what is below the folder, of which there may be several.
    for (const std::string& error : below->errors) {
      all.errors.push_back("below " + EscapeText(path) + ": " + error);
    }
    if (below->error_count > below->errors.size()) {
      all.errors.push_back("and " + std::to_string(below->error_count - below->errors.size()) +
                           " more below " + EscapeText(path));
    }
    all.stopped = below->stopped;
  }
  return all;
}

Descriptor OpenFile(WalkedFile& file) {
  int fd = -1;
  if (file.folder != nullptr) {
    fd = OpenQuietly(file.folder->get(), file.name.c_str(), kReadFlags);
  } else {
    fd = ::open(file.name.c_str(), kReadFlags | O_NOATIME);
    if (fd < 0 && errno == EPERM) fd = ::open(file.name.c_str(), kReadFlags);
  }
  Descriptor opened(fd);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    SetFromError(errno, file);
    return Descriptor();
  }
  SetFromStat(info, file);
  if (file.kind != FileKind::kRegular) return Descriptor();
  return opened;
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  // A refusal leaves the limit as it was, and the walk names the folders it cannot open.
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace kith::scan
