// SPDX-License-Identifier: Apache-2.0
//
// Catalog: entries.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/batch.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {
namespace {

absl::Status NoEntry(std::uint64_t entry_id) {
  return absl::NotFoundError(absl::StrCat("entry ", entry_id, " does not exist"));
}

// To read so many entries more costs less than to look for the next one.
constexpr std::uint64_t kMaxGap = 16;

struct RunOfEntries {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// The next run of active entries of a set, from `first` on and below `end`: there are others among
// them, a few at a time. Nothing: no more.
std::optional<RunOfEntries> NextRun(const EntryTable& table, std::uint64_t set_id,
                                    std::uint64_t first, std::uint64_t end) {
  std::optional<RunOfEntries> run;
  for (std::uint64_t id = first; id < end; ++id) {
    if (run && id - run->last > kMaxGap) break;
    const EntryFacts facts = table.Get(id);
    if (facts.hash_set != set_id || facts.withdrawn) continue;
    if (!run) run = {.first = id, .last = id};
    run->last = id;
  }
  return run;
}

}  // namespace

absl::StatusOr<std::vector<AddedEntry>> Catalog::AddEntries(
    std::string_view set, std::string_view series, std::span<const v1::Entry* const> entries,
    std::string_view who) {
  const auto hash_set = impl_->FindSet(set);
  if (!hash_set.ok()) return hash_set.status();
  // All are checked before the other writers have to wait.
  std::vector<EntryRecord> records;
  records.reserve(entries.size());
  for (const v1::Entry* entry : entries) {
    auto record = TakeEntry(*entry, (*hash_set)->dialect());
    if (entry->carried_only()) {
      record = absl::InvalidArgumentError("carried_only is of imports: send it with one");
    }
    if (!record.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("item ", records.size(), ": ", record.status().message()));
    }
    record->hash_set = (*hash_set)->set_id();
    records.push_back(*std::move(record));
  }
  auto batch = BeginBatch(set, series, {.who = std::string(who)},
                          {.recurring = RecurringDigests::Of(records), .withdraw = {}});
  if (!batch.ok()) return batch.status();
  std::vector<AddedEntry> added;
  added.reserve(records.size());
  for (EntryRecord& record : records) {
    const auto one = (*batch)->Add(std::move(record));
    if (!one.ok()) return one.status();
    added.push_back(*one);
  }
  if (auto status = (*batch)->Commit(); !status.ok()) return status;
  return added;
}

absl::StatusOr<std::vector<v1::Entry>> Catalog::ReadEntries(
    std::span<const std::uint64_t> entry_ids) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  // Each change adds what follows the entries of the ones before.
  Statement change = read->Prepare(
      "SELECT number FROM change WHERE first_entry <= ?1 ORDER BY first_entry DESC LIMIT 1");
  Statement withdrawn = read->Prepare("SELECT 1 FROM withdrawal WHERE entry = ?1");
  std::vector<v1::Entry> entries;
  for (const std::uint64_t id : entry_ids) {
    EntryRecord record;
    {
      EntryScan scan(*read, id, id);
      const auto row = scan.Next(record);
      if (!row.ok()) return row.status();
      if (!*row) return NoEntry(id);
    }
    v1::Entry& entry = entries.emplace_back();
    FillEntry(record, entry);
    if (const auto set = impl_->directory.hash_sets.ById(record.hash_set)) {
      entry.set_set(set->name());
    }
    // Not the record's: it may have been moved, or its series merged.
    if (const auto series = impl_->directory.CurrentSeries(impl_->table.Get(record.id).series)) {
      entry.set_series(series->code());
    }
    const auto is_withdrawn = withdrawn.Bind(id).Step();
    if (!is_withdrawn.ok()) return is_withdrawn.status();
    entry.set_withdrawn(*is_withdrawn);
    const auto row = change.Bind(id).Step();
    if (!row.ok()) return row.status();
    entry.set_added_by_change(change.Id(0));
  }
  return entries;
}

