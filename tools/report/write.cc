// SPDX-License-Identifier: Apache-2.0
#include "tools/report/write.h"
#include "tools/report/kinds.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include "tools/report/draft.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"

namespace kith::report {
namespace {

namespace fs = std::filesystem;

absl::Status ErrnoStatus(int error, const std::string& what) {
  char buffer[128] = {};
  const std::string message = what + ": " + strerror_r(error, buffer, sizeof buffer);
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case ENOTDIR:
    case EEXIST:
      return absl::FailedPreconditionError(message);
    default:
      return absl::UnknownError(message);
  }
}

// A file that appears under its name only when all of it is on the disk.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path) : path_(std::move(path)), fd_(draft_.Open(path_)) {
    if (fd_ < 0) error_ = errno;
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  void Append(std::string_view bytes) {
    buffer_ += bytes;
    if (buffer_.size() >= (std::size_t{1} << 20)) Flush();
  }

  // Everything on the disk, still under the temporary name.
  absl::Status Finish() {
    Flush();
    if (error_ == 0 && ::fsync(fd_) != 0) error_ = errno;
    if (error_ != 0) return ErrnoStatus(error_, "cannot write " + EscapeText(path_));
    return absl::OkStatus();
  }

  absl::Status Publish() {
    if (::rename(draft_.name().c_str(), path_.c_str()) != 0) {
      return ErrnoStatus(errno, "cannot write " + EscapeText(path_));
    }
    draft_.Moved();
    return absl::OkStatus();
  }

 private:
  void Flush() {
    std::string_view rest = buffer_;
    while (error_ == 0 && !rest.empty()) {
      const ssize_t written = ::write(fd_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        error_ = errno;
      } else {
        rest.remove_prefix(static_cast<std::size_t>(written));
      }
    }
    buffer_.clear();
  }

  std::string path_;
  Draft draft_;
  std::string buffer_;
  int fd_ = -1;
  int error_ = 0;
};

absl::Status SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "cannot open " + EscapeText(folder));
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  // Some file systems cannot sync a folder; their renames are as safe as they get.
  if (failed != 0 && failed != EINVAL) {
    return ErrnoStatus(failed, "cannot sync " + EscapeText(folder));
  }
  return absl::OkStatus();
}

// By what the folders are, not by their names: one that is mounted a second time, or written in
// other letters where case does not matter, is the same. What does not exist yet lies where its
// parent lies.
bool IsBelow(const fs::path& inner, const fs::path& outer) {
  struct stat wanted {};
  if (::stat(outer.c_str(), &wanted) != 0) return false;
  for (fs::path at = inner;; at = at.parent_path()) {
    struct stat info {};
    if (::stat(at.c_str(), &info) == 0 && info.st_dev == wanted.st_dev &&
        info.st_ino == wanted.st_ino) {
      return true;
    }
    if (at == at.parent_path()) return false;
  }
}

std::string FreeName() {
  std::string name = "kith-report";
  std::error_code error;
  for (int number = 2; fs::exists(fs::symlink_status(name, error)); ++number) {
    name = "kith-report-" + std::to_string(number);
  }
  return name;
}

// Absolute and without links; what does not exist yet lies where its parent lies. `failed` begins
// what is told of an error.
absl::StatusOr<fs::path> RealPath(const std::string& path, const std::string& failed) {
  std::error_code error;
  // A relative name whose first part does not exist would stay relative.
  const fs::path absolute = fs::absolute(path, error);
  fs::path real = error ? absolute : fs::weakly_canonical(absolute, error);
  if (error) return ErrnoStatus(error.value(), failed);
  return real;
}

}  // namespace

absl::Status CheckOutside(const std::string& file, std::span<const std::string> checked) {
  const auto real = RealPath(file, "cannot use " + EscapeText(file));
  if (!real.ok()) return real.status();
  for (const std::string& folder : checked) {
    if (folder.empty() || !IsBelow(*real, folder)) continue;
    return absl::InvalidArgumentError(
        EscapeText(file) + " lies in the checked folder, which must not change; name another file");
  }
  return absl::OkStatus();
}

bool LiesIn(const std::string& path, const std::string& folder) {
  std::error_code error;
  const auto real = RealPath(path, "cannot look at " + EscapeText(path));
  return IsBelow(real.ok() ? *real : fs::absolute(path, error), folder);
}

absl::StatusOr<std::string> PrepareFolder(const std::string& wanted, const std::string& checked) {
  return PrepareFolder(wanted, std::span(&checked, 1));
}

absl::StatusOr<std::string> PrepareFolder(const std::string& wanted,
                                          std::span<const std::string> checked) {
  const std::string name = wanted.empty() ? FreeName() : wanted;
  const std::string shown = EscapeText(name);
  const auto real = RealPath(name, "cannot use report folder " + shown);
  if (!real.ok()) return real.status();
  for (const std::string& folder : checked) {
    if (folder.empty()) continue;
    if (IsBelow(*real, folder)) {
      return absl::InvalidArgumentError(
          "the report folder " + shown +
          " lies in the checked folder, which must not change; name another with --out");
    }
  }
  std::error_code error;
  for (fs::path made; const fs::path& part : *real) {
    made /= part;
    if (::mkdir(made.c_str(), 0700) == 0) continue;
    const int failed = errno;  // before another question changes it
    if (failed != EEXIST && !fs::is_directory(made, error)) {
      return ErrnoStatus(failed, "cannot make report folder " + shown);
    }
  }
  AtomicFile probe((*real / ".kith-probe").string());
  probe.Append("kith\n");
  if (absl::Status status = probe.Finish(); !status.ok()) {
    const auto message = status.message();
    return absl::Status(status.code(), "report folder " + shown + ": " +
                                           std::string(message.data(), message.size()));
  }
  return real->string();
}

absl::Status WriteReport(const v1::Report& report, const std::string& folder) {
  const std::string name = folder + "/" + KindFile(report.kind());
  AtomicFile json(name + ".json");
  AtomicFile csv(name + ".csv");
  AtomicFile html(name + ".html");
  RenderJson(report, [&json](std::string_view bytes) { json.Append(bytes); });
  RenderCsv(report, [&csv](std::string_view bytes) { csv.Append(bytes); });
  html.Append(RenderHtml(report));
  for (AtomicFile* file : {&json, &csv, &html}) {
    if (absl::Status status = file->Finish(); !status.ok()) return status;
  }
  for (AtomicFile* file : {&json, &csv, &html}) {
    if (absl::Status status = file->Publish(); !status.ok()) return status;
  }
  return SyncFolder(folder);
}

}  // namespace kith::report
