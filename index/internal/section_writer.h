// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "index/internal/file_io.h"
#include "index/internal/packed.h"
#include "index/internal/section_hash.h"
#include "index/internal/segment_format.h"

namespace kith::index::internal {

// Writes one section from its offset on and computes its hash. Several may write to different
// places of a file in turn. The first error stays until Finish.
class SectionWriter {
 public:
  SectionWriter(const File& file, std::uint64_t offset);

  void Append(const void* bytes, std::size_t count);
  void AppendWord(std::uint64_t word) { Append(&word, sizeof(word)); }

  // Fills the section up with zeros to its length and sets its hash. Internal if more was written.
  [[nodiscard]] absl::Status Finish(Section& section);

 private:
  void Flush();

  const File& file_;
  std::uint64_t offset_;
  std::uint64_t written_ = 0;
  std::vector<std::uint8_t> buffer_;
  SectionHash hash_;
  absl::Status status_;
};

// Packed numbers and runs of bits, into a section.
class BitWriter {
 public:
  explicit BitWriter(SectionWriter& out) : out_(out) {}

  // The lowest `bits` bits, 0..64; none set above.
  void Append(std::uint64_t value, unsigned bits) {
    if (bits == 0) return;
    word_ |= value << used_;
    if (used_ + bits < 64) {
      used_ += bits;
      return;
    }
    out_.AppendWord(word_);
    const unsigned placed = 64 - used_;
    word_ = placed == 64 ? 0 : value >> placed;
    used_ = bits - placed;
  }
  void Flush() {
    if (used_ > 0) out_.AppendWord(word_);
    word_ = 0;
    used_ = 0;
  }

 private:
  SectionWriter& out_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;
};

}  // namespace kith::index::internal
