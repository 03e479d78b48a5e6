// SPDX-License-Identifier: Apache-2.0
#include "index/digest_index.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "index/internal/digest_checks.h"
#include "index/internal/digest_delta.h"
#include "index/internal/stored_digest_index.h"

namespace kith::index {
namespace {

using internal::DigestDelta;
using internal::Withdrawals;

// A sweep pays when this many entries were withdrawn, and they are a quarter of the rows.
constexpr std::size_t kSweepEntries = 4096;
constexpr std::size_t kSweepShare = 4;
// Digests that a search looks up between two chances for a withdrawal.
constexpr std::size_t kFindsAtOnce = 64;

class ShardedDigestIndex final : public DigestIndex {
 public:
  ShardedDigestIndex() : rows_(internal::RandomSeeds()) {}

  absl::Status Add(DigestKind kind, std::span<const std::string_view> digests,
                   std::span<const std::uint64_t> entries) override {
    if (absl::Status status = internal::CheckPairs(kind, digests, entries); !status.ok()) {
      return status;
    }
    const std::lock_guard lock(writer_mutex_);
    const std::uint32_t epoch = withdrawals_.Epoch();
    for (std::size_t i = 0; i < digests.size(); ++i) {
      const bool added =
          rows_.With(kind, [&](auto& table) { return table.Add(digests[i], entries[i], epoch); });
      if (!added) return internal::NoRoom(kind, i);
    }
    return absl::OkStatus();
  }

  void Withdraw(std::span<const std::uint64_t> entries) override {
    const std::lock_guard lock(writer_mutex_);
    withdrawals_.Add(entries);
    const std::size_t withdrawn = withdrawals_.size();
    if (withdrawn < kSweepEntries || withdrawn * kSweepShare < rows_.size()) return;
    rows_.Sweep(withdrawals_);
    // No row is left that this could silence.
    withdrawals_.Forget();
  }

  absl::StatusOr<std::vector<std::vector<std::uint64_t>>> Find(
      DigestKind kind, std::span<const std::string_view> digests) const override {
    if (absl::Status status = internal::CheckLengths(kind, digests); !status.ok()) return status;
    std::vector<std::vector<std::uint64_t>> found(digests.size());
    for (std::size_t first = 0; first < digests.size(); first += kFindsAtOnce) {
      const auto lock = withdrawals_.Read();
      const std::size_t last = std::min(first + kFindsAtOnce, digests.size());
      for (std::size_t i = first; i < last; ++i) FindOne(kind, digests[i], found[i]);
    }
    return found;
  }

  void Reached(std::uint64_t /*change*/, std::string_view /*mark*/) override {}
  void Touches(std::string_view /*mark*/) override {}
  std::uint64_t SavedChange() const override { return 0; }
  std::string SavedMark() const override { return {}; }
  std::string TouchedMark() const override { return {}; }
  absl::Status Clear() override { return NoFiles(); }
  void Refilled() override {}
  void Save() override {}
  absl::Status Flush() override { return NoFiles(); }
  absl::Status Scrub(const Pace& /*pace*/) override { return NoFiles(); }

  DigestIndexStats Stats() const override {
    return DigestIndexStats{.digests = rows_.size(),
                            .withdrawn = withdrawals_.size(),
                            .bytes = rows_.Bytes() + withdrawals_.Bytes()};
  }

 private:
  static absl::Status NoFiles() {
    return absl::UnimplementedError("index: these digests are in memory only, not in files");
  }
  // With the withdrawals held.
  void FindOne(DigestKind kind, std::string_view digest,
               std::vector<std::uint64_t>& entries) const {
    rows_.With(kind, [&](const auto& table) {
      table.Find(digest, [&](std::uint64_t entry, std::uint32_t epoch) {
        if (!withdrawals_.IsSilent(entry, epoch)) entries.push_back(entry);
      });
    });
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  }

  std::mutex writer_mutex_;  // one addition or withdrawal at a time
  Withdrawals withdrawals_;
  DigestDelta rows_;
};

}  // namespace

std::unique_ptr<DigestIndex> DigestIndex::Create() {
  return std::make_unique<ShardedDigestIndex>();
}

absl::StatusOr<std::unique_ptr<DigestIndex>> DigestIndex::Open(const DigestIndexOptions& options) {
  return internal::StoredDigestIndex::Open(options);
}

}  // namespace kith::index
