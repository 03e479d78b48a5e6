// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/exchange/source.h"

namespace kith::cli {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

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
  while (true) {
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t stop = end == std::string::npos ? buffer_.size() : end;
    any = any || stop > at_;
    // One byte more than may be is kept, so that the length tells.
    if (line.size() <= max_line_bytes_) {
      line.append(buffer_, at_, std::min(stop - at_, max_line_bytes_ + 1 - line.size()));
    }
    if (end != std::string::npos) {
      at_ = end + 1;
      ++number_;
      return true;
    }
    buffer_.clear();
    at_ = 0;
    if (ended_) {
      if (any) ++number_;
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

bool LineReader::Ready() const {
  if (ended_ || buffer_.find('\n', at_) != std::string::npos) return true;
  pollfd poll_for{fd_, POLLIN, 0};
  return ::poll(&poll_for, 1, 0) != 0;
}

}  // namespace kith::cli
