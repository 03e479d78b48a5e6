// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"

namespace kith::bench {

// FAISS's graph for binary codes (faiss::IndexBinaryHNSW), as a peer to compare with and never as
// an engine of Kith: it is approximate, and it has no range search. A radius is emulated: the
// nearest kFirst are asked for, those within the radius are kept, and as long as all are within it
// twice as many are asked for, up to kMost.
// Searches may run side by side, but not beside Add.
class HnswPeer {
 public:
  static constexpr int kLinks = 32;   // of a node of the graph, FAISS's default
  static constexpr int kEffort = 64;  // nodes kept in view while searching, at least
  static constexpr int kFirst = 16;
  static constexpr int kMost = 4096;

  HnswPeer();
  ~HnswPeer();
  HnswPeer(const HnswPeer&) = delete;
  HnswPeer& operator=(const HnswPeer&) = delete;

  // Labels are the positions of the codes. One thread. Errors: Internal with the words of FAISS.
  [[nodiscard]] absl::Status Add(std::span<const index::Code> codes);
  [[nodiscard]] absl::StatusOr<std::vector<index::SearchResult>> Search(
      std::span<const index::Code> queries, int radius_bits) const;
  // Codes and graph.
  [[nodiscard]] std::size_t Bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::bench
