// SPDX-License-Identifier: Apache-2.0
#include "index/digest_index.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <shared_mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "index/internal/digest_shard.h"

namespace kith::index {
namespace {

using internal::DigestShard;

// As many as make a table small enough that its growing stops a search only briefly.
constexpr std::size_t kShards = 256;
// A sweep pays when this many entries were withdrawn, and they are a quarter of the rows.
constexpr std::size_t kSweepEntries = 4096;
constexpr std::size_t kSweepShare = 4;
// Digests that a search looks up between two chances for a withdrawal.
constexpr std::size_t kFindsAtOnce = 64;

constexpr std::string_view KindName(DigestKind kind) {
  return kind == DigestKind::kMd5 ? "MD5" : kind == DigestKind::kSha1 ? "SHA-1" : "SHA-256";
}

// Which entries are withdrawn, and since when: the epoch counts the withdrawals, and a row is
// silent if it was added in an epoch before the one that followed the withdrawal of its entry. So
// an entry is silenced in O(1), without looking for its rows, and may come back.
class Withdrawals {
 public:
  // For one thread at a time.
  void Add(std::span<const std::uint64_t> entries) {
    const std::lock_guard gate(gate_);
    const std::unique_lock lock(mutex_);
    ++epoch_;
    for (const std::uint64_t entry : entries) live_since_[entry] = epoch_;
  }
  void Forget() {
    const std::lock_guard gate(gate_);
    const std::unique_lock lock(mutex_);
    live_since_ = {};
  }
  // What that thread may ask without a lock, as no other changes it.
  std::uint32_t Epoch() const { return epoch_; }
  bool IsSilent(std::uint64_t entry, std::uint32_t epoch) const {
    const auto it = live_since_.find(entry);
    return it != live_since_.end() && epoch < it->second;
  }

  // For any thread, to be held while it looks at rows and asks IsSilent about them: a row that is
  // being swept out must not outlive the note that it is withdrawn.
  [[nodiscard]] std::shared_lock<std::shared_mutex> Read() const {
    const std::lock_guard gate(gate_);
    return std::shared_lock(mutex_);
  }
  std::size_t size() const {
    const auto lock = Read();
    return live_since_.size();
  }
  std::size_t Bytes() const {
    const auto lock = Read();
    return live_since_.capacity() * (sizeof(decltype(live_since_)::value_type) + 1);
  }

 private:
  // The shared lock of the C library lets readers pass a waiting writer, for ever if they overlap;
  // the gate makes them queue.
  mutable std::mutex gate_;
  mutable std::shared_mutex mutex_;
  std::uint32_t epoch_ = 0;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> live_since_;
};

// The digests of one kind. The seed keeps those who write the lists from choosing digests that fall
// into one place of the tables.
template <std::size_t kBytes>
class KindIndex {
 public:
  explicit KindIndex(std::uint64_t seed) : seed_(seed) {}

  bool Add(std::string_view digest, std::uint64_t entry, std::uint32_t epoch) {
    const std::uint64_t hash = Hash(digest);
    return ShardOf(hash).Add(hash, digest, entry, epoch);
  }
  template <typename Visit>
  void Find(std::string_view digest, Visit&& visit) const {
    const std::uint64_t hash = Hash(digest);
    shards_[hash % kShards].Find(hash, digest, visit);
  }
  void Sweep(const Withdrawals& withdrawals) {
    for (DigestShard<kBytes>& shard : shards_) {
      shard.Sweep([&](std::uint64_t entry,
                      std::uint32_t epoch) { return withdrawals.IsSilent(entry, epoch); },
                  [&](std::string_view digest) { return Hash(digest); });
    }
  }
  std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (const DigestShard<kBytes>& shard : shards_) sum += shard.size();
    return sum;
  }
  std::uint64_t Bytes() const {
    std::uint64_t sum = sizeof(*this);
    for (const DigestShard<kBytes>& shard : shards_) sum += shard.Bytes();
    return sum;
  }

 private:
  std::uint64_t Hash(std::string_view digest) const {
    return XXH3_64bits_withSeed(digest.data(), kBytes, seed_);
  }
  DigestShard<kBytes>& ShardOf(std::uint64_t hash) { return shards_[hash % kShards]; }

