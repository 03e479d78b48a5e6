// SPDX-License-Identifier: Apache-2.0
#include "index/internal/section_writer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

}  // namespace

SectionWriter::SectionWriter(const File& file, std::uint64_t offset)
    : file_(file), offset_(offset) {
  buffer_.reserve(kBufferBytes);
}

void SectionWriter::Append(const void* bytes, std::size_t count) {
  if (buffer_.size() + count > kBufferBytes) Flush();
  const auto* first = static_cast<const std::uint8_t*>(bytes);
  buffer_.insert(buffer_.end(), first, first + count);
}

void SectionWriter::Flush() {
  hash_.Add(buffer_);
  if (status_.ok()) status_ = file_.WriteAt(offset_ + written_, buffer_);
  written_ += buffer_.size();
  buffer_.clear();
}

absl::Status SectionWriter::Finish(Section& section) {
  Flush();
  if (written_ > section.bytes) {
    return absl::InternalError(
        absl::StrCat("index: section ", SectionName(section.kind, section.band), " of ",
                     file_.path(), " came out longer than planned; please report this"));
  }
  while (status_.ok() && written_ < section.bytes) {
    buffer_.resize(std::min<std::uint64_t>(section.bytes - written_, kBufferBytes));
    Flush();
  }
  section.hash = hash_.Get();
  return status_;
}

}  // namespace kith::index::internal
