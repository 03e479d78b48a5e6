// SPDX-License-Identifier: Apache-2.0
//
// Purpose: find the files of all cases on record that lie near a code or have a digest: the way
// back from what is known to what was seized.
//
// Thread-safety: all functions may be called from any thread; they wait for each other.
//
// It is derived from the ledger, built at the first need and then brought up to date. Memory: some
// 700 bytes a picture (eight orientations in two dialects) and 100 bytes any file.
// Errors: those of the ledger; RESOURCE_EXHAUSTED when memory ran out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/digest_index.h"
#include "index/hamming_index.h"
#include "proto/kith/v1/catalog.pb.h"
#include "server/casework/ledger.h"

namespace kith::server {

class EvidenceIndex {
 public:
  // The ledger outlives the index.
  explicit EvidenceIndex(casework::Ledger* ledger) : ledger_(ledger) {}

  // The files, ascending, that have a digest of one of the entries, or a code in a dialect that may
  // be the same within the radius. One batched search for all: what a new set meets is one join.
  [[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> FilesNear(
      std::span<const v1::Entry> entries, int radius_bits);

  // A code of a file, for NearPairs.
  struct FileCode {
    std::uint64_t file_id = 0;
    index::Code pdq = {};
    v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
  };
  // Tells of each pair of one of these codes and a file with one within the radius, as often as it
  // is found.
  [[nodiscard]] absl::Status NearPairs(
      std::span<const FileCode> codes, int radius_bits,
      const std::function<void(std::uint64_t file_id, std::uint64_t near_file_id)>& pair);

  // Files that were expunged.
  void Forget(std::span<const std::uint64_t> file_ids);

 private:
  [[nodiscard]] absl::Status BringUpToDate();
  [[nodiscard]] absl::Status Make();

  casework::Ledger* ledger_;
  std::mutex mutex_;
  // All below are guarded by mutex_.
  std::unique_ptr<index::HammingIndex> codes_;
  std::unique_ptr<index::DigestIndex> digests_;
  std::uint64_t last_file_ = 0;
  std::uint64_t last_replaced_ = 0;
};

}  // namespace kith::server