  std::uint64_t seed_;
  std::array<DigestShard<kBytes>, kShards> shards_;
};

absl::Status CheckLengths(DigestKind kind, std::span<const std::string_view> digests) {
  for (std::size_t i = 0; i < digests.size(); ++i) {
    if (digests[i].size() != DigestBytes(kind)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "index: digest ", i, " has ", digests[i].size(), " bytes; ", std::string(KindName(kind)),
          " has ", DigestBytes(kind), " (raw bytes, not hex)"));
    }
  }
  return absl::OkStatus();
}

std::uint64_t RandomSeed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

class ShardedDigestIndex final : public DigestIndex {
  // Calls work with the index of the kind.
  template <typename Self, typename Work>
  static decltype(auto) WithKind(Self& self, DigestKind kind, Work&& work) {
    switch (kind) {
      case DigestKind::kMd5:
        return work(self.md5_);
      case DigestKind::kSha1:
        return work(self.sha1_);
      case DigestKind::kSha256:
        break;
    }
    return work(self.sha256_);
  }

 public:
  ShardedDigestIndex() : md5_(RandomSeed()), sha1_(RandomSeed()), sha256_(RandomSeed()) {}

  absl::Status Add(DigestKind kind, std::span<const std::string_view> digests,
                   std::span<const std::uint64_t> entries) override {
    if (digests.size() != entries.size()) {
      return absl::InvalidArgumentError(absl::StrCat("index: ", digests.size(),
                                                     " digests came with ", entries.size(),
                                                     " entries; give one entry a digest"));
    }
    if (absl::Status status = CheckLengths(kind, digests); !status.ok()) return status;
    const std::lock_guard lock(writer_mutex_);
    const std::uint32_t epoch = withdrawals_.Epoch();
    for (std::size_t i = 0; i < digests.size(); ++i) {
      const bool added = WithKind(
          *this, kind, [&](auto& index) { return index.Add(digests[i], entries[i], epoch); });
      if (!added) {
        return absl::ResourceExhaustedError(absl::StrCat("index: no room for more digests of kind ",
                                                         std::string(KindName(kind)), "; ", i,
                                                         " of this batch were added"));
      }
    }
    return absl::OkStatus();
  }

  void Withdraw(std::span<const std::uint64_t> entries) override {
    const std::lock_guard lock(writer_mutex_);
    withdrawals_.Add(entries);
    const std::size_t withdrawn = withdrawals_.size();
    if (withdrawn < kSweepEntries || withdrawn * kSweepShare < Rows()) return;
    md5_.Sweep(withdrawals_);
    sha1_.Sweep(withdrawals_);
    sha256_.Sweep(withdrawals_);
    // No row is left that this could silence.
    withdrawals_.Forget();
  }

  absl::StatusOr<std::vector<std::vector<std::uint64_t>>> Find(
      DigestKind kind, std::span<const std::string_view> digests) const override {
    if (absl::Status status = CheckLengths(kind, digests); !status.ok()) return status;
    std::vector<std::vector<std::uint64_t>> found(digests.size());
    for (std::size_t first = 0; first < digests.size(); first += kFindsAtOnce) {
      const auto lock = withdrawals_.Read();
      const std::size_t last = std::min(first + kFindsAtOnce, digests.size());
      for (std::size_t i = first; i < last; ++i) FindOne(kind, digests[i], found[i]);
    }
    return found;
  }

  DigestIndexStats Stats() const override {
    return DigestIndexStats{
        .digests = Rows(),
        .withdrawn = withdrawals_.size(),
        .bytes = md5_.Bytes() + sha1_.Bytes() + sha256_.Bytes() + withdrawals_.Bytes()};
  }

 private:
  // With the withdrawals held.
  void FindOne(DigestKind kind, std::string_view digest,
               std::vector<std::uint64_t>& entries) const {
    WithKind(*this, kind, [&](const auto& index) {
      index.Find(digest, [&](std::uint64_t entry, std::uint32_t epoch) {
        if (!withdrawals_.IsSilent(entry, epoch)) entries.push_back(entry);
      });
    });
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  }
  std::uint64_t Rows() const { return md5_.size() + sha1_.size() + sha256_.size(); }

  std::mutex writer_mutex_;  // one addition or withdrawal at a time
  Withdrawals withdrawals_;
  KindIndex<16> md5_;
  KindIndex<20> sha1_;
  KindIndex<32> sha256_;
};

}  // namespace

std::unique_ptr<DigestIndex> DigestIndex::Create() {
  return std::make_unique<ShardedDigestIndex>();
}

}  // namespace kith::index
