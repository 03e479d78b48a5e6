// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "index/segment.h"

namespace kith::bench {

class HnswPeer;

inline constexpr std::string_view kHnswEngine = "faiss-hnsw";
inline constexpr std::string_view kFileEngine = "mih-file";
inline constexpr std::string_view kResidentEngine = "mih-file-resident";

[[nodiscard]] inline bool IsInFile(std::string_view engine) {
  return engine == kFileEngine || engine == kResidentEngine;
}

// An engine under test: one of the index, a segment in a file, or the peer. Any number of threads
// may search once it is filled. Its file goes with it.
class IndexSubject {
 public:
  struct Options {
    std::string engine;
    int bands = 0;  // 0: its own choice
    std::string dir = {};
    std::size_t memory_bytes = 0;          // that building a file may take
    index::SegmentProgress progress = {};  // of building and opening a file
  };
  // Errors: those of the index.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<IndexSubject>> Make(const Options& options);

  explicit IndexSubject(const Options& options);
  ~IndexSubject();
  IndexSubject(const IndexSubject&) = delete;
  IndexSubject& operator=(const IndexSubject&) = delete;

  // Removes the files of the process in a folder; also while they are being written.
  static void RemoveFiles(const std::string& dir);

  // Codes come in any number of pieces only into a file.
  [[nodiscard]] bool TakesPieces() const { return writer_ != nullptr; }
  [[nodiscard]] absl::Status Add(std::span<const index::Code> codes, std::size_t first);
  // Of a file: writes it. Then it is to be opened.
  [[nodiscard]] absl::Status Finish();
  [[nodiscard]] absl::Status Open();

  [[nodiscard]] absl::StatusOr<std::vector<index::SearchResult>> Search(
      std::span<const index::Code> queries, int radius_bits) const;

  [[nodiscard]] bool is_in_file() const { return IsInFile(options_.engine); }
  [[nodiscard]] bool is_exact() const { return peer_ == nullptr; }
  [[nodiscard]] std::string simd() const;
  [[nodiscard]] std::size_t Bytes() const;
  [[nodiscard]] std::size_t HotBytes() const;

 private:
  Options options_;
  std::unique_ptr<index::HammingIndex> index_;
  std::unique_ptr<HnswPeer> peer_;
  std::unique_ptr<index::SegmentWriter> writer_;  // until it is written
  std::unique_ptr<index::SegmentFile> file_;
};

}  // namespace kith::bench
