// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{256} * 1024;
constexpr int kPatienceMs = 200;

}  // namespace

absl::StatusOr<scan::Descriptor> OpenNamed(const std::string& path) {
  const scan::WalkedFile named = scan::NamedFile(path);
  const std::string shown = report::EscapeText(path);
  if (named.detail == scan::kFolderDetail) {
    return absl::FailedPreconditionError(shown + " is a folder");
  }
  if (named.kind == scan::FileKind::kVanished) return absl::NotFoundError("no file " + shown);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::PermissionDeniedError("cannot read " + shown + ": " + std::strerror(errno));
  }
  return scan::Descriptor(fd);
}

absl::StatusOr<Source> Source::Open(const std::string& path) {
  if (path == "-") return Source(scan::Descriptor(), STDIN_FILENO);
  auto file = OpenNamed(path);
  if (!file.ok()) return file.status();
  const int fd = file->get();
  Source source(*std::move(file), fd);
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    source.size_ = static_cast<std::uint64_t>(status.st_size);
    source.path_ = path;
  }
  return source;
}

Source Source::OfBytes(std::string bytes) {
  Source source(scan::Descriptor(), -1);
  source.buffer_ = std::move(bytes);
  source.filled_ = source.size_ = source.buffer_.size();
  source.peeked_ = source.ended_ = true;
  return source;
}

// A read that waits for whoever writes into a pipe hears nothing.
absl::Status Source::WaitForBytes() const {
  while (stop_) {
    if (stop_()) return absl::CancelledError("stopped");
    pollfd bytes{fd_, POLLIN, 0};
    if (::poll(&bytes, 1, kPatienceMs) != 0) break;
  }
  return absl::OkStatus();
}

absl::Status Source::Read(std::size_t at) {
  buffer_.resize(kChunkBytes);
  while (!ended_ && filled_ < buffer_.size()) {
    if (auto status = WaitForBytes(); !status.ok()) return status;
    const ssize_t got = ::read(fd_, buffer_.data() + filled_, buffer_.size() - filled_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::DataLossError(std::string("reading failed: ") + std::strerror(errno));
    }
    filled_ += static_cast<std::size_t>(got);
    if (got == 0) ended_ = true;
    if (filled_ >= at) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> Source::Head() {
  if (!peeked_) {
    if (auto status = Read(kHeadBytes); !status.ok()) return status;
    peeked_ = true;
  }
  return std::string_view(buffer_.data(), std::min(filled_, kHeadBytes));
}

absl::StatusOr<std::string_view> Source::Next() {
  if (!peeked_) {
    filled_ = 0;
    if (auto status = Read(1); !status.ok()) return status;
  }
  peeked_ = false;
  const std::string_view given(buffer_.data(), filled_);
  filled_ = 0;
  offset_ += given.size();
  return given;
}

bool Source::Ready() const {
  if (peeked_ || ended_) return true;
  pollfd bytes{fd_, POLLIN, 0};
  return ::poll(&bytes, 1, 0) != 0;
}

bool Lines::Ready() const { return rest_.find('\n') != std::string_view::npos || source_.Ready(); }

absl::StatusOr<bool> Lines::Next(std::string& line) {
  line.clear();
  whole_ = false;
  bool any = false;
  std::size_t length = 0;
  while (true) {
    const std::size_t end = rest_.find('\n');
    const std::string_view piece = rest_.substr(0, end);
    any = any || !piece.empty();
    if (line.size() <= max_line_bytes_) {
      line.append(piece.substr(0, max_line_bytes_ + 1 - line.size()));
    }
    if (end != std::string_view::npos) {
      rest_.remove_prefix(end + 1);
      any = whole_ = true;
      break;
    }
    length += piece.size();
    if (length > endless_bytes_) {
      return absl::InvalidArgumentError(
          fmt::format("line {} has no end within {} MiB", number_ + 1, endless_bytes_ >> 20U));
    }
    const auto more = source_.Next();
    if (!more.ok()) return more.status();
    rest_ = *more;
    if (rest_.empty()) break;
  }
  if (!any) return false;
  if (++number_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

}  // namespace kith::exchange
