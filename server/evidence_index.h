// SPDX-License-Identifier: Apache-2.0
//
// Purpose: find the files of all cases on record that lie near a code or have a digest: the way
// back from what is known to what was seized.
//
// Thread-safety: all functions may be called from any thread; they wait for each other.
//
// It is derived from the ledger, built at the first need and then brought up to date. Its codes and
// digests lie in files of a folder of its own, which live as long as it does: 1 to 3.5 kB a picture
// (eight orientations in two dialects) and 100 bytes any other file. Memory: some tens of MB, and
// what the system keeps of the files in its cache. Where the folder cannot be made, memory holds
// all of it.
// Errors: those of the ledger; RESOURCE_EXHAUSTED when memory ran out; UNAVAILABLE where a file was
// found damaged twice in a row.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/digest_index.h"
#include "index/hamming_index.h"
#include "proto/kith/v1/catalog.pb.h"
#include "server/casework/ledger.h"

namespace kith::server {

class EvidenceIndex {
 public:
  // The ledger outlives the index. The folder is made where it is missing, and what a program that
  // was killed left there is removed now.
  EvidenceIndex(casework::Ledger* ledger, std::string folder);
  ~EvidenceIndex();
  EvidenceIndex(const EvidenceIndex&) = delete;
  EvidenceIndex& operator=(const EvidenceIndex&) = delete;

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
  // is found, or oftener.
  [[nodiscard]] absl::Status NearPairs(
      std::span<const FileCode> codes, int radius_bits,
      const std::function<void(std::uint64_t file_id, std::uint64_t near_file_id)>& pair);

  // Files were expunged, which is committed: once this returns nothing of theirs is in the folder,
  // and no call that begins later tells of them. The next need builds the rest anew. It waits for a
  // search under way, so no writing transaction is held meanwhile.
  void Forget();

 private:
  struct Feed;
  // All of these with mutex_ held.
  [[nodiscard]] absl::Status BringUpToDate();
  [[nodiscard]] absl::Status Make();
  [[nodiscard]] absl::Status Tell(const Feed& feed);
  void Drop();
  // The name under which a file is added now, and whether a name is the last one of its file.
  [[nodiscard]] std::uint64_t NameOf(std::uint64_t file_id, bool again);
  [[nodiscard]] bool IsNewest(std::uint64_t name) const;
  // Brings the index up to date and works with it; once more, on a new one, where it turns out to
  // be damaged.
  [[nodiscard]] absl::Status With(absl::FunctionRef<absl::Status()> work);
  [[nodiscard]] absl::Status FindFiles(std::span<const v1::Entry> entries, int radius_bits,
                                       std::vector<std::uint64_t>& files) const;
  [[nodiscard]] absl::Status FindPairs(
      std::span<const FileCode> codes, int radius_bits,
      const std::function<void(std::uint64_t file_id, std::uint64_t near_file_id)>& pair) const;

  casework::Ledger* ledger_;
  const std::string folder_;
  std::atomic<bool> expunged_ = false;  // what is held has what the ledger has no more
  std::mutex mutex_;
  // All below are guarded by mutex_.
  std::unique_ptr<index::HammingIndex> codes_;
  std::unique_ptr<index::DigestIndex> digests_;
  std::uint64_t last_file_ = 0;
  std::uint64_t last_replaced_ = 0;
  std::uint64_t last_name_ = 0;
  // Of files that were read again: the name they were added under last.
  absl::flat_hash_map<std::uint64_t, std::uint64_t> again_;
};

}  // namespace kith::server
