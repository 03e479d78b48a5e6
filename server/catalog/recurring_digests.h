// SPDX-License-Identifier: Apache-2.0
//
// Purpose: which digests come more than once in one addition of entries, so that those alone need
// be remembered while it goes on: a list of millions has few of them.
//
// A digest, or the identity of an entry without digests, is told by 64 bits of it: two that share
// them cost a look at an entry, never an answer.
// Thread-safety: belongs to one thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::catalog {

struct EntryRecord;

// The keys of an entry: one a digest, or that of its identity.
void AppendKeys(const EntryRecord& record, std::uint64_t seed, std::vector<std::uint64_t>& keys);
// The one by which the same file is looked for: SHA-256, else SHA-1, else MD5, else identity.
[[nodiscard]] std::uint64_t WantedKey(const EntryRecord& record, std::uint64_t seed);

// The keys that come more than once, ascending, and the seed that they were made with.
struct RecurringDigests {
  std::uint64_t seed = 0;
  std::vector<std::uint64_t> keys;

  [[nodiscard]] static RecurringDigests Of(std::span<const EntryRecord> records);
};

// Keys in a file, for additions of any length. 8 bytes a key on the disk, up to 32 MiB of memory.
class KeySpool {
 public:
  // Errors: RESOURCE_EXHAUSTED for a full disk, INTERNAL.
  [[nodiscard]] static absl::StatusOr<KeySpool> Create(const std::string& path);
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  // All or none. Errors: as Create.
  [[nodiscard]] absl::Status Append(std::span<const std::uint64_t> keys);
  // Reads the file once for every 4 Mi keys.
  [[nodiscard]] absl::StatusOr<RecurringDigests> Recurring() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  KeySpool(std::FILE* file, std::uint64_t seed) : file_(file), seed_(seed) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t seed_ = 0;
  std::uint64_t size_ = 0;
};

// Which entries of an addition have a recurring digest: 12 bytes a digest, and up to 320 more where
// several entries have it.
class TakenDigests {
 public:
  // Earlier entries of one digest that are looked at: more of them are not made by honest lists,
  // and a forged list must not make the addition quadratic.
  static constexpr std::size_t kMaxLookedAt = 64;

  explicit TakenDigests(RecurringDigests recurring);
  // Entry `place` of the addition. False: it has no recurring digest.
  bool Add(const EntryRecord& record, std::uint32_t place);
  // Earlier ones with the wanted digest of the record, the first of them first.
  [[nodiscard]] std::vector<std::uint32_t> Find(const EntryRecord& record) const;

 private:
  [[nodiscard]] std::optional<std::size_t> PlaceOf(std::uint64_t key) const;

  RecurringDigests recurring_;
  std::vector<std::uint32_t> first_;  // beside the keys; kNone: none yet
  absl::flat_hash_map<std::size_t, std::vector<std::uint32_t>> others_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace kith::catalog
