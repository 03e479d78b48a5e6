// SPDX-License-Identifier: Apache-2.0
#include "index/internal/section_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
// More than Linux reads or writes in one call.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

}  // namespace

absl::Status WriteAt(const File& file, std::uint64_t offset, std::span<const std::uint8_t> bytes,
                     const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(file.fd(), bytes.data(), std::min(bytes.size(), kMostBytes),
                               static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return FileError("write to", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return absl::OkStatus();
}

absl::Status ReadAt(const File& file, std::uint64_t offset, std::span<std::uint8_t> bytes,
                    const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t got = pread(file.fd(), bytes.data(), std::min(bytes.size(), kMostBytes),
                              static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    // What the disk does not give is lost to whoever needs it: it is made again elsewhere.
    if (got < 0 && errno == EIO) {
      return absl::DataLossError(absl::StrCat("index: the disk does not give all of ", path));
    }
    if (got < 0) return FileError("read", path, errno);
    if (got == 0) return absl::DataLossError(absl::StrCat("index: ", path, " became shorter"));
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return absl::OkStatus();
}

SectionWriter::SectionWriter(const File& file, const std::string& path, std::uint64_t offset)
    : file_(file), path_(path), offset_(offset) {
  buffer_.reserve(kBufferBytes);
}

void SectionWriter::Append(const void* bytes, std::size_t count) {
  if (buffer_.size() + count > kBufferBytes) Flush();
  const auto* first = static_cast<const std::uint8_t*>(bytes);
  buffer_.insert(buffer_.end(), first, first + count);
}

void SectionWriter::Flush() {
  hash_.Add(buffer_);
  if (status_.ok()) status_ = WriteAt(file_, offset_ + written_, buffer_, path_);
  written_ += buffer_.size();
  buffer_.clear();
}

absl::Status SectionWriter::Finish(Section& section) {
  Flush();
  if (written_ > section.bytes) {
    return absl::InternalError(absl::StrCat("index: section ",
                                            SectionName(section.kind, section.band), " of ", path_,
                                            " came out longer than planned; please report this"));
  }
  while (status_.ok() && written_ < section.bytes) {
    buffer_.resize(std::min<std::uint64_t>(section.bytes - written_, kBufferBytes));
    Flush();
  }
  section.hash = hash_.Get();
  return status_;
}

}  // namespace kith::index::internal