absl::Status Catalog::ForEachEntry(std::uint64_t set_id, std::uint64_t first, std::uint64_t last,
                                   const std::function<absl::Status(const v1::Entry&)>& take) {
  const EntryTable& table = impl_->table;
  // The table says which entries are the set's: not while what it says may be wrong, nor where that
  // was found, and perhaps mended, while they were read.
  const std::uint64_t noted = impl_->facts_noted;
  if (auto status = impl_->CheckFacts(); !status.ok()) return status;
  const std::uint64_t end = last < table.Size() ? last + 1 : table.Size();
  auto run = NextRun(table, set_id, std::max<std::uint64_t>(first, 1), end);
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  EntryRecord record;
  // The table tells in nanoseconds where they are; to read an entry of another set takes thousands.
  for (; run; run = NextRun(table, set_id, run->last + 1, end)) {
    EntryScan scan(*read, run->first, run->last);
    while (true) {
      const auto row = scan.Next(record);
      if (!row.ok()) return row.status();
      if (!*row) break;
      if (record.hash_set != set_id || table.Get(record.id).withdrawn) continue;
      v1::Entry entry;
      FillEntry(record, entry);
      if (auto status = take(entry); !status.ok()) return status;
    }
  }
  return impl_->facts_noted == noted ? absl::OkStatus() : impl_->FactsWereDamaged();
}

absl::StatusOr<v1::Entry> Catalog::GetEntry(std::uint64_t entry_id) {
  if (entry_id == 0 || entry_id >= impl_->table.Size()) return NoEntry(entry_id);
  auto entries = ReadEntries({&entry_id, 1});
  if (!entries.ok()) return entries.status();
  v1::Entry& entry = entries->front();
  if (entry.withdrawn()) {
    auto read = impl_->database->BeginRead();
    if (!read.ok()) return read.status();
    Statement row = read->Prepare(
        "SELECT c.number, c.at, c.kind, c.subject, c.who, c.note FROM withdrawal w"
        " JOIN change c ON c.number = w.change WHERE w.entry = ?1");
    const auto found = row.Bind(entry_id).Step();
    if (!found.ok()) return found.status();
    if (*found) ReadChange(row, *entry.mutable_withdrawal());
  }
  return std::move(entry);
}

absl::StatusOr<std::vector<v1::Entry>> Catalog::ListEntries(std::uint64_t after, std::size_t limit,
                                                            std::uint64_t set_id,
                                                            std::uint64_t series_id) {
  std::vector<std::uint64_t> ids;
  std::uint64_t end = 0;
  std::vector<std::uint64_t> counted;
  if (series_id != 0) counted = impl_->directory.SeriesCountedAs(series_id);
  {
    const std::lock_guard lock(impl_->moment_mutex);
    end = impl_->moment.entries_end;
  }
  // Not `after + 1` alone: behind the largest number it would begin with entry 0, which is none.
  for (std::uint64_t id = after < end ? after + 1 : end; id < end && ids.size() < limit; ++id) {
    const EntryFacts facts = impl_->table.Get(id);
    if ((set_id == 0 || facts.hash_set == set_id) &&
        (series_id == 0 || std::binary_search(counted.begin(), counted.end(), facts.series))) {
      ids.push_back(id);
    }
  }
  return ReadEntries(ids);
}

absl::StatusOr<std::vector<EntryLabel>> Catalog::Labels(std::span<const std::uint64_t> entry_ids) {
  std::vector<EntryLabel> labels;
  if (entry_ids.empty()) return labels;
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  Statement statement =
      read->Prepare("SELECT source_ref, category_scheme, category_code FROM entry WHERE id = ?1");
  labels.reserve(entry_ids.size());
  for (const std::uint64_t id : entry_ids) {
    const auto row = statement.Bind(id).Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::DataLossError(absl::StrCat("entry ", id, " is gone from the store"));
    labels.push_back({.source_ref = std::string(statement.Text(0)),
                      .category_scheme = std::string(statement.Text(1)),
                      .category_code = std::string(statement.Text(2))});
  }
  return labels;
}

absl::Status Catalog::Impl::Silence(std::span<const std::uint64_t> entries) {
  digests->Withdraw(entries);
  identities->Withdraw(entries);
  return SilenceFacts(entries);
}

