// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tell which entries have exactly a given MD5, SHA-1 or SHA-256, while entries are added
// and withdrawn.
//
// Thread-safety: all functions may be called from any number of threads at once. The digests are
// spread over many small tables, each with its own lock, so that a search waits for one short
// addition at most. What is added is found by every search that begins after Add returned; what is
// withdrawn is silent in every search that begins after Withdraw returned.
//
// Shapes: a digest is its raw bytes (not hex): 16, 20 or 32 of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::index {

enum class DigestKind : std::uint8_t { kMd5 = 0, kSha1 = 1, kSha256 = 2 };

[[nodiscard]] constexpr std::size_t DigestBytes(DigestKind kind) {
  return kind == DigestKind::kMd5 ? 16 : kind == DigestKind::kSha1 ? 20 : 32;
}

struct DigestIndexStats {
  std::uint64_t digests = 0;    // rows held, of all kinds; withdrawn ones until they are swept out
  std::uint64_t withdrawn = 0;  // entries withdrawn since the last sweep
  std::uint64_t bytes = 0;      // memory held
};

class DigestIndex {
 public:
  [[nodiscard]] static std::unique_ptr<DigestIndex> Create();

  virtual ~DigestIndex() = default;
  DigestIndex(const DigestIndex&) = delete;
  DigestIndex& operator=(const DigestIndex&) = delete;

  // digests[i] belongs to entries[i]. Several entries may have the same digest, and one entry
  // several digests; the same pair added twice is found once. An entry that was withdrawn may be
  // added again. Amortised O(1) a digest, whatever the digests are.
  // Errors: InvalidArgument if the lengths of the lists differ or a digest has not
  // DigestBytes(kind) bytes (the message tells its position); then nothing is added.
  // ResourceExhausted beyond some 10^12 digests of a kind.
  [[nodiscard]] virtual absl::Status Add(DigestKind kind, std::span<const std::string_view> digests,
                                         std::span<const std::uint64_t> entries) = 0;

  // Silences every digest, of all kinds, of the given entries. An unknown entry is no error.
  // O(1) an entry; now and then a sweep of the whole index that gives back the memory.
  virtual void Withdraw(std::span<const std::uint64_t> entries) = 0;

  // For each digest, in order, the entries that have it, ascending; empty if none has.
  // O(1) and O(k log k) for k entries found.
  // Errors: InvalidArgument if a digest has not DigestBytes(kind) bytes.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::vector<std::uint64_t>>> Find(
      DigestKind kind, std::span<const std::string_view> digests) const = 0;

  [[nodiscard]] virtual DigestIndexStats Stats() const = 0;

 protected:
  DigestIndex() = default;
};

}  // namespace kith::index
