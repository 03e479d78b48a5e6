// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "index/hamming_index.h"

namespace kith::bench {

// The codes that a run stores, by their position: random ones, made anew wherever they are asked
// for, so that a run of many codes need not hold them beside the index; or those of a file.
// Any number of threads may read it.
class CodeSource {
 public:
  // `duplicates`: the share of the codes that are copies of the first hundred.
  [[nodiscard]] static CodeSource Random(std::size_t count, double duplicates, std::uint64_t seed);

  // A text file of one code a line as 64 hex digits (what follows a blank, comma or semicolon is
  // ignored, and so are empty lines and those that begin with #), or a file of raw codes of 32
  // bytes, back to back. A file whose first 64 bytes are hex digits or whose first byte is # is a
  // text. At most `limit` codes are taken; 0: all.
  // Errors: NotFound; InvalidArgument for a line that is no code (its number is told, its text is
  // not), for raw bytes that are no multiple of 32, and for a file without a code.
  [[nodiscard]] static absl::StatusOr<CodeSource> FromFile(const std::string& path,
                                                           std::size_t limit);

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] index::Code At(std::size_t row) const;
  // The codes from row `first` on.
  void Fill(std::size_t first, std::span<index::Code> codes) const;
  // From this row on no code is a copy by intention.
  [[nodiscard]] std::size_t FirstSingle() const { return first_single_; }

 private:
  std::size_t count_ = 0;
  std::uint64_t seed_ = 0;
  std::size_t copied_ = 0;          // the first so many are copied
  std::size_t first_single_ = 0;    // what lies between them and this are the copies
  std::vector<index::Code> codes_;  // of a file
};

}  // namespace kith::bench
