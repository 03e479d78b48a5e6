// SPDX-License-Identifier: Apache-2.0
//
// Batch: what was taken becomes durable, then matchable.
#include <algorithm>
#include <cstdint>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/batch_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {

// The change that adds what was taken; 0: nothing was.
absl::StatusOr<std::uint64_t> Batch::Impl::WriteAdded(const v1::Carried& file) {
  std::uint64_t change = 0;
  if (next != first) {
    const auto batch = digest.Finish();
    if (auto status = transaction.Execute(
            "INSERT INTO change (at, kind, first_entry, last_entry, digest, note, subject, who)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            TimeNow(), ChangeKind::kAdded, first, next - 1, BlobView{{batch.data(), batch.size()}},
            signature.why,
            absl::StrCat("set ", hash_set->name(), ", entries ", first, " to ", next - 1),
            signature.who);
        !status.ok()) {
      return status;
    }
    change = transaction.LastInsertId();
  } else if (kept > 0 || (options.by_source_ref && !file.data().empty())) {
    // What a source took back is remembered, also where there is nothing yet to withdraw.
    const auto added = catalog.AddChange(
        transaction, ChangeKind::kKept,
        absl::StrCat("set ", hash_set->name(), ", ", kept, " records, no entry"), signature);
    if (!added.ok()) return added.status();
    change = *added;
  }
  if (change == 0 || !carried) return change;
  if (auto status = carried->Finish(change, hash_set->set_id(), file); !status.ok()) return status;
  return change;
}

// A change for each reason; the number of the last one, or 0.
absl::StatusOr<std::uint64_t> Batch::Impl::WriteWithdrawals() {
  std::uint64_t change = 0;
  absl::flat_hash_set<std::uint64_t> seen;
  for (const Withdrawal& one : options.withdraw) {
    std::vector<std::uint64_t> active;
    for (const std::uint64_t entry : one.entries) {
      const bool is_earlier = entry != 0 && entry < first;
      const EntryFacts facts = is_earlier ? catalog.table.Get(entry) : EntryFacts{};
      if (!is_earlier || facts.hash_set != hash_set->set_id()) {
        return absl::InvalidArgumentError(absl::StrCat("entry ", entry,
                                                       " cannot be withdrawn: it is none of set ",
                                                       hash_set->name(), " of before"));
      }
      if (!facts.withdrawn && seen.insert(entry).second) active.push_back(entry);
    }
    if (active.empty()) continue;
    std::sort(active.begin(), active.end());
    const auto written =
        catalog.WriteWithdrawal(transaction, active, {.who = signature.who, .why = one.why});
    if (!written.ok()) return written.status();
    change = *written;
    withdrawn.insert(withdrawn.end(), active.begin(), active.end());
  }
  std::sort(withdrawn.begin(), withdrawn.end());
  return change;
}

absl::Status Batch::Impl::Settle(v1::HashSet& settled) {
  settled.set_entry_identity(IdentityBy(options.by_source_ref));
  return transaction.Execute("UPDATE hash_set SET entry_identity = ?1 WHERE id = ?2",
                             settled.entry_identity(), settled.set_id());
}

absl::Status Batch::Commit(const v1::Carried& file) {
  Impl& impl = *impl_;
  if (impl.committed) return absl::InternalError("a batch is committed once");
  impl.committed = true;
  const auto added = impl.WriteAdded(file);
  if (!added.ok()) return added.status();
  const auto gone = impl.WriteWithdrawals();
  if (!gone.ok()) return gone.status();
  const std::uint64_t change = std::max(*added, *gone);
  if (change == 0) return absl::OkStatus();
  v1::HashSet hash_set = *impl.hash_set;
  const bool settles =
      impl.next != impl.first && hash_set.entry_identity() == v1::ENTRY_IDENTITY_UNSPECIFIED;
  if (settles) {
    if (auto status = impl.Settle(hash_set); !status.ok()) return status;
  }
  // First the indexes, then the number: no answer claims a change that it did not see. What
  // replaces an entry is seen before that falls silent: an answer may have both, and never lacks
  // both.
  return impl.catalog.CommitAndApply(impl.transaction, change, [&]() -> absl::Status {
    if (settles) impl.catalog.PutSet(hash_set);
    for (v1::Series& series : impl.new_series) impl.catalog.PutSeries(series);
    absl::Status told;
    if (impl.next != impl.first) {
      told = impl.is_long ? impl.catalog.FeedFromTables(impl.first, impl.next - 1)
                          : impl.catalog.Feed(impl.feed);
    }
    if (!told.ok() || impl.withdrawn.empty()) return told;
    if (*added != 0) impl.catalog.Publish(*added);
    return impl.catalog.ApplyWithdrawal(impl.withdrawn);
  });
}

}  // namespace kith::catalog
