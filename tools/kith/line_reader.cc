// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/line_reader.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "tools/exchange/source.h"

namespace kith::cli {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;
// What has no line end for so long is no text, and may have none at all.
constexpr std::size_t kMaxReadBytes = std::size_t{16} << 20;

}  // namespace

absl::StatusOr<LineReader> LineReader::Open(const std::string& path, std::size_t max_line_bytes) {
  if (path == "-") return LineReader(scan::Descriptor(), STDIN_FILENO, max_line_bytes);
  auto file = exchange::OpenNamed(path);
  if (!file.ok()) return file.status();
  const int fd = file->get();
  return LineReader(*std::move(file), fd, max_line_bytes);
}

absl::StatusOr<bool> LineReader::Next(std::string& line) {
  line.clear();
  bool any = false;
  std::size_t length = 0;
  while (true) {
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t stop = end == std::string::npos ? buffer_.size() : end;
    any = any || stop > at_;
    length += stop - at_;
    // One byte more than may be is kept, so that the length tells.
    if (line.size() <= max_line_bytes_) {
      line.append(buffer_, at_, std::min(stop - at_, max_line_bytes_ + 1 - line.size()));
    }
    if (end != std::string::npos) {
      at_ = end + 1;
      Count(line);
      return true;
    }
    if (length > kMaxReadBytes) {
      return absl::InvalidArgumentError(
          fmt::format("line {} has no end within {} MiB", number_ + 1, kMaxReadBytes >> 20U));
    }
    buffer_.clear();
    at_ = 0;
    if (ended_) {
      if (any) Count(line);
      return any;
    }
    buffer_.resize(kChunkBytes);
    const ssize_t got = ::read(fd_, buffer_.data(), buffer_.size());
    if (got < 0 && errno != EINTR) {
      const int error = errno;
      buffer_.clear();
      return absl::DataLossError(std::string("reading failed: ") + std::strerror(error));
    }
    buffer_.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    if (got == 0) ended_ = true;
  }
}

// Counts the line; some editors put a byte order mark before the first one.
void LineReader::Count(std::string& line) {
  const std::string_view mark = exchange::kByteOrderMark;
  if (++number_ == 1 && line.starts_with(mark)) line.erase(0, mark.size());
}

bool LineReader::Ready() const {
  if (ended_ || buffer_.find('\n', at_) != std::string::npos) return true;
  pollfd poll_for{fd_, POLLIN, 0};
  return ::poll(&poll_for, 1, 0) != 0;
}

}  // namespace kith::cli