absl::Status Catalog::Impl::SilenceFacts(std::span<const std::uint64_t> entries) {
  for (const std::uint64_t entry : entries) table.Withdraw(entry);
  const auto codes_silenced = codes->Withdraw(entries);
  const std::lock_guard lock(counts_mutex);
  for (const std::uint64_t entry : entries) {
    const EntryFacts facts = table.Get(entry);
    if (facts.hash_set >= set_entries.size()) {
      NoteFacts(entry >> EntryTable::kBlockBits);  // the counts are right from the next start on
      continue;
    }
    --set_entries[facts.hash_set];
    if (facts.series != 0) --series_entries[facts.series];
  }
  return codes_silenced.status();
}

absl::StatusOr<std::uint64_t> Catalog::Withdraw(std::span<const std::uint64_t> entry_ids,
                                                const Signature& signature) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  std::vector<std::uint64_t> active;
  for (const std::uint64_t id : entry_ids) {
    if (id == 0 || id >= impl_->table.Size()) return NoEntry(id);
    if (!impl_->table.Get(id).withdrawn) active.push_back(id);
  }
  std::sort(active.begin(), active.end());
  active.erase(std::unique(active.begin(), active.end()), active.end());
  if (active.empty()) return 0;
  const auto change = impl_->WriteWithdrawal(*write, active, signature);
  if (!change.ok()) return change.status();
  const auto silence = [&] { return impl_->ApplyWithdrawal(active); };
  if (auto status = impl_->CommitAndApply(*write, *change, silence); !status.ok()) return status;
  return active.size();
}

absl::StatusOr<std::uint64_t> Catalog::Impl::WriteWithdrawal(Transaction& write,
                                                             std::span<const std::uint64_t> active,
                                                             const Signature& signature) {
  const auto change =
      AddChange(write, ChangeKind::kWithdrawn,
                absl::StrCat(active.size(), " from entry ", active.front()), signature);
  if (!change.ok()) return change.status();
  Statement insert = write.Prepare("INSERT INTO withdrawal (entry, change) VALUES (?1, ?2)");
  for (const std::uint64_t id : active) {
    if (auto status = insert.Bind(id, *change).Run(); !status.ok()) return status;
  }
  return *change;
}

absl::Status Catalog::Impl::ApplyWithdrawal(std::span<const std::uint64_t> active) {
  ++withdrawals;
  // The table alone already makes them silent: a failure of the index costs memory only.
  auto status = Silence(active);
  return absl::IsResourceExhausted(status) ? absl::OkStatus() : status;
}

void Catalog::Impl::PutIntoSeries(std::uint64_t entry, std::uint64_t series) {
  const std::lock_guard lock(counts_mutex);
  const EntryFacts facts = table.Get(entry);
  table.SetSeries(entry, static_cast<std::uint32_t>(series));
  if (facts.withdrawn) return;
  if (facts.series != 0) --series_entries[facts.series];
  ++series_entries[series];
}

absl::StatusOr<std::uint64_t> Catalog::MoveEntries(std::span<const std::uint64_t> entry_ids,
                                                   std::string_view series,
                                                   const Signature& signature) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto found = impl_->FindSeries(series);
  if (!found.ok()) return found.status();
  const auto target = impl_->directory.CurrentSeries((*found)->series_id());
  if (!target) return absl::DataLossError("a series is gone from memory: restart");
  std::vector<std::uint64_t> moved;
  for (const std::uint64_t id : entry_ids) {
    if (id == 0 || id >= impl_->table.Size()) return NoEntry(id);
    const auto current = impl_->directory.CurrentSeries(impl_->table.Get(id).series);
    if (!current || current->series_id() != target->series_id()) moved.push_back(id);
  }
  std::sort(moved.begin(), moved.end());
  moved.erase(std::unique(moved.begin(), moved.end()), moved.end());
  if (moved.empty()) return 0;
  const auto change = impl_->AddChange(
      *write, ChangeKind::kMoved,
      absl::StrCat(moved.size(), " from entry ", moved.front(), ", to series ", target->code()),
      signature);
  if (!change.ok()) return change.status();
  {
    Statement insert =
        write->Prepare("INSERT INTO entry_moved (change, entry, series) VALUES (?1, ?2, ?3)");
    for (const std::uint64_t id : moved) {
      if (auto status = insert.Bind(*change, id, target->series_id()).Run(); !status.ok()) {
        return status;
      }
    }
  }
  const auto put = [&] {
    for (const std::uint64_t id : moved) impl_->PutIntoSeries(id, target->series_id());
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  return moved.size();
}

}  // namespace kith::catalog
