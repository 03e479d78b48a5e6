// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a batch holds. Its parts: batch.cc takes records and keeps what they say,
// batch_find.cc tells what is there already, batch_commit.cc makes it durable.
//
// Thread-safety: as Batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "server/catalog/batch.h"
#include "server/catalog/internal/carried.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {

inline v1::EntryIdentity IdentityBy(bool source_ref) {
  return source_ref ? v1::ENTRY_IDENTITY_BY_SOURCE_REF : v1::ENTRY_IDENTITY_BY_CONTENT;
}

struct Batch::Impl {
  Catalog::Impl& catalog;
  std::shared_ptr<const v1::HashSet> hash_set;
  std::uint64_t series = 0;
  Signature signature;
  std::uint64_t first = 0;
  std::uint64_t next = 0;
  // What Commit tells the indexes; of a long batch it is read back from the database instead.
  IndexFeed feed;
  bool is_long = false;
  BatchDigest digest;
  // Digests taken by this batch: the indexes learn of them at Commit only.
  TakenDigests taken;
  bool recurs = false;      // the entry that was added last has one that comes again
  bool had_entries = true;  // the set, before this batch
  bool committed = false;
  std::uint64_t kept = 0;            // records that are carried only
  std::vector<std::uint64_t> going;  // ascending: what options.withdraw names
  std::vector<std::uint64_t> withdrawn;
  BatchOptions options;
  absl::flat_hash_map<std::string, std::uint64_t> series_named;  // by the name; 0: of none
  std::vector<v1::Series> new_series;
  // XXH3 of what was said of an entry, by records that may be repeated and by those that repeat.
  absl::flat_hash_set<std::pair<std::uint64_t, std::uint64_t>> said_of;
  // Last, so that statements end before their transaction, and it before the rest.
  Transaction transaction;
  EntryWriter writer;
  std::unique_ptr<CarriedWriter> carried;

  Impl(Catalog::Impl& catalog_impl, Transaction write, BatchOptions batch_options)
      : catalog(catalog_impl),
        taken(std::move(batch_options.recurring)),
        options(std::move(batch_options)),
        transaction(std::move(write)),
        writer(transaction) {
    for (const Withdrawal& one : options.withdraw) {
      going.insert(going.end(), one.entries.begin(), one.entries.end());
    }
    std::sort(going.begin(), going.end());
  }

  // Of an entry of before, as it is once the batch is committed.
  [[nodiscard]] EntryFacts FactsOf(std::uint64_t entry) const;
  [[nodiscard]] absl::StatusOr<std::uint64_t> Find(const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<std::uint64_t> FindNamed(const EntryRecord& record);
  // The first active entry of the set, of before the batch, that `where` finds and `wanted` wants;
  // 0: none of those that are looked at.
  [[nodiscard]] absl::StatusOr<std::uint64_t> FirstActive(
      const index::DigestIndex& where, index::DigestKind kind, std::string_view bytes,
      absl::FunctionRef<absl::StatusOr<bool>(std::uint64_t, const EntryFacts&)> wanted) const;
  // Whether the set holds a file with one of these digests as an active entry of before the batch
  // that stays.
  [[nodiscard]] absl::StatusOr<bool> Holds(const v1::Digests& own) const;
  [[nodiscard]] absl::StatusOr<bool> HasOtherCategory(std::uint64_t entry,
                                                      const v1::Category& category);
  // Whether an active entry of the set with a digest of the record says otherwise of whether the
  // victim is identified. Of entries of this batch, those with the wanted digest.
  [[nodiscard]] absl::StatusOr<bool> HasOtherVictim(const EntryRecord& record);
  [[nodiscard]] absl::Status FillNames();
  [[nodiscard]] bool CountsAs(std::uint64_t id, std::uint64_t wanted) const;
  [[nodiscard]] bool TellsAll(const EntryRecord& earlier, const EntryRecord& record) const;
  [[nodiscard]] static bool CountsAsMuch(const EntryFacts& facts, const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<bool> Covers(std::uint64_t entry, const EntryFacts& facts,
                                            const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<bool> CoversTaken(std::uint64_t entry, const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<std::uint64_t> SeriesNamed(const std::string& name);
  // Whether the series of this number has this code.
  [[nodiscard]] bool IsCode(std::uint64_t id, std::string_view name) const;
  [[nodiscard]] absl::Status Keep(const v1::Entry& entry, std::uint64_t series_id,
                                  AddedEntry& added);
  [[nodiscard]] absl::StatusOr<AddedEntry> KeepOnly(const v1::Entry& entry);
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteAdded(const v1::Carried& file);
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteWithdrawals();
  [[nodiscard]] absl::Status Settle(v1::HashSet& settled);
};

}  // namespace kith::catalog
